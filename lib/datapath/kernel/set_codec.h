// Set actions as the kernel's OVS_ACTION_ATTR_SET and SET_MASKED, both ways. <linux/openvswitch.h>. Pure. Inside
// lib/datapath/kernel.
#pragma once

#include "lib/base/result.h"
#include "lib/datapath/actions.h"
#include "lib/datapath/kernel/attributes.h"

namespace turnout::datapath::kernel {

// The kernel's attribute for it; 0 where it has none.
uint16_t kernel_attribute(KeyAttribute attribute);

// Unmasked where all bits that the attribute has are set.
void encode_set(const Set& set, AttributeWriter& out);
// Of either sort: `masked` is the action's.
Result<Action> decode_set(std::span<const uint8_t> payload, bool masked);

}  // namespace turnout::datapath::kernel
