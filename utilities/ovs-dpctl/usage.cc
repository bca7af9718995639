// See usage.h.
#include "utilities/ovs-dpctl/usage.h"

#include "lib/cli/options.h"

namespace turnout::dpctl {

std::string usage() {
  std::string text = R"(ovs-dpctl: Open vSwitch datapath management utility
usage: ovs-dpctl [OPTIONS] COMMAND [ARG...]
  add-dp DP [IFACE...]       add new datapath DP (with IFACEs)
  del-dp DP                  delete local datapath DP
  add-if DP IFACE...         add each IFACE as a port on DP
  set-if DP IFACE...         reconfigure each IFACE within DP
  del-if DP IFACE...         delete each IFACE from DP
  dump-dps                   display names of all datapaths
  show                       show basic info on all datapaths
  show DP...                 show basic info on each DP
  dump-flows [DP]            display flows in DP
  add-flow [DP] FLOW ACTIONS add FLOW with ACTIONS to DP
  add-flows [DP] FILE        add flows from FILE
  mod-flow [DP] FLOW ACTIONS change FLOW actions to ACTIONS in DP
  mod-flows [DP] FILE        change flows from FILE
  get-flow [DP] ufid:UFID    fetch flow corresponding to UFID
  del-flow [DP] FLOW         delete FLOW from DP
  del-flows [DP] [FILE]      delete all or specified flows from DP
  cache-get-size [DP]        show the current size for all caches
  cache-set-size DP CACHE SIZE  set cache size for a specific cache
  dump-conntrack [DP] [zone=ZONE]  display tracked connections
  dump-conntrack-exp [DP] [zone=ZONE]  display expected connections
  flush-conntrack [DP] [zone=ZONE] [mark=X[/M]] [labels=Y[/N]]
                  [ORIG [REPLY]]  forget tracked connections
  ct-stats-show [DP] [zone=ZONE]  count connections by protocol
  ct-bkts [DP] [gt=N]        count connections by bucket
  ct-set-limits [DP] [default=L] [zone=ZONE,limit=L]...
                             limit connections of zones
  ct-del-limits [DP] [default] [zone=ZONE[,ZONE]...]  remove limits
  ct-get-limits [DP] [zone=ZONE[,ZONE]...]  display limits
  ct-{set,get}-maxconns, ct-get-nconns, ct-{set,get}-sweep-interval,
  ct-{enable,disable,get}-tcp-seq-chk, ipf-set-{enabled,disabled},
  ipf-set-{min-frag,max-nfrags}, ipf-get-status
                             for trackers inside ovs-vswitchd only
  parse-actions ACTIONS...   read ACTIONS and print them
  normalize-actions FLOW ACTIONS  print what ACTIONS come to for FLOW
  list-commands              list all commands with their arguments
Each IFACE on add-dp, add-if, and set-if may be followed by
comma-separated options.  See ovs-dpctl(8) for syntax, or the
Interface table in ovs-vswitchd.conf.db(5) for an options list.
For COMMAND dump-flows, add-flow, add-flows, mod-flow,
mod-flows, del-flow and del-flows, DP is optional if there is
only one datapath.

Options for show and mod-flow:
  -s,  --statistics           print statistics for port or flow

Options for dump-conntrack and ct-stats-show:
  -s,  --statistics           print timeouts, times and counters
  -m,  --more                 print details

Options for dump-flows:
  -m, --more                  increase verbosity of output
  --names                     use port names in output

Options for mod-flow:
  --may-create                create flow if it doesn't exist
  --read-only                 do not run read/write commands
  --clear                     reset existing stats to zero

Option for every command:
  -t, --timeout=SECS          give up after SECS seconds
)";
  text += cli::logging_help();
  return text;
}

}  // namespace turnout::dpctl
