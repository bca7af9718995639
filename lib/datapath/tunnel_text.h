// Text of tunnel metadata: what stands in `tunnel(…)` of a key and in `set(tunnel(…))`. Pure. lib/datapath only.
#pragma once

#include <string>
#include <string_view>

#include "lib/flow/match.h"

namespace turnout::datapath {

// A key has tunnel metadata at all.
bool is_tunnelled(const flow::TunnelKey& tunnel);
// The tunnel members of key and mask, without the parentheses. verbose: also what is not compared.
void append_tunnel(std::string& out, const flow::FlowKey& key, const flow::FlowMask& mask, bool verbose);
bool parse_tunnel(flow::Match& match, std::string_view body);
// Takes out of the mask what belongs to sorts of tunnels that the key is none of.
void leave_out_absent_options(const flow::TunnelKey& key, flow::TunnelKey& mask);

// "{class=…,type=…,len=…,DATA}…", all of it exact. False: malformed, or masks.
void append_geneve_options(std::string& out, const flow::TunnelKey& tunnel);
bool parse_geneve_options(flow::TunnelKey& tunnel, std::string_view body);

// What an action sets: everything is exact, and flags() and ttl are there whatever their value.
void append_set_tunnel(std::string& out, const flow::TunnelKey& tunnel);
// False also where an item has a mask: there is nothing to keep the other bits of.
bool parse_set_tunnel(flow::TunnelKey& tunnel, std::string_view body);

}  // namespace turnout::datapath
