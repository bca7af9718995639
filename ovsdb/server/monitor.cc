// Noting changes and wording updates.
#include "ovsdb/server/monitor.h"

#include "ovsdb/server/object_parser.h"

namespace turnout::ovsdb::server {
namespace {

constexpr std::string_view kZeroTransaction = "\"00000000-0000-0000-0000-000000000000\"";

std::string_view notification_name(MonitorMethod method) {
  switch (method) {
    case MonitorMethod::kMonitor: return "update";
    case MonitorMethod::kMonitorCond: return "update2";
    case MonitorMethod::kMonitorCondSince: return "update3";
  }
  return {};
}

void append_member(std::string& out, const ColumnSchema& column, const Datum& value) {
  if (out.back() != '{') out += ',';
  json::append_quoted(out, column.name);
  out += ':';
  append_datum_json(out, value);
}

void append_columns(std::string& out, const MonitoredTable& table, const Row& row, unsigned select) {
  out += '{';
  for (const MonitoredColumn& c : table.columns)
    if (c.select & select) append_member(out, *c.column, row.get(*c.column));
  out += '}';
}

void append_columns_not_default(std::string& out, const MonitoredTable& table, const Row& row, unsigned select) {
  out += '{';
  for (const MonitoredColumn& c : table.columns) {
    if (!(c.select & select)) continue;
    const Datum& value = row.get(*c.column);
    if (!c.column->is_synthetic() && table.table->is_default(*c.column, value)) continue;
    append_member(out, *c.column, value);
  }
  out += '}';
}

bool is_changed(const MonitoredColumn& c, const Row& before, const Row& after) {
  return (c.select & kSelectModify) && !(before.get(*c.column) == after.get(*c.column));
}

}  // namespace

Monitor::Monitor(Database& database, MonitorMethod method, json::Json id, std::vector<MonitoredTable> tables,
                 std::function<void()> has_news)
    : database_(database), method_(method), id_(std::move(id)), id_text_(id_.dump()), tables_(std::move(tables)),
      pending_rows_(tables_.size()), has_news_(std::move(has_news)) {
  subscription_ = database.subscribe([this](const std::deque<Change>& changes) { note(changes); });
}

void Monitor::note(const std::deque<Change>& changes) {
  bool news = false;
  for (const Change& change : changes) {
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].table != change.key.table || !tables_[i].select) continue;
      auto [it, is_new] = pending_rows_[i].try_emplace(change.key.id);
      if (is_new) it->second.before = change.before;
      it->second.after = change.after;
      news = true;
    }
  }
  if (!news) return;
  pending_ = true;
  has_news_();
}

std::string Monitor::initial() const {
  std::string out = method_ == MonitorMethod::kMonitorCondSince ? "[false," + std::string(kZeroTransaction) + ",{" : "{";
  bool first_table = true;
  for (const MonitoredTable& table : tables_) {
    if (!(table.select & kSelectInitial)) continue;
    bool first_row = true;
    for (const auto& [id, slot] : table.table->rows()) {
      if (!table.matches(slot.row.get())) continue;
      if (first_row) {
        if (!first_table) out += ',';
        json::append_quoted(out, table.table->name());
        out += ":{";
      } else {
        out += ',';
      }
      first_row = first_table = false;
      out += '"' + id.to_string() + "\":";
      if (method_ == MonitorMethod::kMonitor) {
        out += "{\"new\":";
        append_columns(out, table, *slot.row, kSelectInitial);
      } else {
        out += "{\"initial\":";
        append_columns_not_default(out, table, *slot.row, kSelectInitial);
      }
      out += '}';
    }
    if (!first_row) out += '}';
  }
  out += method_ == MonitorMethod::kMonitorCondSince ? "}]" : "}";
  return out;
}

bool Monitor::append_update1(std::string& out, const MonitoredTable& table, const Pending& change) const {
  const Row* before = change.before.get();
  const Row* after = change.after.get();
  const unsigned kind = !before ? kSelectInsert : !after ? kSelectDelete : kSelectModify;
  if (!(table.select & kind)) return false;
  const size_t start = out.size();
  bool changed = kind != kSelectModify;
  out += '{';
  if (after) {
    out += "\"new\":";
    append_columns(out, table, *after, kind);
  }
  if (before) {
    out += after ? ",\"old\":" : "\"old\":";
    if (!after) {
      append_columns(out, table, *before, kind);
    } else {
      out += '{';
      for (const MonitoredColumn& c : table.columns) {
        if (!is_changed(c, *before, *after)) continue;
        append_member(out, *c.column, before->get(*c.column));
        changed = true;
      }
      out += '}';
    }
  }
  out += '}';
  if (!changed) out.resize(start);
  return changed;
}

