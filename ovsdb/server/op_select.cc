// select (RFC 7047 §5.2.2).
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

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

  out += "{\"rows\":[";
  bool first = true;
  for (const RowPtr& row : matching_rows(execution, *table, *condition)) {
    out += first ? "{" : ",{";
    first = false;
    bool first_column = true;
    for (const ColumnSchema* column : *columns) {
      if (!first_column) out += ',';
      first_column = false;
      json::append_quoted(out, column->name);
      out += ':';
      append_datum_json(out, row->get(*column));
    }
    out += '}';
  }
  out += "]}";
  return {};
}

}  // namespace turnout::ovsdb::server
