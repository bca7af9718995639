// Copying rows from one schema to another.
#include "ovsdb/server/convert.h"

namespace turnout::ovsdb::server {
namespace {

DbStatus copy_table(const Table& from, Table& to, Transaction& txn) {
  for (const auto& [id, slot] : from.rows()) {
    auto row = to.blank_row();
    row->uuid = Datum::uuid(id);
    for (const ColumnSchema& column : to.schema().columns) {
      const ColumnSchema* old = from.schema().find(column.name);
      if (!old || !old->persistent) continue;
      auto value = datum_from_json(column.type, datum_to_json(slot.row->get(*old)));
      if (!value) return db_fail(value);
      row->at(column) = std::move(*value);
    }
    txn.insert(to, std::move(row));
  }
  return {};
}

}  // namespace

DbResult<std::unique_ptr<Database>> convert(const Database& from, std::shared_ptr<const Schema> schema) {
  auto to = std::make_unique<Database>(std::move(schema), nullptr);
  Transaction txn(*to);
  for (const auto& table : to->tables()) {
    const Table* old = from.find_table(table->name());
    if (!old) continue;
    if (auto copied = copy_table(*old, *table, txn); !copied) return db_fail(copied);
  }
  if (auto sound = txn.prepare(); !sound) return db_fail(sound);
  txn.finish();
  return to;
}

}  // namespace turnout::ovsdb::server
