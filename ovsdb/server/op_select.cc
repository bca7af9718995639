// select (RFC 7047 §5.2.2).
#include <algorithm>
#include <string>
#include <unordered_set>

#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

namespace {

void append_row(std::string& out, const Row& row, const std::vector<const ColumnSchema*>& columns) {
  out += '{';
  bool first = true;
  for (const ColumnSchema* column : columns) {
    if (!first) out += ',';
    first = false;
    json::append_quoted(out, column->name);
    out += ':';
    append_datum_json(out, row.get(*column));
  }
  out += '}';
}

}  // namespace

DbStatus op_select(Execution& execution, ObjectParser& parser, std::string& out) {
  Table* table = table_member(execution, parser);
  auto where = parser.required("where", kJsonArray);
  auto columns_json = parser.optional("columns", kJsonArray);
  auto sort_json = parser.optional("sort", kJsonArray);  // accepted and without effect, as in the reference
  if (auto parsed = parser.finish(); !parsed) return parsed;
  auto condition = Condition::from_json(table->schema(), *where, &execution.symbols);
  if (!condition) return db_fail(condition);
  auto columns = parse_columns(*table, columns_json);
  if (!columns) return db_fail(columns);
  if (auto sort = parse_columns(*table, sort_json); !sort) return db_fail(sort);

  // Rows are told apart by their columns: without _uuid the same values appear once.
  const bool distinct = std::find(columns->begin(), columns->end(), &uuid_column()) == columns->end();
  std::unordered_set<std::string> seen;
  out += "{\"rows\":[";
  const size_t start = out.size();
  for (const RowPtr& row : matching_rows(execution, *table, *condition)) {
    const size_t before = out.size();
    if (before != start) out += ',';
    const size_t at = out.size();
    append_row(out, *row, *columns);
    if (distinct && !seen.insert(out.substr(at)).second) out.resize(before);
  }
  out += "]}";
  return {};
}

}  // namespace turnout::ovsdb::server
