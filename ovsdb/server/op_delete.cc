// delete (RFC 7047 §5.2.5).
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

DbStatus op_delete(Execution& execution, ObjectParser& parser, std::string& out) {
  auto where = parser.required("where", kJsonArray);   // complaints come in this order
  Table* table = table_member(execution, parser);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  auto condition = Condition::from_json(table->schema(), *where, &execution.symbols);
  if (!condition) return db_fail(condition);
  const std::vector<RowPtr> rows = matching_rows(execution, *table, *condition);
  if (const auto permission = permission_for(execution, *table))
    if (auto allowed = permission->check_delete(rows); !allowed) return allowed;
  for (const RowPtr& row : rows) execution.txn.erase(*table, row->id());
  append_count(out, rows.size());
  return {};
}

}  // namespace turnout::ovsdb::server
