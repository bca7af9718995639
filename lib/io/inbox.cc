// Posting and taking work, and waking the loop for it.
#include "lib/io/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace turnout::io {

Inbox::Inbox() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Inbox::~Inbox() { ::close(wake_fd_); }

// Nobody reads the counter: every write is an edge, and it does not overflow.
void Inbox::wake() {
  const uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);
}

void Inbox::post(std::function<void()> work) {
  bool asleep = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    work_.push_back(std::move(work));
    asleep = std::exchange(asleep_, false);
  }
  if (asleep) wake();
}

void Inbox::close() {
  Work dropped;   // what it holds may post when it goes
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(work_);
}

void Inbox::take(Work& into) {
  const std::lock_guard lock(mutex_);
  into.swap(work_);
}

bool Inbox::may_sleep() {
  const std::lock_guard lock(mutex_);
  asleep_ = work_.empty();
  return asleep_;
}

void Inbox::awake() {
  const std::lock_guard lock(mutex_);
  asleep_ = false;
}

}  // namespace turnout::io
