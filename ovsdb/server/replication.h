// Copies databases from an active server while this one is their backup (ovsdb(7), "Active-Backup Database Service
// Model"): for each database that both serve, checks that its schema fits, and repeats what the active tells. Whether
// clients may write meanwhile is the business of whoever owns this. Main thread only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "ovsdb/server/excluded_tables.h"
#include "ovsdb/server/source_link.h"

namespace turnout::ovsdb::server {

class Server;
class Database;

class Replication {
 public:
  struct Settings {
    SourceLink::Settings source;
    ExcludedTables excluded;
    std::optional<std::string> database;   // this one alone; none: every standalone database
  };
  Replication(Server& server, Settings settings);

  // What `ovsdb-server/sync-status` prints after "state: backup": connecting, replicating, or what is wrong.
  std::string status() const;
  void set_probe_interval(Duration interval) { link_.set_probe_interval(interval); }

 private:
  void start();
  void find_databases();
  void fetch_schema(const std::string& name);
  void take_schema(const std::string& name, const json::Json& schema);
  void monitor(const std::string& name, const json::Json& requests);
  void take_contents(const std::string& name, const json::Json& contents);
  void take_notification(const json::Message& message);
  bool wants(const std::string& name) const;
  void cannot_replicate(const std::string& why);

  Server& server_;
  const Settings settings_;
  // Databases that were asked for since the connection came up, with the tables that are copied.
  std::map<std::string, std::set<std::string>> asked_;
  std::set<std::string> replicating_;
  std::string problem_;                    // empty: none
  io::Handle databases_changed_;
  SourceLink link_;
};

}  // namespace turnout::ovsdb::server
