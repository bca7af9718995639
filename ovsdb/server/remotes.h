// All connection methods: those named by --remote and ovsdb-server/add-remote, and those that a column of a database
// names (db:DB,TABLE,COLUMN), which follow its contents and get their status written back. Main thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ovsdb/server/remote.h"

namespace turnout::ovsdb::server {

class Remotes {
 public:
  explicit Remotes(Server& server);
  ~Remotes();

  // `name` as --remote takes it. Adding one that is there succeeds. The error is in the reference's words.
  // `options` count for a single connection method; those that a database names have their own.
  Status add(const std::string& name, const RemoteOptions& options = {});
  bool remove(const std::string& name);
  // New options for a single connection method, without dropping its connections. False: it must be removed and added.
  bool reconfigure(const std::string& name, const RemoteOptions& options);
  std::vector<std::string> names() const;    // as they were named, not what databases say

 private:
  struct Source;    // a db: remote
  struct Wanted {
    RemoteOptions options;
    Uuid row;       // of the table with column "target"; zero when the column holds strings
  };
  static Result<std::unique_ptr<Source>> resolve(Server& server, const std::string& name);
  static void add_wanted(std::map<std::string, Wanted>& wanted, const Row& row, const Table& table);
  static std::map<std::string, Wanted> wanted_by(const Source& source);
  void resolve_sources();
  void reconcile(Source& source);
  void write_status(Source& source);
  void status_changed();
  void refresh_while_needed();

  Server& server_;
  std::map<std::string, std::unique_ptr<Remote>> plain_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  io::Handle databases_changed_;
  bool status_posted_ = false;
  io::Handle refresh_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace turnout::ovsdb::server
