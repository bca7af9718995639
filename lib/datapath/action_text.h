// Text of datapath actions, as ovs-dpctl(8) writes them: `push_vlan(vid=5,pcp=0),3,pop_vlan,2`; none is `drop`. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/actions.h"

namespace turnout::datapath {

// port_name gives --names output: the name of a port, nullopt for its number. May be empty.
std::string format_actions(const ActionList& actions,
                           const std::function<std::optional<std::string>(DpPort)>& port_name = {});
Result<ActionList> parse_actions(std::string_view text,
                                 const std::function<std::optional<DpPort>(std::string_view)>& port_number = {});

// Why a flow's packets go to userspace one by one: a set of reasons, carried as the userdata of a Userspace action, which
// prints as slow_path(cfm,action).
enum SlowPathReason : uint32_t {
  kSlowCfm = 1, kSlowBfd = 2, kSlowLacp = 4, kSlowStp = 8, kSlowLldp = 16, kSlowAction = 32, kSlowMatch = 64
};
std::vector<uint8_t> slow_path_userdata(uint32_t reasons);
std::optional<uint32_t> slow_path_reasons(std::span<const uint8_t> userdata);   // nullopt: some other userdata

}  // namespace turnout::datapath
