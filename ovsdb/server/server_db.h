// The built-in database _Server (ovsdb-server(5)): one row for each database that the server hosts. Main thread only.
#pragma once

#include <memory>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

inline constexpr std::string_view kServerDatabase = "_Server";
std::unique_ptr<Database> make_server_database();
// Enters a database, a fresh row with every call, and takes one out. Both tell the monitors.
void announce_database(Database& server_db, const Database& hosted);
void withdraw_database(Database& server_db, std::string_view name);

}  // namespace turnout::ovsdb::server
