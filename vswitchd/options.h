// The command line of ovs-vswitchd (ovs-vswitchd(8)): read once, before anything runs.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/daemon.h"
#include "lib/netdev/registry.h"

namespace turnout::vswitchd {

struct CommandLine {
  enum class Action { kRun, kHelp, kVersion } action = Action::kRun;
  std::string database;                 // default unix:<rundir>/db.sock
  std::string unixctl;                  // --unixctl; empty: the default
  io::DaemonOptions daemon;
  bool log_to_file = false;
  std::string log_file;
  std::vector<std::string> verbose;     // specs of -v, in order
  netdev::DummyMode dummy = netdev::DummyMode::kOff;
  bool disable_system = false;          // --disable-system-route is accepted: routes are not read yet
  bool mlockall = false;
};

// The error is what the program prints after its name.
Result<CommandLine> parse_command_line(int argc, char** argv);
std::string usage();
std::string version();

}  // namespace turnout::vswitchd
