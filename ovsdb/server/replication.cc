// Following an active server.
#include "ovsdb/server/replication.h"

#include <fmt/format.h>

#include "lib/base/log.h"
#include "ovsdb/server/replica_update.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"replication"};

// What of a schema of the active does not fit here; empty when all of it does. What only the backup has stays as it is.
std::string misfit(const Schema& ours, const Schema& theirs, const ExcludedTables& excluded) {
  for (const auto& table : theirs.tables()) {
    if (excluded.contains(theirs.name, table->name)) continue;
    const TableSchema* local = ours.find(table->name);
    if (!local) return fmt::format("Table {} does not exist in local db schema.", table->name);
    for (const ColumnSchema& column : table->columns) {
      const ColumnSchema* same = local->find(column.name);
      if (!same || same->type.to_json().dump(json::Json::kSorted) != column.type.to_json().dump(json::Json::kSorted))
        return fmt::format("Column {} mismatch in local db schema table {}.", column.name, table->name);
    }
  }
  return {};
}

}  // namespace

Replication::Replication(Server& server, Settings settings)
    : server_(server), settings_(std::move(settings)),
      databases_changed_(server.on_databases_changed([this] { find_databases(); })),
      link_(server.loop(), settings_.source,
            {[this] { start(); }, [this](const json::Message& message) { take_notification(message); },
             [this](const Error&) {
               asked_.clear();
               replicating_.clear();
             }}) {}

bool Replication::wants(const std::string& name) const {
  return settings_.database ? name == *settings_.database && server_.is_standalone(name) : server_.is_standalone(name);
}

// Stays a backup: one that cannot follow must not start to take changes by itself.
void Replication::cannot_replicate(const std::string& why) {
  problem_ = why;
  log_.warn("{}", why);
}

void Replication::start() {
  problem_.clear();
  link_.request("get_server_id", json::Json::array(), [this](const json::Message& reply) {
    if (reply.result.as_string() == server_.id().to_string())
      return cannot_replicate("Server ID check failed: Self replicating is not allowed");
    find_databases();
  });
}

void Replication::find_databases() {
  if (!link_.is_connected()) return;
  // Names that went have to be asked for again when they come back.
  std::erase_if(asked_, [this](const auto& entry) { return !wants(entry.first); });
  std::erase_if(replicating_, [this](const std::string& name) { return !wants(name); });
  link_.request("list_dbs", json::Json::array(), [this](const json::Message& reply) {
    for (size_t i = 0; i < reply.result.size(); ++i) {
      const std::string name(reply.result[i].as_string());
      if (wants(name) && asked_.try_emplace(name).second) fetch_schema(name);
    }
  });
}

void Replication::fetch_schema(const std::string& name) {
  link_.request("get_schema", json::Json::array({name}), [this, name](const json::Message& reply) {
    if (reply.type == json::Message::Type::kError) return link_.drop("get_schema failed: " + reply.error.dump());
    if (wants(name)) take_schema(name, reply.result);
  });
}

void Replication::take_schema(const std::string& name, const json::Json& json) {
  auto theirs = Schema::from_json(json);
  if (!theirs) return link_.drop(theirs.error().to_string());
  const Schema& ours = server_.find_database(name)->schema();
  if (ours.version != (*theirs)->version)
    log_.info("Schema version mismatch, checking if {} can still be replicated or not.", name);
  if (const std::string why = misfit(ours, **theirs, settings_.excluded); !why.empty()) {
    log_.info("{}", why);
    return cannot_replicate(name + " cannot be replicated.");
  }
  json::Json requests = json::Json::object();
  for (const auto& table : (*theirs)->tables()) {
    if (settings_.excluded.contains(name, table->name)) continue;
    asked_[name].insert(table->name);
    json::Json columns = json::Json::array();
    for (const ColumnSchema& column : table->columns) columns.append(column.name);
    requests.set(table->name, json::Json::array({json::Json::object({{"columns", columns}})}));
  }
  if (!requests.size()) return cannot_replicate("Nothing to replicate.");
  monitor(name, requests);
}

void Replication::monitor(const std::string& name, const json::Json& requests) {
  link_.request("monitor", json::Json::array({name, name, requests}), [this, name](const json::Message& reply) {
    if (reply.type == json::Message::Type::kError) return link_.drop("monitor failed: " + reply.error.dump());
    if (wants(name) && asked_.contains(name)) take_contents(name, reply.result);
  });
}

void Replication::take_contents(const std::string& name, const json::Json& contents) {
  log_.info("Monitor request received. Resetting the database");
  const auto applied = server_.transactor_of(*server_.find_database(name)).apply([&](Transaction& txn) {
    return apply_initial(txn, contents, UpdateForm::kOldNew, asked_[name]);
  });
  if (!applied) {
    cannot_replicate(name + ": " + applied.error().to_string());
    return link_.drop(problem_);
  }
  replicating_.insert(name);
}

void Replication::take_notification(const json::Message& message) {
  if (message.method != "update") return;
  const std::string name(message.params[0].as_string());
  if (!replicating_.contains(name) || !wants(name)) return;
  const auto applied = server_.transactor_of(*server_.find_database(name)).apply([&](Transaction& txn) {
    return apply_updates(txn, message.params[1], UpdateForm::kOldNew, asked_[name]);
  });
  if (applied) return;
  // The next connection begins with the whole contents again.
  cannot_replicate(name + ": " + applied.error().to_string());
  link_.drop(problem_);
}

std::string Replication::status() const {
  if (!problem_.empty()) return "error: " + problem_ + '\n';
  if (replicating_.empty()) return "connecting: " + settings_.source.remotes + '\n';
  std::string text = "replicating: " + settings_.source.remotes + '\n';
  std::string separator = "database: ";
  for (const std::string& name : replicating_) text += std::exchange(separator, ", ") + name;
  text += '\n';
  if (!settings_.excluded.empty()) text += "exclude: " + settings_.excluded.to_string() + '\n';
  return text;
}

}  // namespace turnout::ovsdb::server
