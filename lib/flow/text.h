// OpenFlow match syntax, as ovs-ofctl(8) prints and ovs-fields(7) describes it: `tcp,in_port=1,dl_vlan=5,nw_src=10.0.0.0/8`.
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/flow/match.h"

namespace turnout::flow {

inline constexpr int32_t kDefaultPriority = 32768;
using PortNameOf = std::function<std::optional<std::string>(OfPort)>;
using PortNumberOf = std::function<std::optional<OfPort>(std::string_view)>;

// `priority=N,` comes first where it is not the default. Empty for a default match of default priority. in_port is an
// OfPort; port_name (may be empty) gives names.
std::string format_match(const Match& match, int32_t priority = kDefaultPriority, const PortNameOf& port_name = {});
// A whole packet's key, with every field that it has, as ofproto/trace shows it.
std::string format_key(const FlowKey& key, const PortNameOf& port_name = {});

// One word of a flow: `field=value[/mask]` or a protocol such as `tcp`. False if it is no match field at all (`actions=`,
// `priority=`, …); an error if it is one but malformed.
Result<bool> parse_match_word(std::string_view word, Match& match, const PortNumberOf& port_number = {});
// A comma- or space-separated list of such words and nothing else.
Result<Match> parse_match(std::string_view text, const PortNumberOf& port_number = {});

std::string of_port_to_string(OfPort port, const PortNameOf& port_name = {});   // "1", "LOCAL", "CONTROLLER", …
std::optional<OfPort> parse_of_port(std::string_view text, const PortNumberOf& port_number = {});

}  // namespace turnout::flow
