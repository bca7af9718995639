// Flow keys and masks as the kernel's OVS_KEY_ATTR_* attributes, both ways. <linux/openvswitch.h>. Pure.
//
// A mask is written in the shape of its key: the key's protocols decide which attributes there are. What the kernel
// compares whether it is asked to or not (the Ethernet type, the presence of a VLAN tag it was told of) is full in a
// decoded mask, so that decoding what was encoded never compares less than what was meant.
#pragma once

#include <span>

#include "lib/base/result.h"
#include "lib/datapath/kernel/attributes.h"
#include "lib/flow/key.h"

namespace turnout::datapath::kernel {

// Fails, with EOPNOTSUPP, where something is compared that the kernel's interface has no attribute for: the flow would
// match more than it says. To be asked before a flow is put.
Status check_match(const flow::FlowKey& key, const flow::FlowMask& mask);
void encode_key(const flow::FlowKey& key, AttributeWriter& out);
void encode_mask(const flow::FlowKey& key, const flow::FlowMask& mask, AttributeWriter& out);

// Errors: truncated or malformed attributes. Attributes that are not known are passed over, as those of a newer kernel.
Result<flow::FlowKey> decode_key(std::span<const uint8_t> bytes);
// The mask of a flow with this key. An empty span where the kernel sent no mask: everything is compared.
Result<flow::FlowMask> decode_mask(const flow::FlowKey& key, std::span<const uint8_t> bytes);

}  // namespace turnout::datapath::kernel
