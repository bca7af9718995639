// The runtime management commands of ovsdb-server (ovs-appctl(8), ovsdb-server(1)). Main thread only.
#pragma once

#include "lib/unixctl/unixctl.h"
#include "ovsdb/server/active_backup.h"
#include "ovsdb/server/configuration.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/server.h"
#include "ovsdb/server/transaction_log.h"

namespace turnout::ovsdb::server {

// What the commands work on. All of it outlives the control socket.
struct Controlled {
  Server& server;
  Remotes& remotes;
  ActiveBackup& active_backup;
  TransactionLog& transaction_log;
  Configuration* configuration = nullptr;   // null: no --config-file
};

void add_control_commands(unixctl::Server& unixctl, const Controlled& controlled);
// With --config-file the file rules: what a command changed, the next reload would take back. Answers and returns true.
bool refused_by_file(const Controlled& controlled, const unixctl::Reply& reply);
// Of those: roles in an active-backup pair, relays, clusters.
void add_role_commands(unixctl::Server& unixctl, const Controlled& controlled);

}  // namespace turnout::ovsdb::server
