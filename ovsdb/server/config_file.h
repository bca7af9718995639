// What --config-file says (ovsdb-server(1), "Configuration File"): remotes and databases as plain values. Pure: opens
// nothing, any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/json/json.h"
#include "ovsdb/server/excluded_tables.h"
#include "ovsdb/server/remote.h"
#include "ovsdb/server/source_link.h"

namespace turnout::ovsdb::server {

struct ConfigFile {
  enum class Model { kStandalone, kActiveBackup, kRelay };
  struct Source {
    std::string remotes;                       // empty: none
    Duration max_backoff = std::chrono::seconds(8);
    Duration probe_interval = SourceLink::kProbe;
    std::optional<uint8_t> dscp = {};
    bool operator==(const Source&) const = default;
  };
  struct Database {
    Model model = Model::kStandalone;
    bool is_backup = false;                    // of kActiveBackup
    Source source;                             // of kActiveBackup and kRelay
    ExcludedTables excluded;                   // of kActiveBackup
    bool operator==(const Database&) const = default;
  };
  std::map<std::string, RemoteOptions> remotes;   // by connection method
  std::map<std::string, Database> databases;      // by file, or by schema name for relays

  // The error says which member is wrong.
  static Result<ConfigFile> from_json(const json::Json& json);
  // The error begins with the path.
  static Result<ConfigFile> read(const std::string& path);
};

}  // namespace turnout::ovsdb::server
