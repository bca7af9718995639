// Looking rows up.
#include "ovsdb/server/table.h"

namespace turnout::ovsdb::server {

size_t TableIndex::hash(const Row& row) const {
  size_t sum = 0;
  for (const ColumnSchema* column : columns) sum = sum * 0x9e3779b97f4a7c15u + row.get(*column).hash();
  return sum;
}

bool TableIndex::same_values(const Row& a, const Row& b) const {
  for (const ColumnSchema* column : columns)
    if (!(a.get(*column) == b.get(*column))) return false;
  return true;
}

Table::Table(const TableSchema& schema) : schema_(schema) {
  defaults_.reserve(schema.columns.size());
  for (const ColumnSchema& column : schema.columns) defaults_.push_back(column.type.default_datum());
  for (const auto& columns : schema.indexes) indexes.push_back({columns, {}});
}

const Table::Slot* Table::find(const Uuid& id) const {
  auto it = rows_.find(id);
  return it == rows_.end() ? nullptr : &it->second;
}

Table::Slot* Table::find(const Uuid& id) {
  auto it = rows_.find(id);
  return it == rows_.end() ? nullptr : &it->second;
}

std::shared_ptr<Row> Table::blank_row() const {
  auto row = std::make_shared<Row>();
  row->uuid = row->version = Datum::uuid({});
  row->columns = defaults_;
  return row;
}

// An index of which every column is asked for with "=="; *wanted then holds those values.
const TableIndex* Table::usable_index(const Condition& condition, Row* wanted) const {
  for (const TableIndex& index : indexes) {
    size_t found = 0;
    for (const ColumnSchema* column : index.columns) {
      for (const Clause& clause : condition.clauses) {
        if (clause.column != column || clause.function != Function::kEq || column->is_synthetic()) continue;
        if (wanted->columns.empty()) wanted->columns.resize(schema_.columns.size());
        wanted->at(*column) = clause.arg;
        ++found;
        break;
      }
    }
    if (found == index.columns.size()) return &index;
  }
  return nullptr;
}

std::vector<RowPtr> Table::select(const Condition& condition, bool indexes_valid) const {
  std::vector<RowPtr> found;
  auto take = [&](const RowPtr& row) {
    if (condition.all_hold([&row](const ColumnSchema& c) -> const Datum& { return row->get(c); })) found.push_back(row);
  };
  if (const Uuid* id = condition.wanted_uuid()) {
    if (const Slot* slot = find(*id)) take(slot->row);
    return found;
  }
  Row wanted;
  if (const TableIndex* index = indexes_valid ? usable_index(condition, &wanted) : nullptr) {
    auto [from, to] = index->entries.equal_range(index->hash(wanted));
    for (; from != to; ++from)
      if (const Slot* slot = find(from->second)) take(slot->row);
    return found;
  }
  for (const auto& [id, slot] : rows_) take(slot.row);
  return found;
}

}  // namespace turnout::ovsdb::server
