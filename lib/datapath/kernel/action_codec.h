// Action lists as the kernel's OVS_ACTION_ATTR_* attributes, both ways. <linux/openvswitch.h>. Pure.
#pragma once

#include <span>

#include "lib/base/result.h"
#include "lib/datapath/actions.h"
#include "lib/datapath/kernel/attributes.h"

namespace turnout::datapath::kernel {

// Fails, with EOPNOTSUPP, on an action at any depth that the kernel's interface has no form for: what belongs to userspace
// datapaths alone. To be asked before encode_actions(), which passes over them.
Status check_actions(const ActionList& actions);
// pid: of userspace actions that name none (0 where the datapath chooses the socket by CPU).
void encode_actions(const ActionList& actions, uint32_t pid, AttributeWriter& out);
// Fails on malformed attributes and on kinds that ActionList has no member for.
Result<ActionList> decode_actions(std::span<const uint8_t> bytes);

}  // namespace turnout::datapath::kernel
