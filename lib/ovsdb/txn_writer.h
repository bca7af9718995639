// Writes an open transaction as the parameters of one `transact` request. For the replica's own sources.
#pragma once

#include <string>

#include "lib/ovsdb/idl_edit.h"
#include "lib/ovsdb/idl_txn.h"

namespace turnout::ovsdb {

class TxnWriter {
 public:
  explicit TxnWriter(IdlTxn& txn) : txn_(txn) {}
  // Nullopt: nothing to do, or the transaction's error() says why it cannot be sent. Remembers in the transaction where the results of inserts and of the increment will be.
  std::optional<std::string> write();

 private:
  void collect_inserts();
  void write_row(const IdlRow& row);
  void write_verifications(const IdlRow& row);
  void write_insert(const IdlRow& row);
  void write_update(const IdlRow& row);
  void write_mutations(const IdlRow& row);
  void write_increment();
  void begin(const char* op, const IdlRow* row);
  void begin(const char* op, const std::string& table);
  void where(const Uuid& uuid);
  void end() { out_ += '}'; }
  void append_atom(AtomView atom);      // rows of this transaction by name
  void append_datum(const Datum& datum);

  IdlTxn& txn_;
  std::string out_;
  size_t ops_ = 0;
  bool changes_ = false;
};

}  // namespace turnout::ovsdb
