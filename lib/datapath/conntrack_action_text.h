// Text of the conntrack action: `ct(commit,zone=5,nat(src=10.0.0.1))`, both ways. Pure. lib/datapath only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/datapath/actions.h"

namespace turnout::datapath {

std::string format_conntrack(const ConntrackSpec& spec);
// What stands in the parentheses.
std::optional<ConntrackSpec> parse_conntrack(std::string_view body);

}  // namespace turnout::datapath
