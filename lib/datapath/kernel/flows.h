// Flows of a kernel datapath: what is written into ovs_flow messages and read out of them. <linux/openvswitch.h>.
#pragma once

#include <functional>
#include <optional>

#include "lib/base/result.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

// upcall_pid: of userspace actions, see action_codec.h. may_modify: a flow with this UFID gets the new actions.
netlink::Message put_flow_request(const Family& family, int dp_ifindex, const FlowEntry& flow, bool may_modify,
                                  uint32_t upcall_pid);
// `like` names a flow: by its UFID, or by its key where it is unnamed. The answer holds the flow's last statistics and nothing else that is not asked for.
netlink::Message delete_flow_request(const Family& family, int dp_ifindex, const FlowEntry& like);
// The key finds the flow; actions stay as they are.
netlink::Message clear_flow_request(const Family& family, int dp_ifindex, const FlowEntry& flow);
netlink::Message get_flow_request(const Family& family, int dp_ifindex, const FlowEntry& like);
netlink::Message dump_flows_request(const Family& family, int dp_ifindex);
netlink::Message flush_flows_request(const Family& family, int dp_ifindex);

// Runs actions on a packet. The key gives what does not stand in the packet itself.
netlink::Message execute_request(const Family& family, int dp_ifindex, std::span<const uint8_t> packet,
                                 const flow::FlowKey& key, const ActionList& actions, uint32_t upcall_pid);

FlowStats read_flow_stats(const Answer& answer);
// Whole flows; one without a UFID is unnamed and gets the one that its key and mask make.
Result<FlowEntry> read_flow(const Answer& answer);

}  // namespace turnout::datapath::kernel
