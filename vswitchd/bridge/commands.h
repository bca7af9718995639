// Registers every control command that needs the running switches: those of the folders below, on what this folder
// owns. Main thread.
#pragma once

#include <functional>

#include "lib/datapath/registry.h"
#include "lib/unixctl/unixctl.h"
#include "vswitchd/bridge/backers.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

struct CommandContext {
  Running& running;
  Backers& backers;
  datapath::DatapathRegistry& registry;
  netdev::Environment& devices;
  std::function<uint64_t()> database_cells;
};
// Everything in the context outlives the server's last command.
void add_commands(unixctl::Server& server, io::Loop& loop, CommandContext context);

}  // namespace turnout::bridge
