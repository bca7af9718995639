// dpif/show-dp-features and dpif/set-dp-features: what the datapath of a bridge can do. Main thread.
#pragma once

#include "lib/unixctl/unixctl.h"
#include "vswitchd/upcall/commands.h"

namespace turnout::upcall {

void add_feature_commands(unixctl::Server& server, Directory directory);

}  // namespace turnout::upcall
