// Reading the configuration file, member by member.
#include "ovsdb/server/config_file.h"

#include <fmt/format.h>

#include <functional>
#include <optional>

namespace turnout::ovsdb::server {
namespace {

// Walks the members of one object; each has a reader, and an unknown one is an error.
using Reader = std::function<Status(const json::Json&)>;
Status read_members(const std::string& what, const json::Json& object, const std::map<std::string_view, Reader>& readers) {
  if (object.is_null()) return {};   // null is short for an object without members
  if (!object.is_object()) return fail(what + ": object expected");
  Status status;
  object.each_member([&](std::string_view name, const json::Json& value) {
    if (!status) return;
    auto it = readers.find(name);
    if (it == readers.end()) status = fail(fmt::format("{}: unknown member \"{}\"", what, name));
    else if (auto read = it->second(value); !read) status = fail(fmt::format("{}: {}: {}", what, name, read.error().message));
  });
  return status;
}

Reader into(bool& target) {
  return [&target](const json::Json& value) -> Status {
    if (!value.is_bool()) return fail("true or false expected");
    target = value.as_bool();
    return {};
  };
}

Reader milliseconds(std::function<void(int64_t)> use, int64_t least) {
  return [use = std::move(use), least](const json::Json& value) -> Status {
    constexpr int64_t kMost = int64_t{1000} * 60 * 60 * 24 * 365;
    if (!value.is_integer() || value.as_integer() < least || value.as_integer() > kMost)
      return fail(fmt::format("a number of milliseconds from {} to {} expected", least, kMost));
    use(value.as_integer());
    return {};
  };
}

Reader dscp(std::optional<uint8_t>& target) {
  return [&target](const json::Json& value) -> Status {
    if (!value.is_integer() || value.as_integer() < 0 || value.as_integer() > 63) return fail("a number from 0 to 63 expected");
    target = static_cast<uint8_t>(value.as_integer());
    return {};
  };
}

Reader name(std::string& target) {
  return [&target](const json::Json& value) -> Status {
    if (!value.is_string()) return fail("string expected");
    target = value.as_string();
    return {};
  };
}

Status read_remote(const std::string& target, const json::Json& json, RemoteOptions& options) {
  return read_members(
      target, json,
      {{"max-backoff", milliseconds([&](int64_t ms) { options.max_backoff = std::chrono::milliseconds(ms); }, 1000)},
       {"inactivity-probe",
        milliseconds([&](int64_t ms) { options.probe_interval = SourceLink::probe_interval(ms); }, 0)},
       {"read-only", into(options.read_only)},
       {"role", name(options.role)},
       {"dscp", dscp(options.dscp)}});
}

// {"METHOD": {OPTIONS}}
Status read_source(const json::Json& json, ConfigFile::Source& source) {
  if (!json.is_object() || json.size() != 1) return fail("an object with one connection method expected");
  Status status;
  json.each_member([&](std::string_view name, const json::Json& options) {
    source.remotes = name;
    if (name.empty()) status = fail("connection method expected");
    else
      status = read_members(
          source.remotes, options,
          {{"max-backoff", milliseconds([&](int64_t ms) { source.max_backoff = std::chrono::milliseconds(ms); }, 1000)},
           {"inactivity-probe",
            milliseconds([&](int64_t ms) { source.probe_interval = SourceLink::probe_interval(ms); }, 0)},
           {"dscp", dscp(source.dscp)}});
  });
  return status;
}

Status read_model(const json::Json& json, ConfigFile::Model& model) {
  const std::string_view name = json.as_string();
  if (name == "standalone") model = ConfigFile::Model::kStandalone;
  else if (name == "active-backup") model = ConfigFile::Model::kActiveBackup;
  else if (name == "relay") model = ConfigFile::Model::kRelay;
  else if (name == "clustered") return fail("clustered databases are not supported");
  else return fail("standalone, active-backup or relay expected");
  return {};
}

Status read_excluded(const json::Json& json, std::set<std::string>& tables) {
  if (!json.is_array()) return fail("array of table names expected");
  for (size_t i = 0; i < json.size(); ++i) {
    if (!json[i].is_string()) return fail("array of table names expected");
    tables.emplace(json[i].as_string());
  }
  return {};
}

Status read_database(const std::string& name, const json::Json& json, ConfigFile::Database& database) {
  std::set<std::string> excluded;
  auto read = read_members(name, json,
                           {{"service-model", [&](const json::Json& j) { return read_model(j, database.model); }},
                            {"backup", into(database.is_backup)},
                            {"source", [&](const json::Json& j) { return read_source(j, database.source); }},
                            {"exclude-tables", [&](const json::Json& j) { return read_excluded(j, excluded); }}});
  if (!read) return read;
  using Model = ConfigFile::Model;
  const bool is_pair = database.model == Model::kActiveBackup, is_relay = database.model == Model::kRelay;
  if (!is_pair && (database.is_backup || json.has("backup"))) return fail(name + ": backup is for active-backup databases");
  if (!is_pair && json.has("exclude-tables")) return fail(name + ": exclude-tables is for active-backup databases");
  if (!is_pair && !is_relay && json.has("source")) return fail(name + ": source is for active-backup and relay databases");
  if ((is_relay || database.is_backup) && database.source.remotes.empty()) return fail(name + ": source is missing");
  for (const std::string& table : excluded) database.excluded.add({}, table);
  return {};
}

template <typename Entry>
Reader read_entries(std::map<std::string, Entry>& entries, Status (*read)(const std::string&, const json::Json&, Entry&)) {
  return [&entries, read](const json::Json& json) -> Status {
    if (!json.is_object()) return fail("object expected");
    Status status;
    json.each_member([&](std::string_view name, const json::Json& value) {
      if (!status) return;
      if (name.empty()) status = fail("a name is empty");
      else status = read(std::string(name), value, entries[std::string(name)]);
    });
    return status;
  };
}

}  // namespace

Result<ConfigFile> ConfigFile::from_json(const json::Json& json) {
  if (!json.is_object()) return fail("object expected");
  ConfigFile file;
  auto read = read_members("configuration", json, {{"remotes", read_entries(file.remotes, read_remote)},
                                                   {"databases", read_entries(file.databases, read_database)}});
  if (!read) return fail(read);
  return file;
}

Result<ConfigFile> ConfigFile::read(const std::string& path) {
  auto json = json::Json::parse_file(path);
  if (!json) return fail(path + ": " + json.error().message);
  auto file = from_json(*json);
  if (!file) return fail(path + ": " + file.error().message);
  return file;
}

}  // namespace turnout::ovsdb::server
