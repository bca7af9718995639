// wait (RFC 7047 §5.2.6): holds the transaction up until a query has, or no longer has, certain rows.
#include <algorithm>

#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {
namespace {

using Projection = std::vector<Datum>;   // a row reduced to the columns waited for

bool less(const Projection& a, const Projection& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (const int order = a[i].compare(b[i])) return order < 0;
  return false;
}

// Rows are compared as a set: order and repetitions do not count.
void normalise(std::vector<Projection>& rows) {
  std::sort(rows.begin(), rows.end(), less);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

DbResult<std::vector<Projection>> wanted_rows(const Table& table, const json::Json& json,
                                              const std::vector<const ColumnSchema*>& columns, SymbolTable* symbols) {
  std::vector<Projection> rows;
  for (size_t i = 0; i < json.size(); ++i) {
    auto values = parse_row(table, json[i], symbols);
    if (!values) return db_fail(values);
    Projection row;
    for (const ColumnSchema* column : columns) {
      auto given = std::find_if(values->values.begin(), values->values.end(), [&](const auto& v) { return v.first == column; });
      row.push_back(given != values->values.end() ? given->second : column->type.default_datum());
    }
    rows.push_back(std::move(row));
  }
  normalise(rows);
  return rows;
}

DbStatus timed_out(int64_t timeout_ms, int64_t elapsed_ms) {
  if (timeout_ms == 0) return db_fail("timed out", "\"where\" clause test failed");
  return db_fail("timed out", "\"wait\" timed out after " + std::to_string(std::max(timeout_ms, elapsed_ms)) + " ms");
}

}  // namespace

DbStatus op_wait(Execution& execution, ObjectParser& parser, std::string& out) {
  auto timeout = parser.optional("timeout", kJsonInteger);
  auto where = parser.required("where", kJsonArray);
  auto columns_json = parser.optional("columns", kJsonArray);
  auto until = parser.required("until", kJsonString);
  auto rows_json = parser.required("rows", kJsonArray);
  Table* table = table_member(execution, parser);   // complaints come in this order
  if (auto parsed = parser.finish(); !parsed) return parsed;
  if (timeout && timeout->as_integer() < 0) return syntax_fail(*timeout, "timeout must be nonnegative");
  auto condition = Condition::from_json(table->schema(), *where, &execution.symbols);
  if (!condition) return db_fail(condition);
  auto columns = parse_columns(*table, columns_json);
  if (!columns) return db_fail(columns);
  const bool equal = until->as_string() == "==";
  if (!equal && until->as_string() != "!=") return syntax_fail(*until, "\"until\" must be \"==\" or \"!=\"");
  auto wanted = wanted_rows(*table, *rows_json, *columns, &execution.symbols);
  if (!wanted) return db_fail(wanted);

  std::vector<Projection> found;
  for (const RowPtr& row : matching_rows(execution, *table, *condition)) {
    Projection projection;
    for (const ColumnSchema* column : *columns) projection.push_back(row->get(*column));
    found.push_back(std::move(projection));
  }
  normalise(found);
  if ((found == *wanted) == equal) {
    out += "{}";
    return {};
  }
  if (timeout && execution.elapsed_ms >= timeout->as_integer())
    return timed_out(timeout->as_integer(), execution.elapsed_ms);
  execution.blocked = true;
  if (timeout) execution.timeout_ms = timeout->as_integer();
  return {};
}

}  // namespace turnout::ovsdb::server
