// The queue of each lock.
#include "ovsdb/server/lock.h"

#include <algorithm>
#include <vector>

namespace turnout::ovsdb::server {

namespace {

auto of(const LockHolder& holder) {
  return [&holder](const auto& claim) { return claim.holder == &holder; };
}

}  // namespace

bool LockTable::owns(const LockHolder& holder, std::string_view lock) const {
  auto it = queues_.find(lock);
  return it != queues_.end() && !it->second.claims.empty() && it->second.claims.front().holder == &holder;
}

bool LockTable::waits_or_owns(const LockHolder& holder, std::string_view lock) const {
  auto it = queues_.find(lock);
  if (it == queues_.end()) return false;
  const auto& [claims, robbed] = it->second;
  return std::any_of(claims.begin(), claims.end(), of(holder)) || std::find(robbed.begin(), robbed.end(), &holder) != robbed.end();
}

bool LockTable::lock(LockHolder& holder, std::string_view lock, bool steal) {
  auto it = queues_.find(lock);
  if (it == queues_.end()) it = queues_.emplace(std::string(lock), Queue{}).first;
  auto& [claims, robbed] = it->second;
  if (!steal || claims.empty()) {
    claims.push_back({&holder, steal});
    return claims.size() == 1;
  }
  const Claim victim = claims.front();
  if (victim.by_theft) {
    claims.pop_front();
    robbed.push_back(victim.holder);
  }
  claims.push_front({&holder, true});
  victim.holder->notify_stolen(it->first);
  return true;
}

bool LockTable::unlock(LockHolder& holder, std::string_view lock) {
  auto it = queues_.find(lock);
  if (it == queues_.end()) return false;
  auto& [claims, robbed] = it->second;
  auto at = std::find_if(claims.begin(), claims.end(), of(holder));
  const bool was_owner = at != claims.end() && at == claims.begin();
  if (at != claims.end()) claims.erase(at);
  else if (std::erase(robbed, &holder) == 0) return false;
  if (was_owner && !claims.empty()) claims.front().holder->notify_locked(it->first);
  else if (claims.empty() && robbed.empty()) queues_.erase(it);
  return true;
}

void LockTable::unlock_all(LockHolder& holder) {
  std::vector<std::string> names;
  for (const auto& [name, queue] : queues_)
    if (waits_or_owns(holder, name)) names.push_back(name);
  for (const std::string& name : names) unlock(holder, name);
}

std::vector<std::string> LockTable::names(const LockHolder& holder, Kind kind) const {
  std::vector<std::string> found;
  for (const auto& [name, queue] : queues_) {
    const auto& [claims, robbed] = queue;
    const auto at = std::find_if(claims.begin(), claims.end(), of(holder));
    const bool lost = std::find(robbed.begin(), robbed.end(), &holder) != robbed.end();
    const bool held = at != claims.end() && at == claims.begin(), waiting = at != claims.end() && !held;
    if ((kind == Kind::kHeld && held) || (kind == Kind::kWaiting && waiting) || (kind == Kind::kLost && lost)) found.push_back(name);
  }
  return found;
}

}  // namespace turnout::ovsdb::server
