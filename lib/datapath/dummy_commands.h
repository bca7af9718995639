// The netdev-dummy/* control commands: lib/netdev does the work, this folder knows the flow syntax and the server.
#pragma once

#include "lib/netdev/dummy.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::datapath {

// Registers receive, set-admin-state, conn-state, ip4addr and ip6addr. The registry outlives the server. Main thread.
void add_dummy_commands(unixctl::Server& server, netdev::DummyRegistry& dummies);

}  // namespace turnout::datapath
