// Unique indexes: kept up to date at commit, with an error that names both rows of a conflict.
#include <fmt/format.h>

#include "ovsdb/server/constraint.h"

namespace turnout::ovsdb::server {
namespace {

// "a", "a and b", "a, b, and c".
std::string enumerate(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i) text += items.size() == 2 ? " and " : i + 1 == items.size() ? ", and " : ", ";
    text += items[i];
  }
  return text;
}

std::string values_text(const TableIndex& index, const Row& row) {
  std::vector<std::string> values;
  for (const ColumnSchema* column : index.columns) values.push_back(datum_to_text(row.get(*column), column->type));
  return enumerate(values);
}

std::string columns_text(const TableIndex& index) {
  std::vector<std::string> names;
  for (const ColumnSchema* column : index.columns) names.push_back('"' + column->name + '"');
  return (names.size() == 1 ? "column " : "columns ") + enumerate(names);
}

void remove_entry(TableIndex& index, size_t hash, const Uuid& id) {
  auto [from, to] = index.entries.equal_range(hash);
  for (; from != to; ++from) {
    if (from->second != id) continue;
    index.entries.erase(from);
    return;
  }
}

}  // namespace

std::string Constraints::row_history(const TableIndex& index, const RowKey& key) const {
  const Change* change = change_of(key);
  if (!change) return "existed in the database before this transaction and was not modified by the transaction";
  if (!change->before) return "was inserted by this transaction";
  if (change->after && index.same_values(*change->before, *change->after)) {
    return "existed in the database before this transaction, which modified some of the row's columns but not any "
           "columns in this index";
  }
  return "had the following index values before the transaction: " + values_text(index, *change->before);
}

std::string Constraints::index_error(const TableIndex& index, const Row& first, const RowKey& first_key,
                                     const Row& second, const RowKey& second_key) const {
  return fmt::format("Transaction causes multiple rows in \"{}\" table to have identical values ({}) for index on {}.  "
                     "First row, with UUID {}, {}.  Second row, with UUID {}, {}.",
                     first_key.table->name(), values_text(index, first), columns_text(index), first.id().to_string(),
                     row_history(index, first_key), second.id().to_string(), row_history(index, second_key));
}

DbStatus Constraints::update_indexes() {
  std::vector<IndexEntry> removed, added;
  DbStatus status;
  for (const Change& change : txn_.changes_) {
    for (TableIndex& index : change.key.table->indexes) {
      if (!change.before || (change.after && index.same_values(*change.before, *change.after))) continue;
      removed.push_back({&index, index.hash(*change.before), change.key.id});
      remove_entry(index, removed.back().hash, change.key.id);
    }
  }
  for (const Change& change : txn_.changes_) {
    for (TableIndex& index : change.key.table->indexes) {
      if (!change.after || (change.before && index.same_values(*change.before, *change.after))) continue;
      status = add_to_index(index, change, added);
      if (!status) break;
    }
    if (!status) break;
  }
  if (removed.empty() && added.empty()) return status;
  txn_.undo_.push_back([removed = std::move(removed), added = std::move(added)] {
    for (const IndexEntry& entry : added) remove_entry(*entry.index, entry.hash, entry.id);
    for (const IndexEntry& entry : removed) entry.index->entries.emplace(entry.hash, entry.id);
  });
  return status;
}

DbStatus Constraints::add_to_index(TableIndex& index, const Change& change, std::vector<IndexEntry>& added) {
  Table& table = *change.key.table;
  const size_t hash = index.hash(*change.after);
  auto [from, to] = index.entries.equal_range(hash);
  for (; from != to; ++from) {
    const Table::Slot* other = table.find(from->second);
    if (!other || !index.same_values(*other->row, *change.after)) continue;
    return db_fail("constraint violation",
                   index_error(index, *change.after, change.key, *other->row, {&table, from->second}));
  }
  index.entries.emplace(hash, change.key.id);
  added.push_back({&index, hash, change.key.id});
  return {};
}

}  // namespace turnout::ovsdb::server
