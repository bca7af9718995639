// See drops.h. Names that the reference has too are its names.
#include "lib/datapath/userspace/drops.h"

#include <algorithm>

namespace turnout::datapath {

namespace drops {
Counter upcall_error{"datapath_drop_upcall_error"};
Counter userspace_action_error{"datapath_drop_userspace_action_error"};
Counter recirc_error{"datapath_drop_recirc_error"};
Counter invalid_port{"datapath_drop_invalid_port"};
Counter bad_offload{"datapath_drop_bad_offload"};
Counter unsupported_action{"datapath_drop_unsupported_action"};
Counter bad_edit{"datapath_drop_bad_edit"};
}  // namespace drops

namespace {
Counter of_pipeline{"drop_action_of_pipeline"}, bridge_not_found{"drop_action_bridge_not_found"},
    recursion{"drop_action_recursion_too_deep"}, resubmit{"drop_action_too_many_resubmit"},
    stack{"drop_action_stack_too_deep"}, no_context{"drop_action_no_recirculation_context"},
    conflict{"drop_action_recirculation_conflict"}, mpls{"drop_action_too_many_mpls_labels"},
    tunnel{"drop_action_invalid_tunnel_metadata"}, packet_type{"drop_action_unsupported_packet_type"},
    congestion{"drop_action_congestion"}, forwarding{"drop_action_forwarding_disabled"};
Counter* const by_reason[] = {&of_pipeline, &bridge_not_found, &recursion, &resubmit,    &stack,      &no_context,
                              &conflict,    &mpls,             &tunnel,    &packet_type, &congestion, &forwarding};
}  // namespace

void count_drop_action(uint32_t reason, size_t packets) {
  by_reason[reason < std::size(by_reason) ? reason : 0]->add(packets);
}

}  // namespace turnout::datapath
