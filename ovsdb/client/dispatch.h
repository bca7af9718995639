// From the words of the command line to a command with a connection.
#pragma once

#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {

// By name. Null: no such command.
const Command* find_command(std::string_view name);
// Takes server and database off context.words, connects as the command needs it, checks the number of the other words, and
// runs the command.
Result<int> run_command(Context& context, const Command& command);

}  // namespace turnout::ovsdb::client
