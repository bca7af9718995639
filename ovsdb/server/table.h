// The rows of one table with what is derived from them: counts of strong references, who refers weakly, index entries.
// Transactions alone change it. Main thread only.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ovsdb/server/row.h"
#include "lib/ovsdb/condition.h"

namespace turnout::ovsdb::server {

class Table;

// Names a row of a database.
struct RowKey {
  Table* table;
  Uuid id;
  bool operator==(const RowKey&) const = default;
};
struct RowKeyHash {
  size_t operator()(const RowKey& key) const noexcept {
    return std::hash<Uuid>()(key.id) ^ (reinterpret_cast<size_t>(key.table) * 0x9e3779b97f4a7c15u);
  }
};

// A column whose keys or values (or both) refer to rows of a table.
struct ReferenceColumn {
  const ColumnSchema* column;
  Table* key_target = nullptr;     // null: the keys are no references
  Table* value_target = nullptr;
  bool key_strong = false, value_strong = false;
  bool has_weak() const { return (key_target && !key_strong) || (value_target && !value_strong); }
  bool has_strong() const { return (key_target && key_strong) || (value_target && value_strong); }
};

// A unique index: hash of the indexed values → rows with that hash.
struct TableIndex {
  std::vector<const ColumnSchema*> columns;
  std::unordered_multimap<size_t, Uuid> entries;
  size_t hash(const Row& row) const;
  bool same_values(const Row& a, const Row& b) const;
};

class Table {
 public:
  struct Slot {
    RowPtr row;
    uint32_t strong_references = 0;
  };
  explicit Table(const TableSchema& schema);
  Table(const Table&) = delete;

  const TableSchema& schema() const { return schema_; }
  const std::string& name() const { return schema_.name; }
  const std::unordered_map<Uuid, Slot>& rows() const { return rows_; }
  const Slot* find(const Uuid& id) const;
  Slot* find(const Uuid& id);
  void put(RowPtr row) { rows_[row->id()].row = std::move(row); }
  void remove(const Uuid& id) { rows_.erase(id); }

  // A row with every column at its default; the caller gives it its UUID.
  std::shared_ptr<Row> blank_row() const;
  bool is_default(const ColumnSchema& column, const Datum& value) const {
    return value == defaults_[static_cast<size_t>(column.index)];
  }
  // The rows for which the condition holds, found by _uuid or an index where the condition allows it. `indexes_valid`
  // false: the table has uncommitted changes, which the indexes do not know.
  std::vector<RowPtr> select(const Condition& condition, bool indexes_valid) const;

  std::vector<ReferenceColumn> references;                        // columns that refer to rows
  bool has_weak_columns = false;
  std::unordered_map<Uuid, std::vector<RowKey>> weak_referrers;   // row of this table → rows that refer to it weakly
  std::vector<TableIndex> indexes;

 private:
  const TableIndex* usable_index(const Condition& condition, Row* wanted) const;
  const TableSchema& schema_;
  std::unordered_map<Uuid, Slot> rows_;
  std::vector<Datum> defaults_;
};

}  // namespace turnout::ovsdb::server
