// From updates to changes of rows.
#include "ovsdb/server/replica_update.h"

namespace turnout::ovsdb::server {
namespace {

// One pass over the columns of an update; `use` stores each value.
DbStatus each_column(const Table& table, const json::Json& columns,
                     const std::function<DbStatus(const ColumnSchema&, const json::Json&)>& use) {
  if (!columns.is_object()) return syntax_fail(columns, "object of columns expected");
  DbStatus status;
  columns.each_member([&](std::string_view name, const json::Json& value) {
    if (!status) return;
    const ColumnSchema* column = table.schema().find(name);
    if (!column) status = syntax_fail(columns, "no column " + std::string(name) + " in table " + table.name());
    else if (!column->is_synthetic()) status = use(*column, value);
  });
  return status;
}

bool same_columns(const Row& a, const Row& b) { return a.columns == b.columns; }

// The whole row: a column that is not mentioned has its default.
DbStatus write_row(Transaction& txn, Table& table, const Uuid& id, const json::Json& columns) {
  auto row = table.blank_row();
  row->uuid = Datum::uuid(id);
  const auto status = each_column(table, columns, [&](const ColumnSchema& column, const json::Json& value) -> DbStatus {
    auto datum = datum_from_json(column.type, value);
    if (!datum) return db_fail(datum);
    row->at(column) = std::move(*datum);
    return {};
  });
  if (!status) return status;
  const Table::Slot* slot = table.find(id);
  if (!slot) {
    txn.insert(table, std::move(row));
  } else if (const RowPtr before = slot->row; !same_columns(*before, *row)) {
    txn.modify(table, before).columns = row->columns;
  }
  return {};
}

DbStatus change_row(Transaction& txn, Table& table, const Uuid& id, const json::Json& diff) {
  const Table::Slot* slot = table.find(id);
  if (!slot) return db_fail("syntax error", "update of row " + id.to_string() + " that is not there");
  Row& row = txn.modify(table, slot->row);
  return each_column(table, diff, [&](const ColumnSchema& column, const json::Json& value) -> DbStatus {
    const bool is_diff = column.type.max > 1;
    auto datum = is_diff ? datum_from_json_unchecked(column.type, value) : datum_from_json(column.type, value);
    if (!datum) return db_fail(datum);
    if (!is_diff) {
      row.at(column) = std::move(*datum);
      return {};
    }
    row.at(column).apply_diff(*datum);
    return column.type.check(row.at(column));
  });
}

DbStatus apply_row(Transaction& txn, Table& table, const Uuid& id, const json::Json& update, UpdateForm form) {
  if (form == UpdateForm::kOldNew) {
    if (update.has("new")) return write_row(txn, table, id, update.get("new"));
    txn.erase(table, id);
    return {};
  }
  for (const char* whole : {"initial", "insert"})
    if (update.has(whole)) return write_row(txn, table, id, update.get(whole));
  if (update.has("modify")) return change_row(txn, table, id, update.get("modify"));
  if (!update.has("delete")) return syntax_fail(update, "row update without a known member");
  txn.erase(table, id);
  return {};
}

DbStatus apply_table(Transaction& txn, Table& table, const json::Json& rows, UpdateForm form) {
  if (!rows.is_object()) return syntax_fail(rows, "object of rows expected");
  DbStatus status;
  rows.each_member([&](std::string_view name, const json::Json& update) {
    if (!status) return;
    if (auto id = Uuid::parse(name)) status = apply_row(txn, table, *id, update, form);
    else status = syntax_fail(rows, '"' + std::string(name) + "\" is not a valid UUID");
  });
  return status;
}

void erase_missing(Transaction& txn, Table& table, const json::Json& rows) {
  std::vector<Uuid> missing;
  for (const auto& [id, slot] : table.rows())
    if (!rows.has(id.to_string())) missing.push_back(id);
  for (const Uuid& id : missing) txn.erase(table, id);
}

}  // namespace

DbStatus apply_updates(Transaction& txn, const json::Json& updates, UpdateForm form, const std::set<std::string>& tables) {
  if (!updates.is_object()) return syntax_fail(updates, "object of tables expected");
  DbStatus status;
  updates.each_member([&](std::string_view name, const json::Json& rows) {
    if (!status) return;
    Table* table = txn.database().find_table(name);
    if (table && tables.contains(table->name())) status = apply_table(txn, *table, rows, form);
    else status = syntax_fail(json::Json(name), "update of a table that is not monitored");
  });
  return status;
}

DbStatus apply_initial(Transaction& txn, const json::Json& updates, UpdateForm form, const std::set<std::string>& tables) {
  for (const std::string& name : tables)
    if (Table* table = txn.database().find_table(name)) erase_missing(txn, *table, updates.get(name));
  return apply_updates(txn, updates, form, tables);
}

}  // namespace turnout::ovsdb::server
