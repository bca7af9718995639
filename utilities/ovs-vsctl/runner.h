// Runs the commands of one command line as one transaction, as often as the server asks, and waits for ovs-vswitchd.
#pragma once

#include <string>
#include <vector>

#include "lib/io/loop.h"
#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

struct RunOptions {
  std::string db;                     // an active or passive connection method
  bool retry = false, wait = true, dry_run = false, oneline = false;
  // Of several servers: only the leader of their cluster will do; begin with any of them rather than with the first.
  bool leader_only = true, shuffle_remotes = true;
  std::string args;                   // the command line, for the journal
};

struct Outcome {
  int exit_code = 0;
  // For the log, which shows them on the console: from commands, and about names that were given for nothing.
  std::vector<std::string> warnings, name_warnings;
  std::vector<std::string> setup_errors;  // what ovs-vswitchd could not do, for standard error
};

// exit status when the change is in the database and ovs-vswitchd could not apply it (release 3.7).
inline constexpr int kExitNotApplied = 65;

// Fills the commands' output. An Error with kExitNoBridge and no message ends silently with that status.
Result<Outcome> run_commands(io::Loop& loop, std::vector<Command>& commands, const RunOptions& options);

}  // namespace turnout::vsctl
