// ofproto/list, ofproto/list-tunnels and bridge/dump-flows (ovs-vswitchd(8)). Main thread.
#pragma once

#include <functional>
#include <vector>

#include "lib/unixctl/unixctl.h"
#include "vswitchd/ofproto/switch.h"

namespace turnout::ofproto {

using Switches = std::function<std::vector<Switch*>()>;
void add_switch_commands(unixctl::Server& server, const Clock& clock, Switches switches);

}  // namespace turnout::ofproto
