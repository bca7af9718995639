// Runs the operations of one `transact` request (RFC 7047 §4.1.3, §5.2) inside a Transaction. Main thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ovsdb/server/object_parser.h"
#include "ovsdb/server/rbac.h"
#include "ovsdb/server/transaction.h"

namespace turnout::ovsdb::server {

// What the operations of one request share.
struct Execution {
  Transaction& txn;
  const std::function<bool(std::string_view lock)>& owns_lock;
  int64_t elapsed_ms = 0;                 // since the request came; `wait` measures against it
  bool read_only = false;                 // operations that would change the database fail
  bool reserved = false;                  // likewise, because the database is the server's own
  const Principal* principal = nullptr;   // who asks; null: the server itself, which may do anything

  SymbolTable symbols = {};
  std::string comment = {};
  bool durable = false;
  bool blocked = false;                   // a `wait` does not hold yet: undo, and try again after a change
  std::optional<int64_t> timeout_ms = {}; // of that wait; none: for ever
};

struct Executed {
  std::string result;    // JSON text of the result array, without its closing bracket
  bool failed = false;   // the array ends with an error, and nulls for what was not tried
};

// `params` is the params array of the request: operations from element 1 on.
Executed execute(Execution& execution, const json::Json& params);

// Appends a further element to a result: an error found at commit.
void append_commit_error(Executed& executed, const DbError& error);

}  // namespace turnout::ovsdb::server
