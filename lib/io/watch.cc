// Descriptors of others on the loop.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "lib/base/log.h"
#include "lib/io/loop_impl.h"

namespace turnout::io {

namespace {

Log log{"poll_loop"};

// Waits on a duplicate, so that the caller's descriptor is never closed here and several watches may share it.
struct Watch : Pollable {
  explicit Watch(std::function<void(unsigned)> r) : work(std::move(r)) {}
  ~Watch() override { close_duplicate(); }

  void ready(unsigned events) override {
    work((events & EPOLLIN ? unsigned{Loop::kReadable} : 0u) | (events & EPOLLOUT ? unsigned{Loop::kWritable} : 0u));
  }
  void close_duplicate() {
    if (duplicate >= 0) ::close(std::exchange(duplicate, -1));
  }

  std::function<void(unsigned)> work;
  int duplicate = -1;
};

}  // namespace

Handle Loop::watch(int fd, unsigned events, std::function<void(unsigned)> ready) {
  const auto watch = std::make_shared<Watch>(std::move(ready));
  watch->duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  int error = watch->duplicate < 0 ? errno : 0;
  Poller::Id id = Poller::kNone;
  if (!error) {
    id = impl_->poller.add(watch->duplicate, watch);
    error = impl_->poller.want(id, (events & kReadable ? uint32_t{EPOLLIN} : 0u) | (events & kWritable ? uint32_t{EPOLLOUT} : 0u));
  }
  if (error) log.err("cannot wait for descriptor {} ({})", fd, std::generic_category().message(error));
  return Handle([watch, id, loop = std::weak_ptr(impl_)] {
    if (const auto impl = loop.lock()) impl->poller.remove(id);
    watch->close_duplicate();
  });
}

}  // namespace turnout::io
