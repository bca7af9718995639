// The difference between what is served and what the file wants, step by step.
#include "ovsdb/server/configuration.h"

#include <filesystem>

#include "lib/base/log.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};
using Model = ConfigFile::Model;

SourceLink::Settings link_settings(const ConfigFile::Source& source) {
  return {source.remotes, source.max_backoff, source.probe_interval, source.dscp};
}

// A relay with another source is another database; a file stays open whatever its role becomes.
bool can_stay(const ConfigFile::Database& now, const ConfigFile::Database& wanted) {
  const bool was_relay = now.model == Model::kRelay, is_relay = wanted.model == Model::kRelay;
  return was_relay == is_relay && (!is_relay || now == wanted);
}

}  // namespace

Status Configuration::reload() {
  auto file = ConfigFile::read(path_);
  if (!file) return fail(file);
  std::string problems;
  auto note = [&](const Status& status) {
    if (status) return;
    log_.warn("{}: {}", path_, status.error().message);
    problems += (problems.empty() ? "" : "\n") + status.error().message;
  };
  for (auto it = listed_.begin(); it != listed_.end();) {
    auto& [target, options] = *it;
    auto wanted = file->remotes.find(target);
    if (wanted != file->remotes.end() && (wanted->second == options || remotes_.reconfigure(target, wanted->second))) {
      options = wanted->second;
      ++it;
      continue;
    }
    remotes_.remove(target);
    it = listed_.erase(it);
  }
  for (auto it = served_.begin(); it != served_.end();) {
    const std::string name = (it++)->first;
    auto wanted = file->databases.find(name);
    if (wanted == file->databases.end() || !can_stay(served_.at(name).wanted, wanted->second)) remove(name);
  }
  for (const auto& [name, wanted] : file->databases) {
    auto it = served_.find(name);
    if (it == served_.end()) note(add(name, wanted));
    else if (!(it->second.wanted == wanted)) set_role(it->second, wanted);
  }
  for (const auto& [target, options] : file->remotes) {
    if (listed_.contains(target)) continue;
    auto added = remotes_.add(target, options);
    note(added);
    if (added) listed_.emplace(target, options);
  }
  if (!problems.empty()) return fail(problems);
  return {};
}

Status Configuration::add(const std::string& name, const ConfigFile::Database& wanted) {
  Served served;
  if (wanted.model == Model::kRelay) {
    if (auto added = server_.add_relay(name, link_settings(wanted.source)); !added) return added;
    served.database = name;
    served.wanted = wanted;
  } else {
    auto added = server_.add_file((std::filesystem::path(directory_) / name).string());
    if (!added) return fail(added);
    served.database = *added;
    set_role(served, wanted);
  }
  served_.emplace(name, std::move(served));
  return {};
}

void Configuration::set_role(Served& served, const ConfigFile::Database& wanted) {
  const bool was_backup = served.replication != nullptr;
  served.replication.reset();
  served.wanted = wanted;
  if (wanted.is_backup) {
    Replication::Settings settings;
    settings.source = link_settings(wanted.source);
    settings.database = served.database;
    for (const std::string& table : wanted.excluded.of({})) settings.excluded.add(served.database, table);
    served.replication = std::make_unique<Replication>(server_, std::move(settings));
  }
  server_.set_backup(served.database, wanted.is_backup);
  if (was_backup != wanted.is_backup) server_.disconnect_unaware();
}

void Configuration::remove(const std::string& name) {
  auto it = served_.find(name);
  it->second.replication.reset();
  if (auto removed = server_.remove_database(it->second.database); !removed)
    log_.warn("{}: {}", name, removed.error().message);
  served_.erase(it);
}

std::string Configuration::sync_status() const {
  std::string text;
  for (const auto& [name, served] : served_)
    if (served.replication) text += served.replication->status();
  return text.empty() ? "state: active\n" : "state: backup\n" + text;
}

}  // namespace turnout::ovsdb::server
