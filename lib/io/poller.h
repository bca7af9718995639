// The descriptors that a loop waits for: one epoll set. A descriptor is entered once and stays, level-triggered; the kernel
// is told again only when its owner waits for something else, so that a message costs no call beside the wait itself.
// Nothing is forgotten by reading less than there is. For .cc files of lib/io only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace turnout::io {

// What is called when a descriptor is ready. It may remove itself, and others.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void ready(unsigned events) = 0;   // EPOLLIN, EPOLLOUT: of those that are waited for; an error wakes all of them
};

class Poller {
 public:
  using Id = uint64_t;   // of one registration, never of another one later
  static constexpr Id kNone = 0;

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;

  // Waits for nothing yet. The target lives until remove().
  Id add(int fd, std::shared_ptr<Pollable> target);
  // From now on ready() is called for these; 0: for nothing, errors and the end of the peer neither. A file that cannot be
  // waited for is always ready. 0 or an errno value.
  int want(Id id, uint32_t events);
  // Calls ready() in the next turn with what is waited for, whatever the kernel says: the owner holds bytes itself.
  void again(Id id);
  // Before the descriptor is closed: a child process may share it, and then closing would not end the registration.
  void remove(Id id);

  // Waits until something is ready or the time is over (negative: without end), and keeps what is ready.
  void wait(int timeout_ms);
  bool has_more() const { return !again_.empty(); }   // waiting would not wait
  // Calls one ready(); false when nothing is left of the last wait().
  bool dispatch_one();

 private:
  struct Entry {
    std::shared_ptr<Pollable> target;   // null: free
    uint32_t generation = 1;
    int fd = -1;
    uint32_t wanted = 0;
    bool in_set = false, always_ready = false, again = false;
  };
  Entry* find(Id id);
  int tell_kernel(Entry& entry, Id id, uint32_t events);
  bool dispatch(Id id, uint32_t events);

  int epoll_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;
  std::array<epoll_event, 128> ready_;
  int next_ = 0, n_ready_ = 0;
  std::vector<Id> again_, running_;   // those of the next turn, those of this one
};

}  // namespace turnout::io
