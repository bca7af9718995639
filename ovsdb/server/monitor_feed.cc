// Noting changes and wording updates.
#include "ovsdb/server/monitor_feed.h"

#include <algorithm>

#include "ovsdb/server/monitor.h"

namespace turnout::ovsdb::server {
namespace {

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

bool append_update1(std::string& out, const MonitoredTable& table, const MonitorFeed::Pending& change) {
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

bool append_update2(std::string& out, const MonitoredTable& table, const MonitorFeed::Pending& change) {
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

bool alike(const Clause& a, const Clause& b) {
  return a.column == b.column && a.function == b.function && a.arg == b.arg;
}

bool alike(const MonitoredTable& a, const MonitoredTable& b) {
  return a.table == b.table && a.columns == b.columns && a.select == b.select &&
         std::equal(a.condition.clauses.begin(), a.condition.clauses.end(), b.condition.clauses.begin(),
                    b.condition.clauses.end(), [](const Clause& x, const Clause& y) { return alike(x, y); });
}

}  // namespace

MonitorFeed::MonitorFeed(Database& database, MonitorMethod method, std::vector<MonitoredTable> tables)
    : method_(method), tables_(std::move(tables)) {
  subscription_ = database.subscribe([this](const std::deque<Change>& changes) { note(changes); });
}

std::shared_ptr<MonitorFeed> MonitorFeed::of(Database& database, MonitorMethod method, std::vector<MonitoredTable> tables) {
  std::erase_if(database.feeds, [](const std::weak_ptr<MonitorFeed>& feed) { return feed.expired(); });
  for (const auto& weak : database.feeds) {
    auto feed = weak.lock();
    const bool same = feed->method_ == method && std::equal(tables.begin(), tables.end(), feed->tables_.begin(), feed->tables_.end(),
                                 [](const MonitoredTable& a, const MonitoredTable& b) { return alike(a, b); });
    if (same) return feed;
  }
  std::shared_ptr<MonitorFeed> feed(new MonitorFeed(database, method, std::move(tables)));
  database.feeds.push_back(feed);
  return feed;
}

bool MonitorFeed::note_in(Batch& batch, const std::deque<Change>& changes) const {
  bool news = false;
  batch.rows.resize(tables_.size());
  for (const Change& change : changes) {
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].table != change.key.table || !tables_[i].select) continue;
      auto [it, is_new] = batch.rows[i].try_emplace(change.key.id);
      if (is_new) it->second.before = change.before;
      it->second.after = change.after;
      news = true;
    }
  }
  if (news) {
    batch.words.reset();
    batch.notification.clear();
  }
  return news;
}

void MonitorFeed::note(const std::deque<Change>& changes) {
  std::erase_if(batches_, [&](const std::weak_ptr<Batch>& weak) {
    const auto batch = weak.lock();
    if (batch) note_in(*batch, changes);
    return !batch;
  });
  std::shared_ptr<Batch> fresh;
  for (Monitor* monitor : monitors_) {
    if (monitor->has_pending()) continue;
    if (!fresh) {
      fresh = std::make_shared<Batch>();
      if (!note_in(*fresh, changes)) return;
      batches_.push_back(fresh);
    }
    monitor->expect(fresh);
  }
}

std::string MonitorFeed::initial() const {
  std::string out = "{";
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
  return out + '}';
}

bool MonitorFeed::append_row(std::string& out, const MonitoredTable& table, const Uuid& id, const Pending& change) const {
  if (!change.before && !change.after) return false;
  const size_t start = out.size();
  out += '"' + id.to_string() + "\":";
  const bool any = method_ == MonitorMethod::kMonitor ? append_update1(out, table, change) : append_update2(out, table, change);
  if (!any) out.resize(start);
  return any;
}

std::string MonitorFeed::table_updates(const Batch& batch) const {
  std::string out = "{";
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (batch.rows[i].empty()) continue;
    const size_t start = out.size();
    if (out.size() > 1) out += ',';
    json::append_quoted(out, tables_[i].table->name());
    out += ":{";
    const size_t first = out.size();
    for (const auto& [id, change] : batch.rows[i]) {
      const size_t before = out.size();
      if (before != first) out += ',';
      if (!append_row(out, tables_[i], id, change)) out.resize(before);
    }
    if (out.size() == first) out.resize(start);
    else out += '}';
  }
  return out.size() > 1 ? out + '}' : std::string();
}

std::string MonitorFeed::words_of(const std::vector<const std::deque<Change>*>& changes) const {
  Batch batch;
  batch.rows.resize(tables_.size());
  for (const std::deque<Change>* some : changes) note_in(batch, *some);
  return table_updates(batch);
}

const std::string& MonitorFeed::words(Batch& batch) const {
  if (!batch.words) batch.words = table_updates(batch);
  return *batch.words;
}

}  // namespace turnout::ovsdb::server
