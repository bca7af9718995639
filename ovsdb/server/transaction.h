// A set of changes to one database that becomes real as a whole or not at all. Changes show in the tables at once, so
// that the operations of one request see each other's work; rollback() takes them back. Main thread only.
//
//   Transaction txn(db);  …insert/modify/erase…  txn.prepare()  →  write txn.changes() to the journal  →  txn.finish()
//
// Several prepared transactions may await one write; they are rolled back in the reverse of their order.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/ovsdb/error.h"
#include "ovsdb/server/table.h"

namespace turnout::ovsdb::server {

class Database;

struct Change {
  RowKey key;
  RowPtr before;                  // null: inserted
  std::shared_ptr<Row> after;     // null: deleted; nobody changes it once the transaction is prepared
  uint32_t references_before = 0; // strong references to the row when it was first touched
};

class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction();                 // rolls back unless finished
  Transaction(const Transaction&) = delete;

  Database& database() { return database_; }
  void insert(Table& table, std::shared_ptr<Row> row);
  // The version of the row that this transaction may change; made at the first call.
  Row& modify(Table& table, const RowPtr& row);
  void erase(Table& table, const Uuid& id);
  // Whether this transaction deleted a row that was there before it.
  bool deleted(Table& table, const Uuid& id) const;
  // Whether it touched any row of the table.
  bool touched(const Table& table) const;

  // Checks and completes the changes as RFC 7047 §3.2 and §4.1.3 want at commit: references, garbage, row counts, weak
  // references, indexes, versions. After an error the transaction can only be rolled back.
  // Of a file's contents the columns that it does not keep may hold defaults that refer to nothing.
  enum class Source { kClient, kFile };
  DbStatus prepare(Source source = Source::kClient);
  void rollback();
  void finish() { done_ = true; }

  // In order of first touch. Once prepared: real changes only.
  const std::deque<Change>& changes() const { return changes_; }

 private:
  friend class Constraints;
  Change& touch(Table& table, const Uuid& id, const RowPtr& before);

  Database& database_;
  std::deque<Change> changes_;
  std::unordered_map<RowKey, Change*, RowKeyHash> by_key_;
  // What prepare() did to the derived state of tables, for rollback().
  std::vector<std::function<void()>> undo_;
  bool done_ = false;
};

}  // namespace turnout::ovsdb::server
