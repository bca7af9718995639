// Logs what transactions do to the rows of chosen tables (ovsdb-server(1), ovsdb-server/tlog-set). Main thread only.
#pragma once

#include <map>
#include <set>
#include <string>

#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

class TransactionLog {
 public:
  explicit TransactionLog(Server& server);
  // `what` is DB:TABLE. The errors are those of the command.
  Status set(const std::string& what, bool on);
  std::string list() const;

 private:
  void subscribe();
  Server& server_;
  std::map<std::string, std::set<std::string>> tables_;   // by database
  std::map<std::string, Database::Subscription> subscriptions_;
  io::Handle databases_changed_;
};

}  // namespace turnout::ovsdb::server
