// Wording and logging changes of rows.
#include "ovsdb/server/transaction_log.h"

#include <fmt/format.h>

#include "lib/base/log.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"transaction"};

std::string describe(const Change& change) {
  const Table& table = *change.key.table;
  const Row& row = change.after ? *change.after : *change.before;
  std::string text = fmt::format("table:{},op:{},_uuid:{},_version:{}", table.name(),
                                 !change.before ? "inserted" : change.after ? "updated" : "deleted",
                                 datum_to_text(row.uuid, uuid_column().type),
                                 datum_to_text(row.version, version_column().type));
  for (const ColumnSchema& column : table.schema().columns)
    text += ',' + column.name + ':' + datum_to_text(row.get(column), column.type);
  return text;
}

void log_changes(const std::deque<Change>& changes, const std::set<std::string>& tables) {
  static LogRateLimit limit{30};
  for (const Change& change : changes)
    if (tables.contains(change.key.table->name())) log_.limited(limit, LogLevel::kInfo, "{}", describe(change));
}

}  // namespace

TransactionLog::TransactionLog(Server& server)
    : server_(server), databases_changed_(server.on_databases_changed([this] { subscribe(); })) {}

void TransactionLog::subscribe() {
  subscriptions_.clear();
  for (const auto& [name, tables] : tables_) {
    Database* const database = server_.find_database(name);
    if (!database || tables.empty()) continue;
    subscriptions_.emplace(name, database->subscribe([&chosen = tables](const auto& changes) { log_changes(changes, chosen); }));
  }
}

Status TransactionLog::set(const std::string& what, bool on) {
  const size_t colon = what.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == what.size()) return fail("invalid DB:TABLE argument");
  const std::string name = what.substr(0, colon), table = what.substr(colon + 1);
  const Database* const database = server_.find_database(name);
  if (!database) return fail("no such database");
  if (!database->find_table(table)) return fail("no such table");
  if (on) tables_[name].insert(table);
  else tables_[name].erase(table);
  subscribe();
  return {};
}

std::string TransactionLog::list() const {
  std::string text = "database        table                       logging\n--------        -----                       -------\n";
  for (const std::string& name : server_.database_names()) {
    text += fmt::format("{:<16} \n", name);
    const auto chosen = tables_.find(name);
    for (const auto& table : server_.find_database(name)->tables()) {
      const bool on = chosen != tables_.end() && chosen->second.contains(table->name());
      text += fmt::format("{:<16}{:<27} {}\n", "", table->name(), on ? "ON" : "OFF");
    }
  }
  return text;
}

}  // namespace turnout::ovsdb::server
