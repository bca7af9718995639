// The command line of ovs-vswitchd (ovs-vswitchd(8)): read once, before anything runs.
#pragma once

#include <string>

#include "lib/cli/options.h"
#include "lib/io/daemon.h"
#include "lib/netdev/registry.h"

namespace turnout::vswitchd {

struct CommandLine {
  std::string database;                 // default unix:<rundir>/db.sock
  std::string unixctl;                  // --unixctl; empty: the default
  io::DaemonOptions daemon;
  cli::TlsOptions tls;
  netdev::DummyMode dummy = netdev::DummyMode::kOff;
  bool disable_system = false;          // --disable-system-route is accepted: routes are not read yet
  bool mlockall = false;
};

// Ends the program with a message where the line is wrong, and after --help and --version.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace turnout::vswitchd
