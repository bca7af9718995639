// The last transactions of a database and their names, for clients that come back and ask for what they missed
// (ovsdb-server(7), "Monitor_cond_since"). Kept in memory: a server that starts anew names its contents anew, and knows
// nothing of what was before. Main thread only.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

class History {
 public:
  // From now on. Bounded by the number of transactions and of rows in them.
  explicit History(Database& database);

  // Names the contents that are there now; never the zero UUID.
  const Uuid& last() const { return last_; }
  using Missed = std::vector<const std::deque<Change>*>;
  // What changed after the contents of this name, oldest first; nullopt: not known (any more).
  std::optional<Missed> since(const Uuid& name) const;

 private:
  struct Entry {
    Uuid before;                     // names the contents that it changed
    std::deque<Change> changes;
  };
  void note(const std::deque<Change>& changes);

  Uuid last_ = Uuid::random();
  std::deque<Entry> entries_;
  size_t rows_ = 0;
  Database::Subscription subscription_;
};

}  // namespace turnout::ovsdb::server
