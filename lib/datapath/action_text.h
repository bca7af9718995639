// Text of datapath actions, as ovs-dpctl(8) writes them: `push_vlan(vid=5,pcp=0),3,pop_vlan,2`; none is `drop`. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/datapath/actions.h"

namespace turnout::datapath {

// What cannot be read is refused; what a datapath cannot do is its own to refuse. port_name gives --names output: the name of a port, nullopt for its number. May be empty.
std::string format_actions(const ActionList& actions,
                           const std::function<std::optional<std::string>(DpPort)>& port_name = {});
Result<ActionList> parse_actions(std::string_view text,
                                 const std::function<std::optional<DpPort>(std::string_view)>& port_number = {});

}  // namespace turnout::datapath
