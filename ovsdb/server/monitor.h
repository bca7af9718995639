// What one client wants to hear of one database: monitor, monitor_cond and monitor_cond_since (RFC 7047 §4.1.5,
// ovsdb-server(7) §4.1.12–4.1.16). Changes are noted as row versions and put into words only when they are sent, so
// that a slow client costs little and gets one update for many changes. Main thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

enum class MonitorMethod { kMonitor, kMonitorCond, kMonitorCondSince };

// <monitor-select>
enum Select : unsigned { kSelectInitial = 1, kSelectInsert = 2, kSelectDelete = 4, kSelectModify = 8, kSelectAll = 15 };

struct MonitoredColumn {
  const ColumnSchema* column;
  unsigned select;
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

class Monitor {
 public:
  Monitor(Database& database, MonitorMethod method, json::Json id, std::vector<MonitoredTable> tables,
          std::function<void()> has_news);
  Monitor(const Monitor&) = delete;

  Database& database() { return database_; }
  const json::Json& id() const { return id_; }
  MonitorMethod method() const { return method_; }
  // The result of the monitor request: what is there now.
  std::string initial() const;
  bool has_pending() const { return pending_; }
  // The notification for everything noted since the last one; empty when none of it matters to this monitor.
  std::string take_update();
  // monitor_cond_change: new conditions and a new name. Afterwards an update may be pending that tells the difference.
  DbStatus change_conditions(const json::Json& requests, json::Json new_id);

 private:
  struct Pending {
    RowPtr before, after;
    // Whether before and after matched the conditions that held for them.
    std::optional<bool> matched_before;
  };
  using PendingRows = std::unordered_map<Uuid, Pending>;
  void note(const std::deque<Change>& changes);
  std::string table_updates();
  bool append_row(std::string& out, const MonitoredTable& table, const Uuid& id, const Pending& change) const;
  bool append_update1(std::string& out, const MonitoredTable& table, const Pending& change) const;
  bool append_update2(std::string& out, const MonitoredTable& table, const Pending& change) const;

  Database& database_;
  MonitorMethod method_;
  json::Json id_;
  std::string id_text_;
  std::vector<MonitoredTable> tables_;
  std::vector<PendingRows> pending_rows_;   // by index of tables_
  bool pending_ = false;
  std::function<void()> has_news_;
  Database::Subscription subscription_;
};

}  // namespace turnout::ovsdb::server
