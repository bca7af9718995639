// The queue of each lock.
#include "ovsdb/server/lock.h"

#include <algorithm>
#include <vector>

namespace turnout::ovsdb::server {

bool LockTable::owns(const LockHolder& holder, std::string_view lock) const {
  auto it = queues_.find(lock);
  return it != queues_.end() && it->second.front() == &holder;
}

bool LockTable::waits_or_owns(const LockHolder& holder, std::string_view lock) const {
  auto it = queues_.find(lock);
  return it != queues_.end() && std::find(it->second.begin(), it->second.end(), &holder) != it->second.end();
}

bool LockTable::lock(LockHolder& holder, std::string_view lock, bool steal) {
  auto it = queues_.find(lock);
  if (it == queues_.end()) it = queues_.emplace(std::string(lock), std::deque<LockHolder*>()).first;
  auto& queue = it->second;
  if (!steal || queue.empty()) {
    queue.push_back(&holder);
    return queue.size() == 1;
  }
  LockHolder* const victim = queue.front();
  queue.push_front(&holder);
  victim->notify_stolen(it->first);
  return true;
}

bool LockTable::unlock(LockHolder& holder, std::string_view lock) {
  auto it = queues_.find(lock);
  if (it == queues_.end()) return false;
  auto& queue = it->second;
  auto at = std::find(queue.begin(), queue.end(), &holder);
  if (at == queue.end()) return false;
  const bool was_owner = at == queue.begin();
  queue.erase(at);
  if (queue.empty()) queues_.erase(it);
  else if (was_owner) queue.front()->notify_locked(it->first);
  return true;
}

void LockTable::unlock_all(LockHolder& holder) {
  std::vector<std::string> names;
  for (const auto& [name, queue] : queues_)
    if (std::find(queue.begin(), queue.end(), &holder) != queue.end()) names.push_back(name);
  for (const std::string& name : names) unlock(holder, name);
}

}  // namespace turnout::ovsdb::server
