// From what is configured to what is wanted, as steps in an order in which each can be done: first what goes, then
// bridges, ports and interfaces that come or change. Pure: no sockets, no clock, no database.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vswitchd/bridge/desired.h"

namespace turnout::bridge {

struct Step {
  enum class Kind {
    kRemoveInterface,   // from bridge and port
    kRemovePort,        // has no interfaces any more
    kRemoveBridge,      // has no ports any more
    kAddBridge,
    kChangeBridge,      // settings
    kAddPort,
    kChangePort,        // VLANs and the like
    kAddInterface,
    kChangeInterface,   // what can be changed in place: MAC, MTU, options
  } kind;
  std::string bridge, port, interface;
  friend bool operator==(const Step&, const Step&) = default;
};
std::string to_string(const Step& step);   // "add-port br0 p1"

// The OpenFlow port that an interface has now; nullopt: none.
using CurrentNumbers = std::function<std::optional<uint16_t>(std::string_view bridge, std::string_view interface)>;

// A bridge that changes its datapath, and an interface whose type or number changes, goes and comes anew. Where an
// interface asks for a number that another one holds without having asked for it, the other one moves.
std::vector<Step> diff(const Desired& current, const Desired& desired, const CurrentNumbers& numbers);

}  // namespace turnout::bridge
