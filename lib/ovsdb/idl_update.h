// Applies <table-updates> (RFC 7047 §4.1.6) to a replica. For the replica's own sources.
#pragma once

#include "lib/ovsdb/idl.h"

namespace turnout::ovsdb {

class IdlUpdate {
 public:
  explicit IdlUpdate(Idl& idl) : idl_(idl) {}
  // initial: the answer to `monitor`, which holds everything; rows that it lacks are gone.
  Status apply(const json::Json& table_updates, bool initial);
  bool alerts() const { return alerts_; }   // something changed that the user wants to know

 private:
  Status apply_table(IdlTable& table, const json::Json& rows);
  Status apply_row(IdlTable& table, const Uuid& uuid, const json::Json& update);
  Status write_columns(IdlRow& row, const json::Json& columns, const json::Json* only);
  void insert(IdlTable& table, const Uuid& uuid, const json::Json& columns, Status* status);
  void erase(IdlTable& table, IdlTable::Map::iterator at);
  void erase_unseen(IdlTable& table, const json::Json& rows);
  void note(IdlRow& row, Change change);
  static void mark_column(IdlRow& row, int column);

  Idl& idl_;
  bool alerts_ = false;
};

}  // namespace turnout::ovsdb
