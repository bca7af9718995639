// Applies <table-updates> (RFC 7047 §4.1.6) and <table-updates2> (ovsdb-server(7) §4.1.14) to a replica. For the
// replica's own sources.
#pragma once

#include "lib/ovsdb/idl.h"

namespace turnout::ovsdb {

class IdlUpdate {
 public:
  enum class Form { kOldNew, kDiff };   // what `update` carries; what `update2` and `update3` carry
  IdlUpdate(Idl& idl, Form form) : idl_(idl), form_(form) {}
  // initial: the answer to the monitor request, which holds everything; rows that it lacks are gone.
  Status apply(const json::Json& table_updates, bool initial);
  bool alerts() const { return alerts_; }   // something changed that the user wants to know

 private:
  Status apply_table(IdlTable& table, const json::Json& rows);
  Status apply_row(IdlTable& table, const Uuid& uuid, const json::Json& update);
  Status apply_row2(IdlTable& table, const Uuid& uuid, const json::Json& update);
  Status write_columns(IdlRow& row, const json::Json& columns, const json::Json* only);
  Status write_whole(IdlRow& row, const json::Json& columns);
  Status modify_columns(IdlRow& row, const json::Json& diff);
  static const ColumnSchema* monitored_column(const IdlTable& table, std::string_view name);
  void store(IdlRow& row, const ColumnSchema& column, Datum value);
  void insert(IdlTable& table, const Uuid& uuid, const json::Json& columns, Status* status);
  void erase(IdlTable& table, IdlTable::Map::iterator at);
  void erase_unseen(IdlTable& table, const json::Json& rows);
  void note(IdlRow& row, Change change);
  static void mark_column(IdlRow& row, int column);

  Idl& idl_;
  Form form_;
  bool alerts_ = false;
};

}  // namespace turnout::ovsdb
