// The runtime management commands of ovsdb-server (ovs-appctl(8), ovsdb-server(1)). Main thread only.
#pragma once

#include "lib/unixctl/unixctl.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

void add_control_commands(unixctl::Server& unixctl, Server& server, Remotes& remotes);

}  // namespace turnout::ovsdb::server
