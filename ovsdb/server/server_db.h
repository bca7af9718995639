// The built-in database _Server (ovsdb-server(5)): one row for each database that the server hosts. Main thread only.
#pragma once

#include <memory>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

inline constexpr std::string_view kServerDatabase = "_Server";
std::unique_ptr<Database> make_server_database();

// What its row tells of a database.
struct DatabaseStatus {
  std::string_view model = "standalone";   // or "relay"
  bool connected = true;
  bool leader = true;
  bool has_schema = true;                  // false: a relay that never reached its source
};
// Enters a database, a fresh row with every call; changes its row; takes it out. All tell the monitors.
void announce_database(Database& server_db, const Database& hosted, const DatabaseStatus& status);
void update_database(Database& server_db, const Database& hosted, const DatabaseStatus& status);
void withdraw_database(Database& server_db, std::string_view name);

}  // namespace turnout::ovsdb::server
