// Reading, writing and closing of one socket.
#include "lib/io/fd_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace turnout::io {

namespace {
constexpr size_t kReadSize = 64 * 1024;
constexpr int kReadsPerTurn = 4;  // then others have their turn
constexpr size_t kPartsPerSend = 64;

Error system_error(int code) { return Error(std::generic_category().message(code), code); }
}  // namespace

void FdCore::start(Stream::Handler handler) {
  handler_ = std::move(handler);
  started_ = true;
  begin();
}

void FdCore::adopt_connected(int fd) {
  if (closed()) {
    ::close(fd);
    return;
  }
  descriptor_.assign(fd);
  state_ = State::kConnected;
  begin();
}

void FdCore::adopt_connecting(int fd) {
  if (closed()) {
    ::close(fd);
    return;
  }
  descriptor_.assign(fd);
  state_ = State::kConnecting;
  begin();
}

void FdCore::fail_with(int error) {
  if (closed()) return;
  state_ = State::kFailed;
  error_ = error;
  begin();
}

void FdCore::begin() {
  if (!started_) return;
  const auto self = shared_from_this();
  switch (state_) {
    case State::kFailed: loop_.post([self] { self->finish(system_error(self->error_)); }); break;
    case State::kConnected: loop_.post([self] { self->became_connected(); }); break;
    case State::kConnecting:
      descriptor_.async_wait(descriptor_.wait_write, [self](const asio::error_code& error) {
        if (error || self->closed()) return;
        int code = 0;
        socklen_t size = sizeof code;
        getsockopt(self->descriptor_.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size);
        if (code) return self->finish(system_error(code));
        self->state_ = State::kConnected;
        self->became_connected();
      });
      break;
    default: break;
  }
}

void FdCore::became_connected() {
  if (closed()) return;
  const auto connected = handler_.connected;
  if (connected) connected();
  if (closed()) return;
  wait_readable();
  if (!queue_.empty()) schedule_flush();
}

void FdCore::wait_readable() {
  if (read_pending_ || !reading_ || state_ != State::kConnected) return;
  read_pending_ = true;
  descriptor_.async_wait(descriptor_.wait_read, [self = shared_from_this()](const asio::error_code& error) {
    self->read_pending_ = false;
    if (error || self->closed() || !self->reading_) return;
    self->read_some();
  });
}

void FdCore::read_some() {
  static thread_local std::array<char, kReadSize> shared;
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const ssize_t n = ::recv(descriptor_.native_handle(), shared.data(), shared.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return finish(system_error(errno));
    if (n == 0) return finish(Error("", 0));
    // A callback may run the loop again, which would reuse the shared buffer: only short of that is it safe to lend.
    const std::string bytes(shared.data(), static_cast<size_t>(n));
    const auto received = handler_.received;
    if (received) received(bytes);
    if (closed() || !reading_) return;
    if (static_cast<size_t>(n) < shared.size()) break;
  }
  wait_readable();
}

void FdCore::set_reading(bool reading) {
  reading_ = reading;
  if (reading && started_) wait_readable();
}

void FdCore::send(std::string bytes) {
  if (bytes.empty() || closed()) return;
  backlog_ += bytes.size();
  queue_.push_back(std::move(bytes));
  schedule_flush();
}

void FdCore::schedule_flush() {
  if (flush_pending_ || state_ != State::kConnected || !started_) return;
  flush_pending_ = true;
  loop_.post([self = shared_from_this()] {
    self->flush_pending_ = false;
    self->flush();
  });
}

// Gives the kernel what it takes: 0 when all went, EAGAIN when it is full, else the error.
int FdCore::push_out() {
  while (!queue_.empty()) {
    std::array<iovec, kPartsPerSend> parts;
    size_t count = 0;
    for (auto part = queue_.begin(); part != queue_.end() && count < parts.size(); ++part, ++count) {
      const size_t skip = count == 0 ? front_sent_ : 0;
      parts[count] = {part->data() + skip, part->size() - skip};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t n = ::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    backlog_ -= static_cast<size_t>(n);
    front_sent_ += static_cast<size_t>(n);
    while (!queue_.empty() && front_sent_ >= queue_.front().size()) {
      front_sent_ -= queue_.front().size();
      queue_.pop_front();
    }
  }
  return 0;
}

void FdCore::flush() {
  if (closed() || queue_.empty()) return;
  const int error = push_out();
  if (error == EAGAIN) return wait_writable();
  if (error) return finish(system_error(error));
  const auto drained = handler_.drained;
  if (drained) drained();
}

void FdCore::wait_writable() {
  flush_pending_ = true;
  descriptor_.async_wait(descriptor_.wait_write, [self = shared_from_this()](const asio::error_code& error) {
    self->flush_pending_ = false;
    if (!error && !self->closed()) self->flush();
  });
}

void FdCore::finish(const Error& error) {
  if (closed()) return;
  const auto ended = handler_.closed;
  close();
  if (ended) ended(error);
}

void FdCore::close() {
  if (closed()) return;
  if (state_ == State::kConnected) push_out();  // a last chance for what fits without waiting
  state_ = State::kClosed;
  asio::error_code ignored;
  descriptor_.close(ignored);
  queue_.clear();
  backlog_ = 0;
  // The handler may be what is running now; it and what it holds go when the loop is back.
  loop_.post([handler = std::make_shared<Stream::Handler>(std::move(handler_))] {});
}

}  // namespace turnout::io
