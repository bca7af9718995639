// backup and restore: a database as a file of its own, and back.
#include <fmt/format.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "ovsdb/client/commands.h"
#include "ovsdb/server/database.h"
#include "ovsdb/server/table.h"

namespace turnout::ovsdb::client {
namespace {

Log log_{"ovsdb_client"};

json::Json select_persistent(const TableSchema& table) {
  json::Json columns = json::Json::array({"_uuid"});
  for (const ColumnSchema& column : table.columns)
    if (column.persistent) columns.append(json::Json(column.name));
  return json::Json::object({{"op", "select"}, {"table", table.name}, {"where", json::Json::array()}, {"columns", columns}});
}

// {UUID: row without _uuid, …}
Result<json::Json> rows_by_uuid(const TableSchema& table, const json::Json& result) {
  const json::Json rows = result.get("rows");
  if (!rows.is_array()) {
    return fail(fmt::format("{} table reply is not an object with a \"rows\" member array: {}", table.name,
                            result.dump(json::Json::kSorted)));
  }
  json::Json by_uuid = json::Json::object();
  for (size_t i = 0; i < rows.size(); ++i) {
    json::Json row = rows[i];
    const std::string id(row.get("_uuid")[1].as_string());
    if (!Uuid::parse(id)) return fail(fmt::format("{} table reply has a row without _uuid: {}", table.name, row.dump()));
    row.erase("_uuid");
    by_uuid.set(id, row);
  }
  return by_uuid;
}

std::string row_name(const Uuid& id) {
  std::string name = "row" + id.to_string();
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

json::Json atom_for_insert(const BaseType& type, AtomView atom) {
  if (type.is_reference()) return json::Json::array({"named-uuid", row_name(atom.uuid())});
  return atom_to_json(atom);
}

// A value with the rows it refers to by the names that this transaction gives them.
json::Json value_for_insert(const ColumnType& type, const Datum& datum) {
  if (!type.key.is_reference() && !type.value.is_reference()) return datum_to_json(datum);
  json::Json elements = json::Json::array();
  for (size_t i = 0; i < datum.size(); ++i) {
    json::Json key = atom_for_insert(type.key, datum.key(i));
    if (type.is_map()) elements.append(json::Json::array({key, atom_for_insert(type.value, datum.value(i))}));
    else elements.append(key);
  }
  return json::Json::array({type.is_map() ? "map" : "set", elements});
}

json::Json insertion(const server::Table& table, const Uuid& id, const server::Row& row) {
  json::Json columns = json::Json::object();
  for (const ColumnSchema& column : table.schema().columns) {
    const Datum& value = row.get(column);
    if (!column.persistent || table.is_default(column, value)) continue;
    columns.set(column.name, value_for_insert(column.type, value));
  }
  return json::Json::object({{"op", "insert"}, {"table", table.name()}, {"uuid-name", row_name(id)}, {"row", columns}});
}

json::Json replacement(const server::Database& snapshot, const std::string& database) {
  json::Json params = json::Json::array({database});
  for (const auto& table : snapshot.tables()) {
    params.append(json::Json::object({{"op", "delete"}, {"table", table->name()}, {"where", json::Json::array()}}));
    for (const auto& [id, slot] : table->rows()) params.append(insertion(*table, id, *slot.row));
  }
  return params;
}

std::string difference(const Schema& snapshot, const Schema& server) {
  if (snapshot.version != server.version)
    return fmt::format("backup schema has version \"{}\" but database schema has version \"{}\"", snapshot.version, server.version);
  return fmt::format("backup schema and database schema are both version {} but still differ", snapshot.version);
}

}  // namespace

Result<int> backup(Context& context) {
  if (::isatty(STDOUT_FILENO)) return fail("not writing backup to a terminal; please redirect stdout to a file");
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  std::vector<json::Json> selections;
  for (const auto& table : (*schema)->tables()) selections.push_back(select_persistent(*table));
  auto results = fetch_rows(context, selections);
  if (!results) return fail(results);
  json::Json record = json::Json::object(
      {{"_date", process_clock().wall_ms()}, {"_comment", "produced by \"ovsdb-client backup\""}});
  for (size_t i = 0; i < selections.size(); ++i) {
    const TableSchema& table = *(*schema)->tables()[i];
    auto rows = rows_by_uuid(table, (*results)[i]);
    if (!rows) return fail(rows);
    if (rows->size() > 0) record.set(table.name, *rows);
  }
  const std::string file = server::framed_record((*schema)->to_json().dump()) + server::framed_record(record.dump());
  if (auto printed = print(file); !printed) return fail(printed);
  return 0;
}

Result<int> restore(Context& context) {
  if (::isatty(STDIN_FILENO)) return fail("not reading backup from a terminal; please redirect stdin from a file");
  auto snapshot = server::Database::open("/dev/stdin", server::Journal::Access::kReadOnly);
  if (!snapshot) return fail(snapshot);
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  if (!((*snapshot)->schema() == **schema)) {
    const std::string differs = difference((*snapshot)->schema(), **schema);
    if (!context.settings.force) {
      return fail(differs + " (use --force to override differences, or \"ovsdb-client convert\" to change the schema)");
    }
    log_.info("{}", differs);
  }
  auto reply = context.server->request("transact", replacement(**snapshot, context.database));
  if (!reply) return fail(reply);
  if (!reply->is_array()) return fail("server returned malformed reply: " + reply->dump(json::Json::kSorted));
  for (size_t i = 0; i < reply->size(); ++i)
    if ((*reply)[i].has("error")) return fail("server returned error reply: " + (*reply)[i].dump(json::Json::kSorted));
  return 0;
}

}  // namespace turnout::ovsdb::client
