// Taking the name of a column apart and finding it.
#include "ovsdb/server/db_column.h"

#include <fmt/format.h>

#include "lib/base/strings.h"

namespace turnout::ovsdb::server {

Result<DbColumn> find_db_column(const Server& server, const std::string& name) {
  const auto parts = split(std::string_view(name).substr(3), ',');
  if (parts.size() != 3) return fail(fmt::format("\"{}\": invalid syntax", name));
  DbColumn found{};
  found.database = server.find_database(parts[0]);
  if (!found.database) return fail(fmt::format("\"{}\": no database named {}", name, parts[0]));
  found.table = found.database->find_table(parts[1]);
  if (!found.table) return fail(fmt::format("\"{}\": no table named {}", name, parts[1]));
  found.column = found.table->schema().find(parts[2]);
  if (!found.column) return fail(fmt::format("\"{}\": table \"{}\" has no column \"{}\"", name, parts[1], parts[2]));
  return found;
}

}  // namespace turnout::ovsdb::server
