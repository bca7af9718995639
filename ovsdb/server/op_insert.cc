// insert (RFC 7047 §5.2.1, with the "uuid" member of ovsdb-server(7)).
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {
namespace {

DbResult<Uuid> chosen_uuid(const Execution& execution, Table& table, const json::Json& json) {
  auto id = Uuid::parse(json.as_string());
  if (!id) return syntax_fail(json, "bad uuid");
  if (table.find(*id) || execution.txn.deleted(table, *id)) {
    return syntax_fail(json, "This UUID would duplicate a UUID already present within the table or deleted within the "
                             "same transaction.", "duplicate uuid");
  }
  return *id;
}

// The symbol's UUID; `chosen` takes its place when the client chose one.
DbResult<Uuid> named_uuid(Execution& execution, const json::Json& name, const std::optional<Uuid>& chosen) {
  Symbol& symbol = execution.symbols.get(name.as_string());
  if (symbol.created) {
    return syntax_fail(name, "This \"uuid-name\" appeared on an earlier \"insert\" operation.", "duplicate uuid-name");
  }
  if (chosen) symbol.uuid = *chosen;
  symbol.created = true;
  return symbol.uuid;
}

}  // namespace

DbStatus op_insert(Execution& execution, ObjectParser& parser, std::string& out) {
  Table* table = table_member(execution, parser);
  auto uuid_json = parser.optional("uuid", kJsonString);
  auto name = parser.optional("uuid-name", kJsonId);
  auto row_json = parser.required("row", kJsonObject);
  if (auto parsed = parser.finish(); !parsed) return parsed;

  std::optional<Uuid> id;
  if (uuid_json) {
    auto chosen = chosen_uuid(execution, *table, *uuid_json);
    if (!chosen) return db_fail(chosen);
    id = *chosen;
  }
  if (name) {
    auto named = named_uuid(execution, *name, id);
    if (!named) return db_fail(named);
    id = *named;
  }
  auto values = parse_row(*table, *row_json, &execution.symbols);
  if (!values) return db_fail(values);
  auto row = table->blank_row();
  row->uuid = Datum::uuid(id ? *id : Uuid::random());
  for (auto& [column, value] : values->values)
    if (!column->is_synthetic()) row->at(*column) = std::move(value);
  if (const auto permission = permission_for(execution, *table))
    if (auto allowed = permission->check_insert(*row); !allowed) return allowed;
  // Defaults need not satisfy constraints: an enumeration need not contain "".
  for (const ColumnSchema& column : table->schema().columns) {
    if (!column.type.key.has_constraints() && !column.type.value.has_constraints()) continue;
    if (auto good = column.type.check(row->get(column)); !good) return good;
  }
  out += "{\"uuid\":[\"uuid\",\"" + row->id().to_string() + "\"]}";
  execution.txn.insert(*table, std::move(row));
  return {};
}

}  // namespace turnout::ovsdb::server
