// A transaction on an Idl: changes made to rows while it is open are seen by every read through that Idl, are sent as
// one `transact` (RFC 7047 §4.1.3) by commit(), and come back by the monitor. One is open per Idl at a time; once commit() has sent it,
// the replica shows the server's contents again and another may be opened while the answer is awaited. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/ovsdb/idl.h"

namespace turnout::ovsdb {

enum class TxnStatus {
  kUncommitted,  // open
  kUnchanged,    // committed, there was nothing to do
  kIncomplete,   // sent, no answer yet
  kAborted,      // abort() was called
  kSuccess,
  kTryAgain,     // a verified column changed, or the connection broke: do it again on the contents of then
  kNotLocked,    // the Idl's lock is not held
  kError,        // see error()
};
std::string_view to_string(TxnStatus status);   // "uncommitted", "unchanged", …

class IdlTxn {
 public:
  explicit IdlTxn(Idl& idl);          // opens; the Idl must have contents and no open transaction
  ~IdlTxn();                          // aborts when still open; an answer that is awaited is forgotten
  IdlTxn(const IdlTxn&) = delete;

  // The row's UUID until the commit is a new one, or `local` where rows already refer to it (a Symbol's); the server then
  // gives it another. No row of the table may have it.
  IdlRow& insert(const TableSchema& table, std::optional<Uuid> local = {});
  // The row keeps this UUID for good ("uuid" of insert, ovsdb-server(7)); a server that has such a row refuses it.
  IdlRow& insert_as(const TableSchema& table, const Uuid& uuid);
  template <typename Row>
  Row& insert() { return static_cast<Row&>(insert(*idl_.schema().tables()[Row::kTable])); }

  void comment(std::string_view line);          // lines are joined; they go into the server's journal
  // Adds one to an integer column in the same transaction and tells the sum in increment_value(). With `force` even when
  // nothing else is done (otherwise the transaction is then kUnchanged).
  void increment(const IdlRow& row, const ColumnSchema& column, bool force = false);
  void set_dry_run(bool dry_run) { dry_run_ = dry_run; }  // ends with an `abort` operation and counts as kSuccess
  void set_durable(bool durable) { durable_ = durable; }

  // Sends. kIncomplete, unless it is decided at once.
  TxnStatus commit();
  // Runs the loop until the answer is here; kTryAgain when the session ended, kIncomplete when the timeout passed.
  TxnStatus commit_block(std::optional<Duration> timeout = {});
  // Called once, on the loop, when a commit() that returned kIncomplete is decided. May destroy the transaction.
  void on_done(std::function<void(TxnStatus)> done) { done_ = std::move(done); }
  void abort();

  TxnStatus status() const { return status_; }
  const std::string& error() const { return error_; }          // kError: the server's error object as JSON, or our words
  int64_t increment_value() const { return increment_value_; }
  // After kSuccess: the UUID that the row got which was `local` (row.uuid()) before the commit; nullopt if it was not
  // inserted here or deleted again.
  std::optional<Uuid> inserted_uuid(const Uuid& local) const;

 private:
  friend class Idl;
  friend class IdlRow;
  friend class IdlUpdate;
  void touch(IdlRow& row) { touched_.push_back(&row); }
  void orphan();                                // the Idl goes
  void forget(IdlRow& row);                     // the server deleted it
  void disassemble();                           // takes the edits off the rows
  void finish(TxnStatus status);
  void on_reply(const json::Message& message);
  TxnStatus judge(const json::Json& results);
  void take_results(const json::Json& results);
  friend class TxnWriter;

  Idl& idl_;
  bool orphaned_ = false;
  TxnStatus status_ = TxnStatus::kUncommitted;
  std::vector<IdlRow*> touched_;
  std::string comment_, error_;
  bool dry_run_ = false, durable_ = false, forced_ = false;
  bool conflict_ = false;                       // the server deleted a row that this transaction touched
  std::optional<Uuid> increment_row_;
  const ColumnSchema* increment_column_ = nullptr;
  const TableSchema* increment_table_ = nullptr;
  size_t increment_select_ = 0;                 // index of the operation that reads the sum
  int64_t increment_value_ = 0;
  std::unordered_map<Uuid, size_t> insert_ops_; // local UUID → index of its insert
  std::unordered_map<Uuid, Uuid> inserted_;
  std::optional<int64_t> request_id_;
  std::function<void(TxnStatus)> done_;
};

}  // namespace turnout::ovsdb
