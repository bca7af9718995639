// What clients that asked for the same hear of one database: monitor, monitor_cond and monitor_cond_since (RFC 7047
// §4.1.5, ovsdb-server(7) §4.1.12–4.1.16). Changes are noted as row versions, once for all clients that have sent
// everything before them, and put into words once, when the first of these sends them. A slow client costs one more set of
// noted changes and gets one update for many of them. Main thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

class Monitor;

enum class MonitorMethod { kMonitor, kMonitorCond, kMonitorCondSince };

// <monitor-select>
enum Select : unsigned { kSelectInitial = 1, kSelectInsert = 2, kSelectDelete = 4, kSelectModify = 8, kSelectAll = 15 };

struct MonitoredColumn {
  const ColumnSchema* column;
  unsigned select;
  bool operator==(const MonitoredColumn&) const = default;
};

struct MonitoredTable {
  Table* table;
  std::vector<MonitoredColumn> columns;
  unsigned select = 0;         // of all columns together
  Condition condition;         // any clause suffices; none: all rows

  bool matches(const Row* row) const {
    if (!row) return false;
    return condition.clauses.empty() ||
           condition.any_holds([row](const ColumnSchema& c) -> const Datum& { return row->get(c); });
  }
};

// <monitor-requests> and <monitor-cond-requests>.
DbResult<std::vector<MonitoredTable>> parse_monitor_requests(const Database& database, const json::Json& requests,
                                                             MonitorMethod method);

class MonitorFeed {
 public:
  struct Pending {
    RowPtr before, after;
    // Whether `before` matched, where the condition of that time was another.
    std::optional<bool> matched_before;
  };
  using PendingRows = std::unordered_map<Uuid, Pending>;
  // Changes since some client was last told everything, for all clients of which that is true.
  struct Batch {
    std::vector<PendingRows> rows;            // by index of tables()
    std::optional<std::string> words;         // <table-updates>, empty when nothing matters; none: not worded yet
    std::string notification;                 // with these words, as the last client that took them got it
  };

  // The feed of this database for these requests, the same for all who ask alike.
  static std::shared_ptr<MonitorFeed> of(Database& database, MonitorMethod method, std::vector<MonitoredTable> tables);
  MonitorFeed(const MonitorFeed&) = delete;

  void join(Monitor& monitor) { monitors_.push_back(&monitor); }
  void leave(Monitor& monitor) { std::erase(monitors_, &monitor); }
  const std::vector<MonitoredTable>& tables() const { return tables_; }
  MonitorMethod method() const { return method_; }
  // Later changes are noted in this batch too, as long as somebody holds it.
  void keep_noting(const std::shared_ptr<Batch>& batch) { batches_.push_back(batch); }
  // <table-updates> with everything that is there now.
  std::string initial() const;
  const std::string& words(Batch& batch) const;
  // <table-updates> of these changes together, in their order; empty when none of it matters.
  std::string words_of(const std::vector<const std::deque<Change>*>& changes) const;

 private:
  MonitorFeed(Database& database, MonitorMethod method, std::vector<MonitoredTable> tables);
  void note(const std::deque<Change>& changes);
  bool note_in(Batch& batch, const std::deque<Change>& changes) const;
  std::string table_updates(const Batch& batch) const;
  bool append_row(std::string& out, const MonitoredTable& table, const Uuid& id, const Pending& change) const;

  MonitorMethod method_;
  std::vector<MonitoredTable> tables_;
  std::vector<Monitor*> monitors_;
  std::vector<std::weak_ptr<Batch>> batches_;
  Database::Subscription subscription_;
};

}  // namespace turnout::ovsdb::server
