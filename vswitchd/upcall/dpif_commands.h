// dpif/show, dpif/dump-flows, dpif/dump-dps (ovs-vswitchd(8)): datapaths as bridges see them. Main thread.
#pragma once

#include "lib/unixctl/unixctl.h"
#include "vswitchd/upcall/commands.h"

namespace turnout::upcall {

void add_dpif_commands(unixctl::Server& server, Directory directory);

}  // namespace turnout::upcall
