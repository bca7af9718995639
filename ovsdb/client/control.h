// The control socket of a command that stays in the background (ovs-appctl(8)): exit and the log commands; the command adds
// its own.
#pragma once

#include <memory>

#include "lib/unixctl/unixctl.h"
#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {

// Null where the command was not started with --detach.
Result<std::unique_ptr<unixctl::Server>> open_control(Context& context);

}  // namespace turnout::ovsdb::client
