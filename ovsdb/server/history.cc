// See history.h.
#include "ovsdb/server/history.h"

#include <algorithm>

namespace turnout::ovsdb::server {
namespace {
constexpr size_t kMaxTransactions = 100, kMaxRows = 10'000;
}

History::History(Database& database) {
  subscription_ = database.subscribe([this](const std::deque<Change>& changes) { note(changes); });
}

void History::note(const std::deque<Change>& changes) {
  if (changes.empty()) return;
  entries_.push_back({std::exchange(last_, Uuid::random()), changes});
  rows_ += changes.size();
  while (entries_.size() > kMaxTransactions || rows_ > kMaxRows) {
    rows_ -= entries_.front().changes.size();
    entries_.pop_front();
  }
}

std::optional<History::Missed> History::since(const Uuid& name) const {
  Missed missed;
  if (name == last_) return missed;
  auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.before == name; });
  if (at == entries_.end()) return std::nullopt;
  for (; at != entries_.end(); ++at) missed.push_back(&at->changes);
  return missed;
}

}  // namespace turnout::ovsdb::server
