// Locks that clients take by name (RFC 7047 §4.1.8–4.1.10, `assert` §5.2.10). Each lock has a queue; its head owns it.
// One table per server; main thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace turnout::ovsdb::server {

// Who asks for locks. Told when a lock it waited for becomes its own, or is stolen from it.
class LockHolder {
 public:
  virtual ~LockHolder() = default;
  virtual void notify_locked(const std::string& lock) = 0;
  virtual void notify_stolen(const std::string& lock) = 0;
};

class LockTable {
 public:
  bool owns(const LockHolder& holder, std::string_view lock) const;
  bool waits_or_owns(const LockHolder& holder, std::string_view lock) const;
  // Queues the holder; true if it owns the lock at once. `steal` puts it at the head; the owner so far waits behind it,
  // unless it is a thief itself: what is stolen twice does not come back.
  bool lock(LockHolder& holder, std::string_view lock, bool steal);
  // False if the holder had not asked for it.
  bool unlock(LockHolder& holder, std::string_view lock);
  void unlock_all(LockHolder& holder);
  size_t size() const { return queues_.size(); }
  // The locks that the holder owns; waits for; stole and was robbed of.
  enum class Kind { kHeld, kWaiting, kLost };
  std::vector<std::string> names(const LockHolder& holder, Kind kind) const;

 private:
  struct Claim {
    LockHolder* holder;
    bool by_theft;
  };
  struct Queue {
    std::deque<Claim> claims;             // the head owns the lock
    std::vector<LockHolder*> robbed;      // thieves that were robbed: they wait no more and have yet to unlock
  };
  std::map<std::string, Queue, std::less<>> queues_;
};

}  // namespace turnout::ovsdb::server
