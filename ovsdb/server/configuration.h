// Makes the server what its configuration file says, when it starts and again at ovsdb-server/reload: what is not
// mentioned any more goes, what is new comes, what is unchanged is not disturbed. Main thread only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ovsdb/server/config_file.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/replication.h"

namespace turnout::ovsdb::server {

class Configuration {
 public:
  // `path` and `directory`, to which file names in it are relative, are absolute: a daemon changes its directory.
  Configuration(Server& server, Remotes& remotes, std::string path, std::string directory)
      : server_(server), remotes_(remotes), path_(std::move(path)), directory_(std::move(directory)) {}
  // A file that cannot be read changes nothing. Of one that can, everything is done that can be; the error then tells
  // what could not.
  Status reload();
  // For ovsdb-server/sync-status.
  std::string sync_status() const;

 private:
  struct Served {
    ConfigFile::Database wanted;
    std::string database;                        // the name in its schema
    std::unique_ptr<Replication> replication;    // while it is a backup
  };
  Status add(const std::string& name, const ConfigFile::Database& wanted);
  void set_role(Served& served, const ConfigFile::Database& wanted);
  void remove(const std::string& name);
  Server& server_;
  Remotes& remotes_;
  const std::string path_, directory_;
  std::map<std::string, Served> served_;         // by the name in the file
  std::map<std::string, RemoteOptions> listed_;  // remotes
};

}  // namespace turnout::ovsdb::server
