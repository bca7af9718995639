// OpenFlow actions as plain values, independent of the protocol version. ovs-actions(7). A new kind is one more member
// of the variant, one line in action_text.cc, and one file in vswitchd/translate.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/strong_id.h"

namespace turnout::ofproto {

// To a port by number, or to one of the reserved ports: kOfPortInPort, kOfPortNormal, kOfPortFlood, kOfPortAll,
// kOfPortLocal, kOfPortController (then max_length bytes of the packet), kOfPortNone (nothing).
struct OutputAction {
  OfPort port;
  uint16_t max_length = 0;
  friend bool operator==(const OutputAction&, const OutputAction&) = default;
};

// The switch's own packet-in for table misses that reach a controller; its text is "controller(reason=)".
struct MissToController {
  friend bool operator==(const MissToController&, const MissToController&) = default;
};

using Action = std::variant<OutputAction, MissToController>;
using ActionList = std::vector<Action>;                 // empty: drop

std::string actions_text(const ActionList& actions);    // "NORMAL", "drop", "output:1,LOCAL"

}  // namespace turnout::ofproto
