// "db:DB,TABLE,COLUMN" of the command line: a column that holds what an option would say otherwise. ovsdb-server(1).
#pragma once

#include <string>

#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

struct DbColumn {
  Database* database;
  Table* table;
  const ColumnSchema* column;
};
// Valid until the databases of the server change. The error is in the reference's words.
Result<DbColumn> find_db_column(const Server& server, const std::string& name);
inline bool names_db_column(std::string_view text) { return text.starts_with("db:"); }

}  // namespace turnout::ovsdb::server
