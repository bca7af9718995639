// update (RFC 7047 §5.2.3).
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

DbStatus op_update(Execution& execution, ObjectParser& parser, std::string& out) {
  Table* table = table_member(execution, parser);
  auto where = parser.required("where", kJsonArray);
  auto row_json = parser.required("row", kJsonObject);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  auto values = parse_row(*table, *row_json, &execution.symbols);
  if (!values) return db_fail(values);
  for (const auto& [column, value] : values->values) {
    if (column->is_mutable && !column->is_synthetic()) continue;
    return syntax_fail(parser.json(), "Cannot update immutable column " + column->name + " in table " + table->name() + ".",
                       "constraint violation");
  }
  auto condition = Condition::from_json(table->schema(), *where, &execution.symbols);
  if (!condition) return db_fail(condition);

  const std::vector<RowPtr> rows = matching_rows(execution, *table, *condition);
  if (const auto permission = permission_for(execution, *table))
    if (auto allowed = permission->check_update(rows, values->values); !allowed) return allowed;
  for (const RowPtr& row : rows) {
    for (const auto& [column, value] : values->values)
      if (!(row->get(*column) == value)) execution.txn.modify(*table, row).at(*column) = value;
  }
  append_count(out, rows.size());
  return {};
}

}  // namespace turnout::ovsdb::server
