// Transactions as records of the database file (ovsdb(5), "Standalone Format"), both ways. Main thread only.
#pragma once

#include <string>
#include <string_view>

#include "ovsdb/server/transaction.h"

namespace turnout::ovsdb::server {

// The record of a prepared transaction, or an empty text when it changes nothing that is kept.
std::string transaction_record(const Transaction& txn, std::string_view comment);
// All rows of a database as one record, for compaction.
std::string snapshot_record(const Database& database, std::string_view comment);
// Repeats in `txn` what a record says.
DbStatus apply_record(Transaction& txn, const json::Json& record);

}  // namespace turnout::ovsdb::server
