// Repeats on a copy of a database what its source tells in <table-updates> (RFC 7047 §4.1.6) and <table-updates2>
// (ovsdb-server(7), "Update2 Notification"). Takes any JSON. Main thread only.
#pragma once

#include <set>
#include <string>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

enum class UpdateForm {
  kOldNew,   // of monitor: "old" and "new" columns
  kDiff,     // of monitor_cond and monitor_cond_since: "initial", "insert", "modify", "delete"
};

// Makes in `txn` the changes that `updates` state. Tables that are not among `tables` are an error.
DbStatus apply_updates(Transaction& txn, const json::Json& updates, UpdateForm form, const std::set<std::string>& tables);
// `updates` is the answer to the monitor request, everything there is in `tables`: changes what is different, deletes
// what it lacks, and so leaves a copy that was right before untouched.
DbStatus apply_initial(Transaction& txn, const json::Json& updates, UpdateForm form, const std::set<std::string>& tables);

}  // namespace turnout::ovsdb::server
