// File names out of databases.
#include "ovsdb/server/tls_files.h"

#include <fmt/format.h>

#include "ovsdb/server/db_column.h"

namespace turnout::ovsdb::server {
namespace {

constexpr std::string io::TlsSettings::*kFiles[] = {&io::TlsSettings::private_key, &io::TlsSettings::certificate,
                                                    &io::TlsSettings::ca_cert, &io::TlsSettings::peer_ca_cert};

Result<DbColumn> find_strings(const Server& server, const std::string& name) {
  auto found = find_db_column(server, name);
  if (!found) return found;
  const ColumnType& type = found->column->type;
  if (type.key.type == AtomType::kString && !type.is_map()) return found;
  return fail(fmt::format("\"{}\": table \"{}\" column \"{}\" is not string or set of strings", name, found->table->name(),
                          found->column->name));
}

// The first string of the column that is not empty, or none.
std::string first_string(const Server& server, const std::string& name) {
  const auto found = find_strings(server, name);
  if (!found) return {};
  for (const auto& [id, slot] : found->table->rows()) {
    const Datum& datum = slot.row->get(*found->column);
    for (size_t i = 0; i < datum.size(); ++i)
      if (!datum.string_at(i).empty()) return std::string(datum.string_at(i));
  }
  return {};
}

}  // namespace

void use_tls(Server& server, const io::TlsSettings& options) {
  bool from_database = false;
  for (const auto file : kFiles) from_database |= names_db_column(options.*file);
  if (!from_database) return server.loop().tls().configure(options);
  server.loop().tls().follow([&server, options] {
    io::TlsSettings now = options;
    for (const auto file : kFiles)
      if (names_db_column(options.*file)) now.*file = first_string(server, options.*file);
    return now;
  });
}

Status check_tls_columns(const Server& server, const io::TlsSettings& options) {
  for (const auto file : kFiles) {
    if (!names_db_column(options.*file)) continue;
    if (auto found = find_strings(server, options.*file); !found) return fail(found);
  }
  return {};
}

}  // namespace turnout::ovsdb::server