bool Monitor::append_update2(std::string& out, const MonitoredTable& table, const Pending& change) const {
  const bool matched = change.before && change.matched_before.value_or(table.matches(change.before.get()));
  const bool matches = table.matches(change.after.get());
  if (!matched && !matches) return false;
  const unsigned kind = !matched ? kSelectInsert : !matches ? kSelectDelete : kSelectModify;
  if (!(table.select & kind)) return false;
  if (kind == kSelectDelete) {
    out += "{\"delete\":null}";
    return true;
  }
  if (kind == kSelectInsert) {
    out += "{\"insert\":";
    append_columns_not_default(out, table, *change.after, kind);
    out += '}';
    return true;
  }
  const size_t start = out.size();
  bool changed = false;
  out += "{\"modify\":{";
  for (const MonitoredColumn& c : table.columns) {
    if (!is_changed(c, *change.before, *change.after)) continue;
    const Datum& now = change.after->get(*c.column);
    append_member(out, *c.column, c.column->type.max > 1 ? now.diff2(change.before->get(*c.column)) : now);
    changed = true;
  }
  out += "}}";
  if (!changed) out.resize(start);
  return changed;
}

bool Monitor::append_row(std::string& out, const MonitoredTable& table, const Uuid& id, const Pending& change) const {
  if (!change.before && !change.after) return false;
  const size_t start = out.size();
  out += '"' + id.to_string() + "\":";
  const bool any = method_ == MonitorMethod::kMonitor ? append_update1(out, table, change) : append_update2(out, table, change);
  if (!any) out.resize(start);
  return any;
}

std::string Monitor::table_updates() {
  std::string out = "{";
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (pending_rows_[i].empty()) continue;
    const size_t start = out.size();
    if (out.size() > 1) out += ',';
    json::append_quoted(out, tables_[i].table->name());
    out += ":{";
    const size_t first = out.size();
    for (const auto& [id, change] : pending_rows_[i]) {
      const size_t before = out.size();
      if (before != first) out += ',';
      if (!append_row(out, tables_[i], id, change)) out.resize(before);
    }
    if (out.size() == first) out.resize(start);
    else out += '}';
    pending_rows_[i].clear();
  }
  return out.size() > 1 ? out + '}' : std::string();
}

std::string Monitor::take_update() {
  pending_ = false;
  const std::string updates = table_updates();
  if (updates.empty()) return {};
  std::string out = "{\"id\":null,\"method\":\"" + std::string(notification_name(method_)) + "\",\"params\":[" + id_text_ + ',';
  if (method_ == MonitorMethod::kMonitorCondSince) out += std::string(kZeroTransaction) + ',';
  return out + updates + "]}";
}

DbStatus Monitor::change_conditions(const json::Json& requests, json::Json new_id) {
  if (!requests.is_object()) return db_fail("syntax error", "monitor-cond-change-requests must be object");
  std::vector<std::pair<size_t, Condition>> changes;
  DbStatus status;
  requests.each_member([&](std::string_view name, const json::Json& json) {
    if (!status) return;
    const Table* table = database_.find_table(name);
    size_t index = 0;
    while (index < tables_.size() && tables_[index].table != table) ++index;
    if (!table) status = db_fail("syntax error", "no table named " + std::string(name));
    else if (index == tables_.size()) status = db_fail("syntax error", "no table named " + std::string(name) + " in monitor session");
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
  if (!status) return status;
  for (auto& [index, condition] : changes) {
    MonitoredTable& monitored = tables_[index];
    const Condition old = std::exchange(monitored.condition, std::move(condition));
    MonitoredTable as_before{monitored.table, {}, 0, old};
    for (const auto& [id, slot] : monitored.table->rows()) {
      const bool matched = as_before.matches(slot.row.get()), matches = monitored.matches(slot.row.get());
      if (matched == matches) continue;
      pending_rows_[index][id] = matches ? Pending{nullptr, slot.row, {}} : Pending{slot.row, nullptr, true};
      pending_ = true;
    }
  }
  id_ = std::move(new_id);
  id_text_ = id_.dump();
  return {};
}

}  // namespace turnout::ovsdb::server
