// Tunnel metadata as the kernel's OVS_TUNNEL_KEY_ATTR_*, both ways. <linux/openvswitch.h>, <linux/erspan.h>. Pure. Inside
// lib/datapath/kernel.
#pragma once

#include <span>

#include "lib/base/result.h"
#include "lib/datapath/kernel/attributes.h"
#include "lib/flow/key.h"

namespace turnout::datapath::kernel {

// All three append an OVS_KEY_ATTR_TUNNEL. A mask has the shape of its key, without what is not compared; what an action
// sets is without what is zero, but for the time to live, which the kernel insists on.
void encode_tunnel_key(const flow::TunnelKey& key, AttributeWriter& out);
void encode_tunnel_mask(const flow::TunnelKey& key, const flow::TunnelKey& mask, AttributeWriter& out);
void encode_set_tunnel(const flow::TunnelKey& key, AttributeWriter& out);
// The payload of one, of either sort.
enum class TunnelSort { kKey, kMask };
Status decode_tunnel(std::span<const uint8_t> payload, TunnelSort sort, flow::TunnelKey& tunnel);

}  // namespace turnout::datapath::kernel
