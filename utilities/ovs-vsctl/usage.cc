// The help text.
#include "utilities/ovs-vsctl/usage.h"

#include <fmt/format.h>

#include "lib/cli/options.h"
#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {

constexpr const char* kUsage = R"(ovs-vsctl: ovs-vswitchd management utility
usage: ovs-vsctl [OPTIONS] COMMAND [ARG...] [-- [OPTIONS] COMMAND [ARG...]]...

Open vSwitch commands:
  init                        initialize database, if not yet initialized
  show [--filter=TABLE TEXT]  print overview of database contents
  emer-reset                  reset configuration to clean state

Bridge commands:
  add-br BRIDGE               create a new bridge named BRIDGE
  add-br BRIDGE PARENT VLAN   create new fake BRIDGE in PARENT on VLAN
  del-br BRIDGE               delete BRIDGE and all of its ports
  list-br                     print the names of all the bridges
  br-exists BRIDGE            exit 2 if BRIDGE does not exist
  br-to-vlan BRIDGE           print the VLAN which BRIDGE is on
  br-to-parent BRIDGE         print the parent of BRIDGE
  br-set-external-id BRIDGE KEY VALUE  set KEY on BRIDGE to VALUE
  br-set-external-id BRIDGE KEY  unset KEY on BRIDGE
  br-get-external-id BRIDGE KEY  print value of KEY on BRIDGE
  br-get-external-id BRIDGE  list key-value pairs on BRIDGE

Port commands (a bond is considered to be a single port):
  list-ports BRIDGE           print the names of all the ports on BRIDGE
  add-port BRIDGE PORT        add network device PORT to BRIDGE
  add-bond BRIDGE PORT IFACE...  add bonded port PORT in BRIDGE from IFACES
  add-bond-iface BOND IFACE   add IFACE to BOND
  del-bond-iface [BOND] IFACE  remove IFACE from its BOND
  del-port [BRIDGE] PORT      delete PORT (which may be bonded) from BRIDGE
  port-to-br PORT             print name of bridge that contains PORT

Interface commands (a bond consists of multiple interfaces):
  list-ifaces BRIDGE          print the names of all interfaces on BRIDGE
  iface-to-br IFACE           print name of bridge that contains IFACE

Controller commands:
  get-controller BRIDGE       print the controllers for BRIDGE
  del-controller BRIDGE       delete the controllers for BRIDGE
  [--inactivity-probe=MSECS]
  set-controller BRIDGE TARGET...  set the controllers for BRIDGE
  get-fail-mode BRIDGE        print the fail-mode for BRIDGE
  del-fail-mode BRIDGE        delete the fail-mode for BRIDGE
  set-fail-mode BRIDGE MODE   set the fail-mode for BRIDGE to MODE

Manager commands:
  get-manager                 print the managers
  del-manager                 delete the managers
  [--inactivity-probe=MSECS]
  set-manager TARGET...       set the list of managers to TARGET...

SSL commands:
  get-ssl                     print the SSL configuration
  del-ssl                     delete the SSL configuration
  set-ssl PRIV-KEY CERT CA-CERT  set the SSL configuration

Auto Attach commands:
  add-aa-mapping BRIDGE I-SID VLAN  add Auto Attach mapping to BRIDGE
  del-aa-mapping BRIDGE I-SID VLAN  delete Auto Attach mapping from BRIDGE
  get-aa-mapping BRIDGE       get Auto Attach mappings from BRIDGE

Conntrack zone commands:
  add-zone-tp DATAPATH zone=ID TIMEOUT=SECS...  set the timeouts of a zone
  del-zone-tp DATAPATH zone=ID  delete the timeouts of a zone
  list-zone-tp DATAPATH       print the timeouts of all zones
  set-zone-limit DATAPATH zone=ID|default LIMIT  limit the connections of a zone
  del-zone-limit DATAPATH zone=ID|default  delete the limit of a zone
  list-zone-limits DATAPATH   print the limits of all zones

Datapath commands:
  list-dp-cap DATAPATH        print the capabilities of DATAPATH

Database commands:
  list TBL [REC]              list RECord (or all records) in TBL
  find TBL CONDITION...       list records satisfying CONDITION in TBL
  get TBL REC COL[:KEY]       print values of COLumns in RECord in TBL
  set TBL REC COL[:KEY]=VALUE set COLumn values in RECord in TBL
  add TBL REC COL [KEY=]VALUE add (KEY=)VALUE to COLumn in RECord in TBL
  remove TBL REC COL [KEY=]VALUE  remove (KEY=)VALUE from COLumn
  clear TBL REC COL           clear values from COLumn in RECord in TBL
  create TBL COL[:KEY]=VALUE  create and initialize new record
  destroy TBL REC             delete RECord from TBL
  wait-until TBL REC [COL[:KEY]=VALUE]  wait until condition is true
  comment TEXT...             add TEXT to the database's journal
{}
Options:
  --db=DATABASE               connect to DATABASE
                              (default: unix:{}/db.sock)
  --[no-]leader-only          of a cluster, connect to its leader only (default)
  --[no-]shuffle-remotes      try several servers in any order (default)
  --no-wait                   do not wait for ovs-vswitchd to reconfigure
  --retry                     keep trying to connect to server forever
  -t, --timeout=SECS          wait at most SECS seconds for ovs-vswitchd
  --dry-run                   do not commit changes to database
  --oneline                   print exactly one line of output per command
  --no-syslog                 equivalent to --verbose=vsctl:syslog:warn
  --commands                  list the commands, for completion by a shell
  --options                   list the options, likewise

Output formatting options:
  -f, --format=FORMAT         set output formatting to FORMAT
                              ("table", "list", "html", "csv", or "json")
  -d, --data=FORMAT           set table cell output formatting to
                              FORMAT ("string", "bare", or "json")
  --no-headings               omit table heading row
  --pretty                    pretty-print JSON in output
  --bare                      equivalent to "--format=list --data=bare --no-headings"
)";

std::string usage_text() {
  return fmt::format(fmt::runtime(kUsage), record_names_text(), io::run_dir()) + std::string(cli::tls_help()) + std::string(cli::logging_help());
}

}  // namespace turnout::vsctl
