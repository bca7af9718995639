// Descriptors and signals on the loop.
#include <fcntl.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>

#include "lib/io/loop_impl.h"

namespace turnout::io {

namespace {

using asio::posix::stream_descriptor;

// Waits on a duplicate, so that the caller's descriptor is never closed here and several watches may share it.
struct Watch : std::enable_shared_from_this<Watch> {
  Watch(asio::io_context& c, std::function<void(unsigned)> r) : context(c), descriptor(c), ready(std::move(r)) {}

  void wait(unsigned event) {
    const auto handler = [self = shared_from_this(), event](const asio::error_code& error) {
      if (error || !self->active) return;
      self->ready(event);
      if (self->active) self->wait(event);
    };
    if (!pollable) {
      asio::post(context, [handler] { handler({}); });
      return;
    }
    descriptor.async_wait(event == Loop::kReadable ? stream_descriptor::wait_read : stream_descriptor::wait_write,
                          handler);
  }

  void cancel() {
    active = false;
    asio::error_code ignored;
    descriptor.close(ignored);
  }

  asio::io_context& context;
  stream_descriptor descriptor;
  std::function<void(unsigned)> ready;
  bool active = true;
  bool pollable = true;  // regular files are always ready
};

}  // namespace

Handle Loop::watch(int fd, unsigned events, std::function<void(unsigned)> ready) {
  auto watch = std::make_shared<Watch>(impl_->context, std::move(ready));
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  asio::error_code error;
  if (duplicate >= 0) watch->descriptor.assign(duplicate, error);
  if (duplicate < 0 || error) {
    if (duplicate >= 0) ::close(duplicate);
    watch->pollable = false;
  }
  if (events & kReadable) watch->wait(kReadable);
  if (events & kWritable) watch->wait(kWritable);
  return Handle([watch, loop = std::weak_ptr(impl_)] {
    if (loop.lock()) watch->cancel();
    else watch->active = false;
  });
}

namespace {
struct SignalWatch : std::enable_shared_from_this<SignalWatch> {
  SignalWatch(asio::io_context& context, int signal, std::function<void()> w)
      : set(context, signal), work(std::move(w)) {}
  void wait() {
    set.async_wait([self = shared_from_this()](const asio::error_code& error, int) {
      if (error || !self->active) return;
      self->work();
      if (self->active) self->wait();
    });
  }
  asio::signal_set set;
  std::function<void()> work;
  bool active = true;
};
}  // namespace

Handle Loop::on_signal(int signal, std::function<void()> work) {
  auto watch = std::make_shared<SignalWatch>(impl_->context, signal, std::move(work));
  watch->wait();
  return Handle([watch, loop = std::weak_ptr(impl_)] {
    watch->active = false;
    asio::error_code ignored;
    if (!loop.lock()) return;
    watch->set.cancel(ignored);  // clear() alone would forget the pending wait
    watch->set.clear(ignored);
  });
}

}  // namespace turnout::io
