// Text of the tunnel headers that the userspace datapath pushes: `tnl_push(tnl_port(4),header(size=50,…),out_port(1))`, both
// ways: the bytes are what is kept, the text names what is in them. Pure. lib/datapath only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/datapath/actions.h"

namespace turnout::datapath {

// Bytes that are none of the known tunnels are written data(HEX).
std::string format_tunnel_push(const TunnelHeader& header);
// body is what stands in the parentheses of tnl_push(…).
std::optional<TunnelHeader> parse_tunnel_push(std::string_view body);

}  // namespace turnout::datapath
