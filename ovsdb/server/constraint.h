// What must hold when a transaction commits, in the order in which the reference looks: strong references exist and
// nothing that is still referenced goes; rows that nobody references any more are collected; tables keep to maxRows;
// weak references to rows that are gone are dropped; indexes stay unique. RFC 7047 §3.2, §4.1.3. Main thread only.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ovsdb/server/transaction.h"

namespace turnout::ovsdb::server {

class Constraints {
 public:
  Constraints(Transaction& txn, Transaction::Source source) : txn_(txn), source_(source) {}
  DbStatus enforce();

 private:
  struct IndexEntry {
    TableIndex* index;
    size_t hash;
    Uuid id;
  };

  void drop_unchanged();
  DbStatus count_references();
  DbStatus check_deleted();
  void collect_garbage();
  DbStatus check_row_counts();
  DbStatus drop_weak_references();
  DbStatus drop_weak_references_of(Table& table, const RowPtr& row);
  void apply_reference_counts();
  void update_weak_referrers();
  DbStatus update_indexes();
  DbStatus add_to_index(TableIndex& index, const Change& change, std::vector<IndexEntry>& added);
  void give_versions();

  DbStatus count_row(Table& table, const Row& row, int by, const Row* other, bool must_exist);
  int64_t references_to(const RowKey& key) const;
  const Change* change_of(const RowKey& key) const;
  std::string index_error(const TableIndex& index, const Row& first, const RowKey& first_key, const Row& second,
                          const RowKey& second_key) const;
  std::string row_history(const TableIndex& index, const RowKey& key) const;

  bool is_lax(const ColumnSchema& column) const { return source_ == Transaction::Source::kFile && !column.persistent; }

  Transaction& txn_;
  Transaction::Source source_;
  std::unordered_map<RowKey, int, RowKeyHash> deltas_;   // strong references won and lost
};

}  // namespace turnout::ovsdb::server
