// The conntrack action as the kernel's OVS_ACTION_ATTR_CT, both ways. <linux/openvswitch.h>. Pure. Inside
// lib/datapath/kernel.
#pragma once

#include <span>

#include "lib/base/result.h"
#include "lib/datapath/actions.h"
#include "lib/datapath/kernel/attributes.h"

namespace turnout::datapath::kernel {

void encode_conntrack(const ConntrackSpec& spec, AttributeWriter& out);
Result<ConntrackSpec> decode_conntrack(std::span<const uint8_t> payload);

}  // namespace turnout::datapath::kernel
