// The role of the whole server in an active-backup pair (ovsdb-server(1), "Active-Backup Options" and "Commands"): where
// the active is, what is not copied from it, and whether this server is the backup now. Main thread only.
#pragma once

#include <optional>
#include <string>

#include "ovsdb/server/replication.h"

namespace turnout::ovsdb::server {

class ActiveBackup {
 public:
  explicit ActiveBackup(Server& server) : server_(server) {}

  const std::string& source() const { return source_; }
  void set_source(std::string source) { source_ = std::move(source); }   // counts from the next connect()
  const ExcludedTables& excluded() const { return excluded_; }
  void set_excluded(ExcludedTables excluded);
  void set_probe_interval(Duration interval);
  // Becomes the backup of the source, or starts again as one. Clients are disconnected.
  Status connect();
  // Becomes active. Clients are disconnected.
  void disconnect();
  std::string status() const;

 private:
  void replicate();
  Server& server_;
  std::string source_;
  ExcludedTables excluded_;
  Duration probe_interval_ = SourceLink::kProbe;
  std::optional<Replication> replication_;
};

}  // namespace turnout::ovsdb::server
