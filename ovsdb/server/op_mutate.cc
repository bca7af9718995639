// mutate (RFC 7047 §5.2.4).
#include "lib/ovsdb/mutation.h"
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

DbStatus op_mutate(Execution& execution, ObjectParser& parser, std::string& out) {
  Table* table = table_member(execution, parser);
  auto where = parser.required("where", kJsonArray);
  auto mutations_json = parser.required("mutations", kJsonArray);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  auto mutations = mutations_from_json(table->schema(), *mutations_json, &execution.symbols);
  if (!mutations) return db_fail(mutations);
  auto condition = Condition::from_json(table->schema(), *where, &execution.symbols);
  if (!condition) return db_fail(condition);

  const std::vector<RowPtr> rows = matching_rows(execution, *table, *condition);
  if (const auto permission = permission_for(execution, *table))
    if (auto allowed = permission->check_mutate(rows, *mutations); !allowed) return allowed;
  for (const RowPtr& row : rows) {
    // The version this transaction may change, once a mutation has really changed something.
    const Row* current = row.get();
    for (const Mutation& mutation : *mutations) {
      Datum value = current->get(*mutation.column);
      if (auto applied = mutation.apply(&value); !applied) return applied;
      if (value == current->get(*mutation.column)) continue;
      Row& changed = execution.txn.modify(*table, row);
      changed.at(*mutation.column) = std::move(value);
      current = &changed;
    }
  }
  append_count(out, rows.size());
  return {};
}

}  // namespace turnout::ovsdb::server
