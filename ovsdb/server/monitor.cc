// Taking updates, and changing conditions.
#include "ovsdb/server/monitor.h"

#include <fmt/format.h>

#include "ovsdb/server/history.h"
#include "ovsdb/server/object_parser.h"

namespace turnout::ovsdb::server {
namespace {

std::string_view notification_name(MonitorMethod method) {
  switch (method) {
    case MonitorMethod::kMonitor: return "update";
    case MonitorMethod::kMonitorCond: return "update2";
    case MonitorMethod::kMonitorCondSince: return "update3";
  }
  return {};
}

// <monitor-cond-update-requests>: indexes of `tables` with the conditions that they get.
DbResult<std::vector<std::pair<size_t, Condition>>> parse_changes(const Database& database,
                                                                  const std::vector<MonitoredTable>& tables,
                                                                  const json::Json& requests) {
  if (!requests.is_object()) return db_fail("syntax error", "monitor-cond-change-requests must be object");
  std::vector<std::pair<size_t, Condition>> changes;
  DbStatus status;
  requests.each_member([&](std::string_view name, const json::Json& json) {
    if (!status) return;
    const Table* table = database.find_table(name);
    size_t index = 0;
    while (index < tables.size() && tables[index].table != table) ++index;
    if (!table) status = db_fail("syntax error", "no table named " + std::string(name));
    else if (index == tables.size()) status = db_fail("syntax error", "no table named " + std::string(name) + " in monitor session");
    else if (!json.is_array()) status = db_fail("syntax error", "table " + std::string(name) + " no monitor-cond-change JSON array");
    for (size_t i = 0; status && i < json.size(); ++i) {
      ObjectParser parser(json[i], "table " + std::string(name));
      auto columns = parser.optional("columns", kJsonArray);
      auto where = parser.optional("where", kJsonArray);
      status = parser.finish();
      if (status && columns) status = syntax_fail(json[i], "changing columns is unsupported");
      if (!status) return;
      auto condition = Condition::from_json(table->schema(), where.value_or(json::Json::array()));
      if (!condition) status = db_fail(condition);
      else changes.emplace_back(index, std::move(*condition));
    }
  });
  if (!status) return db_fail(status);
  return changes;
}

}  // namespace

Monitor::Monitor(Database& database, MonitorMethod method, json::Json id, std::vector<MonitoredTable> tables,
                 std::function<void()> has_news)
    : database_(database), id_(std::move(id)), feed_(MonitorFeed::of(database, method, std::move(tables))),
      has_news_(std::move(has_news)) {
  word_start();
  feed_->join(*this);
}

void Monitor::word_start() { start_ = fmt::format("{{\"id\":null,\"method\":\"{}\",\"params\":[{},", notification_name(method()), id_.dump()); }

void Monitor::expect(const std::shared_ptr<MonitorFeed::Batch>& batch) {
  pending_ = batch;
  has_news_();
}

std::string Monitor::initial(const Uuid& since) const {
  if (method() != MonitorMethod::kMonitorCondSince) return feed_->initial();
  const History& history = database_.history();
  const auto missed = history.since(since);
  std::string updates = missed ? feed_->words_of(*missed) : feed_->initial();
  if (updates.empty()) updates = "{}";
  return fmt::format("[{},\"{}\",{}]", missed.has_value(), history.last().to_string(), updates);
}

std::string Monitor::take_update() {
  const auto batch = std::exchange(pending_, nullptr);
  if (!batch) return {};
  const std::string& updates = feed_->words(*batch);
  if (updates.empty()) return {};
  const bool since = method() == MonitorMethod::kMonitorCondSince;
  const std::string with_transaction = since ? fmt::format("{}\"{}\",", start_, database_.history().last().to_string()) : std::string();
  const std::string& start = since ? with_transaction : start_;
  // The clients of one program give their monitors one name, and get one text.
  if (!batch->notification.starts_with(start)) batch->notification = fmt::format("{}{}]}}", start, updates);
  return batch->notification;
}

// What is pending already, and the rows that come or go with the other conditions.
std::shared_ptr<MonitorFeed::Batch> Monitor::difference_to(const MonitorFeed& changed) const {
  auto batch = std::make_shared<MonitorFeed::Batch>();
  if (pending_) batch->rows = pending_->rows;
  batch->rows.resize(changed.tables().size());
  bool any = pending_ != nullptr;
  for (size_t i = 0; i < changed.tables().size(); ++i) {
    const MonitoredTable &before = feed_->tables()[i], &after = changed.tables()[i];
    for (const auto& [id, slot] : after.table->rows()) {
      const bool matched = before.matches(slot.row.get()), matches = after.matches(slot.row.get());
      if (matched == matches) continue;
      batch->rows[i][id] = matches ? MonitorFeed::Pending{nullptr, slot.row, {}} : MonitorFeed::Pending{slot.row, nullptr, true};
      any = true;
    }
  }
  return any ? batch : nullptr;
}

DbStatus Monitor::change_conditions(const json::Json& requests, json::Json new_id) {
  auto changes = parse_changes(database_, feed_->tables(), requests);
  if (!changes) return db_fail(changes);
  if (method() == MonitorMethod::kMonitor) changes->clear();   // it has no conditions; only its name may change
  std::vector<MonitoredTable> tables = feed_->tables();
  for (auto& [index, condition] : *changes) tables[index].condition = std::move(condition);
  auto feed = MonitorFeed::of(database_, method(), std::move(tables));
  pending_ = difference_to(*feed);
  feed_->leave(*this);
  feed_ = std::move(feed);
  feed_->join(*this);
  if (pending_) feed_->keep_noting(pending_);
  id_ = std::move(new_id);
  word_start();
  return {};
}

}  // namespace turnout::ovsdb::server
