// One monitor of one client: which feed it hears, and what it has not been told yet. Main thread only.
#pragma once

#include "ovsdb/server/monitor_feed.h"

namespace turnout::ovsdb::server {

class Monitor {
 public:
  // `has_news` is called when a change was noted after all had been taken.
  Monitor(Database& database, MonitorMethod method, json::Json id, std::vector<MonitoredTable> tables,
          std::function<void()> has_news);
  ~Monitor() { feed_->leave(*this); }
  Monitor(const Monitor&) = delete;

  Database& database() { return database_; }
  const json::Json& id() const { return id_; }
  MonitorMethod method() const { return feed_->method(); }
  // The result of the monitor request: what is there now, or only what changed since the contents of that name where
  // they are known (monitor_cond_since).
  std::string initial(const Uuid& since) const;
  bool has_pending() const { return pending_ != nullptr; }
  // The notification for everything noted since the last one; empty when none of it matters to this monitor.
  std::string take_update();
  // monitor_cond_change: new conditions and a new name. Afterwards an update may be pending that tells the difference.
  DbStatus change_conditions(const json::Json& requests, json::Json new_id);

 private:
  friend class MonitorFeed;
  void expect(const std::shared_ptr<MonitorFeed::Batch>& batch);
  void word_start();
  std::shared_ptr<MonitorFeed::Batch> difference_to(const MonitorFeed& changed) const;

  Database& database_;
  json::Json id_;
  std::string start_;                             // of each notification, up to the updates or the transaction's name
  std::shared_ptr<MonitorFeed> feed_;
  std::shared_ptr<MonitorFeed::Batch> pending_;   // null: all has been taken
  std::function<void()> has_news_;
};

}  // namespace turnout::ovsdb::server
