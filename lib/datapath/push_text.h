// Text of the actions that put a header in front of a packet: `push_vlan(…)`, `push_mpls(…)`, `add_mpls(…)`, `push_eth(…)`,
// `push_nsh(…)`, both ways. Pure. lib/datapath only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/datapath/actions.h"

namespace turnout::datapath {

std::string format_push(const PushVlan& a);
std::string format_push(const PushMpls& a);
std::string format_push(const PushEthernet& a);
std::string format_push(const PushNsh& a);

// body is what stands in the parentheses.
std::optional<PushVlan> parse_push_vlan(std::string_view body);
std::optional<PushMpls> parse_push_mpls(std::string_view body, bool at_layer3);
std::optional<PushEthernet> parse_push_ethernet(std::string_view body);
std::optional<PushNsh> parse_push_nsh(std::string_view body);
std::optional<Be16> parse_eth_type(std::string_view body);   // "eth_type=0x800"

}  // namespace turnout::datapath
