// Pieces that several operations read: table, row, columns.
#include <algorithm>

#include "ovsdb/server/database.h"
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

Table* table_member(Execution& execution, ObjectParser& parser) {
  auto name = parser.required("table", kJsonId);
  if (!name) return nullptr;
  Table* table = execution.txn.database().find_table(name->as_string());
  if (!table) parser.complain("No table named " + std::string(name->as_string()) + ".");
  return table;
}

DbResult<RowValues> parse_row(const Table& table, const json::Json& json, SymbolTable* symbols) {
  if (!json.is_object()) return syntax_fail(json, "row must be JSON object");
  RowValues row;
  row.values.reserve(json.size());
  DbStatus status;
  json.each_member([&](std::string_view name, const json::Json& value) {
    if (!status) return;
    const ColumnSchema* column = table.schema().find(name);
    if (!column) {
      status = syntax_fail(json, "No column " + std::string(name) + " in table " + table.name() + ".", "unknown column");
      return;
    }
    auto datum = datum_from_json(column->type, value, symbols);
    if (datum) row.values.emplace_back(column, std::move(*datum));
    else status = db_fail(datum);
  });
  if (!status) return db_fail(status);
  return row;
}

DbResult<std::vector<const ColumnSchema*>> parse_columns(const Table& table, const std::optional<json::Json>& json) {
  std::vector<const ColumnSchema*> columns;
  if (!json) {
    columns = {&uuid_column(), &version_column()};
    for (const ColumnSchema& column : table.schema().columns) columns.push_back(&column);
    return columns;
  }
  if (!json->is_array()) return syntax_fail(*json, "array of distinct column names expected");
  for (size_t i = 0; i < json->size(); ++i) {
    const json::Json item = (*json)[i];
    if (!item.is_string()) return syntax_fail(*json, "array of distinct column names expected");
    const ColumnSchema* column = table.schema().find(item.as_string());
    if (!column) return syntax_fail(*json, std::string(item.as_string()) + " is not a valid column name");
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
      return syntax_fail(*json, "array of distinct column names expected");
    columns.push_back(column);
  }
  return columns;
}

std::vector<RowPtr> matching_rows(const Execution& execution, const Table& table, const Condition& condition) {
  return table.select(condition, !execution.txn.touched(table));
}

void append_count(std::string& out, size_t count) { out += "{\"count\":" + std::to_string(count) + '}'; }

std::optional<Permission> permission_for(const Execution& execution, const Table& table) {
  if (!execution.principal) return std::nullopt;
  return Permission::of(execution.txn.database(), *execution.principal, table);
}

DbStatus check_writable(const Execution& execution, std::string_view operation) {
  const std::string head = std::string(operation) + " operation not allowed ";
  if (execution.read_only) return db_fail("not allowed", head + "when database server is in read only mode");
  if (!execution.reserved) return {};
  return db_fail("not allowed", head + "on table in reserved database " + execution.txn.database().name());
}

}  // namespace turnout::ovsdb::server
