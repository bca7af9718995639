// Flows of a kernel datapath: what is written into ovs_flow messages and read out of them. <linux/openvswitch.h>.
#pragma once

#include <functional>
#include <optional>

#include "lib/base/result.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/kernel/families.h"
#include "lib/datapath/kernel/request_batch.h"

namespace turnout::datapath::kernel {

// A key, and where the kernel said it in an upcall the attributes that it used: they go back to it as they came, with what
// a newer kernel put there that the key has no member for.
struct KeyView {
  KeyView(const flow::FlowKey& k, std::span<const uint8_t> as_said = {}) : key(k), attributes(as_said) {}
  const flow::FlowKey& key;
  std::span<const uint8_t> attributes;      // empty: to be made of the key
};

// What is written of a flow, where it stands.
struct FlowView {
  const Ufid& ufid;
  KeyView key;
  const flow::FlowMask& mask;
  const ActionList& actions;
  bool unnamed = false;
};

// One message each, put at the end of a batch. Code E2BIG: an action list or a packet that no message can hold, and then
// the batch is as before.
// upcall_pid: of userspace actions, see action_codec.h. may_modify: a flow with this UFID gets the new actions.
Status put_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowView& flow, bool may_modify,
                        uint32_t upcall_pid);
// `like` names a flow: by its UFID, or by its key where it is unnamed. The answer holds the flow's last statistics and nothing else that is not asked for.
Status delete_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& like);
// The key finds the flow; actions stay as they are.
Status clear_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& flow);
Status get_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& like);
Status flush_flows_request(RequestBatch& batch, const Family& family, int dp_ifindex);
// Runs actions on a packet. The key gives what does not stand in the packet itself.
Status execute_request(RequestBatch& batch, const Family& family, int dp_ifindex, std::span<const uint8_t> packet,
                       const KeyView& key, const ActionList& actions, uint32_t upcall_pid);

netlink::Message dump_flows_request(const Family& family, int dp_ifindex, FlowParts parts);

FlowStats read_flow_stats(const Answer& answer);
// The name and the statistics of a flow. One without a UFID has its key instead.
Result<FlowEntry> read_flow_statistics(const Answer& answer);
// Whole flows; one without a UFID is unnamed and gets the one that its key and mask make.
Result<FlowEntry> read_flow(const Answer& answer);

}  // namespace turnout::datapath::kernel
