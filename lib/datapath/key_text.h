// Text of datapath flow keys, as ovs-dpctl(8) writes flows: `in_port(1),eth(src=…,dst=…),eth_type(0x0800),ipv4(…)`.
// Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/datapath/datapath.h"
#include "lib/flow/key.h"
#include "lib/flow/match.h"

namespace turnout::datapath {

struct KeyTextOptions {
  bool verbose = false;                                     // -m: wildcarded attributes too
  // --names: the name of a port, nullopt for the number.
  std::function<std::optional<std::string>(DpPort)> port_name;
  bool kernel_order = false;                                // metadata in the order of a kernel's messages, which name no packet_type
};

// Values are printed as they stand in the key, also where the mask has zeros. A full mask prints no "/mask".
std::string format_flow(const flow::FlowKey& key, const flow::FlowMask& mask, const KeyTextOptions& options = {});
// An exact key (a packet's): no masks at all.
std::string format_key(const flow::FlowKey& key, const KeyTextOptions& options = {});
std::string format_ufid(const Ufid& ufid);                  // ufid:8-4-4-4-12
std::optional<Ufid> parse_ufid(std::string_view text);      // the same form

// The reverse: attributes with optional masks, in any order, separated by commas or white space. Attributes that are
// left out are wildcarded in the mask. A leading ufid:… is skipped. port_number resolves in_port(name) (may be empty).
Result<flow::Match> parse_flow(std::string_view text,
                               const std::function<std::optional<DpPort>(std::string_view)>& port_number = {});
// True when the text looks like a datapath flow rather than an OpenFlow match (it has parentheses).
bool looks_like_flow(std::string_view text);

}  // namespace turnout::datapath
