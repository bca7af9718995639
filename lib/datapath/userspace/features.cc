// See features.h. Actions are asked of the executor, so that a new kind there is a new feature here.
#include "lib/datapath/userspace/features.h"

#include "lib/datapath/userspace/execute.h"
#include "lib/flow/key.h"

namespace turnout::datapath {
namespace {

constexpr unsigned kShownNesting = 10;           // where nothing but the stack of a thread is the limit

Features find_out() {
  Features f;
  f.ufid = true;
  f.masked_set_action = can_execute({Set{}});
  f.tnl_push_pop = can_execute({TunnelPush{}, TunnelPop{}});
  f.trunc = can_execute({Truncate{64}});
  f.clone = can_execute({Clone{}});
  f.sample_nesting = can_execute({Sample{UINT32_MAX, {Sample{UINT32_MAX, {}}}}}) ? kShownNesting : 0;
  f.ct_clear = can_execute({ConntrackClear{}});
  f.check_pkt_len = can_execute({CheckPacketLength{64, {}}});
  f.max_hash_alg = can_execute({Hash{kHashSymmetricL4}}) ? kHashSymmetricL4 : kHashL4;
  f.explicit_drop_action = can_execute({Drop{}});
  f.lb_output_action = can_execute({BondOutput{}});
  f.add_mpls = can_execute({PushMpls{}});
  f.psample = can_execute({Psample{}});
  f.dec_ttl = can_execute({DecrementTtl{}});
  f.recirc = can_execute({Recirculate{1}});
  f.max_vlan_headers = flow::kVlanTags;
  f.max_mpls_depth = flow::kMplsLabels;
  f.nd_ext = true;
  return f;
}

}  // namespace

const Features& userspace_features() {
  static const Features kFeatures = find_out();
  return kFeatures;
}

}  // namespace turnout::datapath
