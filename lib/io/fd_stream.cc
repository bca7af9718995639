// Reading, writing and closing of one socket.
#include "lib/io/fd_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace turnout::io {

namespace {
constexpr size_t kReadSize = 64 * 1024;
constexpr int kReadsPerTurn = 4;  // then others have their turn
constexpr int kRecordsPerTurn = 16;
constexpr size_t kRecordSize = 16 * 1024;
constexpr Duration kHandshakeLimit = std::chrono::seconds(10);
constexpr size_t kPartsPerSend = 64;

Error system_error(int code) { return Error(std::generic_category().message(code), code); }
}  // namespace

void FdCore::start(Stream::Handler handler) {
  handler_ = std::make_shared<const Stream::Handler>(std::move(handler));
  started_ = true;
  told_ = false;
  begin();
}

FdCore::~FdCore() {
  if (fd_ >= 0) ::close(fd_);   // the loop went first
}

void FdCore::own(int fd) {
  fd_ = fd;
  id_ = loop_.impl().poller.add(fd, shared_from_this());
  if (tls_) tls_->attach(fd);
}

void FdCore::adopt_connected(int fd) {
  if (closed()) {
    ::close(fd);
    return;
  }
  own(fd);
  state_ = tls_ ? State::kShaking : State::kConnected;
  begin();
}

void FdCore::seal(std::unique_ptr<TlsChannel> channel, std::string name) {
  tls_ = std::move(channel);
  tls_name_ = std::move(name);
}

void FdCore::adopt_connecting(int fd) {
  if (closed()) {
    ::close(fd);
    return;
  }
  own(fd);
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
    case State::kShaking: loop_.post([self] { self->reached(); }); break;
    case State::kConnected: loop_.post([self] { self->became_connected(); }); break;
    case State::kConnecting: wait(); break;
    default: break;
  }
}

unsigned FdCore::tls_event() const { return tls_->wants_write() ? EPOLLOUT : EPOLLIN; }

unsigned FdCore::awaited() const {
  switch (state_) {
    case State::kConnecting: return EPOLLOUT;
    case State::kShaking: return tls_event();
    case State::kConnected: return told_ ? (reading_ ? read_event_ : 0) | (blocked_ ? write_event_ : 0) : 0;
    default: return 0;
  }
}

void FdCore::wait() {
  Poller& poller = loop_.impl().poller;
  if (const int error = poller.want(id_, awaited())) return fail_with(error);
  if (unread_ && reading_ && told_) poller.again(id_);
}

void FdCore::ready(unsigned events) {
  switch (state_) {
    case State::kConnecting: return connect_ended();
    case State::kShaking: return shake_hands();
    case State::kConnected: break;
    default: return;
  }
  if (blocked_ && events & write_event_) {
    blocked_ = false;
    flush();
  }
  if (!closed() && told_ && reading_ && events & read_event_) read_some();
  if (!closed()) wait();
}

void FdCore::connect_ended() {
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
  if (code) return finish(system_error(code));
  reached();
}

void FdCore::reached() {
  if (closed()) return;
  if (!tls_) {
    state_ = State::kConnected;
    return became_connected();
  }
  state_ = State::kShaking;
  handshake_limit_ = loop_.after(kHandshakeLimit, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish(system_error(ETIMEDOUT));
  });
  shake_hands();
}

void FdCore::shake_hands() {
  const int error = tls_->handshake(tls_name_);
  if (error == EAGAIN) return wait();
  handshake_limit_.reset();
  if (error) return finish(system_error(error));
  state_ = State::kConnected;
  unread_ = true;   // the peer's first bytes may have come along with its last of the handshake
  became_connected();
}

void FdCore::became_connected() {
  if (closed()) return;
  told_ = true;
  const auto handler = handler_;
  if (handler->connected) handler->connected();
  if (closed()) return;
  if (started_ && !queue_.empty()) schedule_flush();
  wait();
}

// Bytes read, 0 at the end of the stream, or the negative of an errno value.
ssize_t FdCore::take(char* into, size_t size) {
  if (tls_) return tls_->read(into, size);
  const ssize_t n = ::recv(fd_, into, size, MSG_DONTWAIT);
  return n < 0 ? -errno : n;
}

void FdCore::read_some() {
  static thread_local std::array<char, kReadSize> shared;
  const int turns = tls_ ? kRecordsPerTurn : kReadsPerTurn;
  unread_ = tls_ != nullptr;
  for (int turn = 0; turn < turns; ++turn) {
    const ssize_t n = take(shared.data(), shared.size());
    if (n == -EINTR) continue;
    if (n == -EAGAIN) {
      unread_ = false;
      if (tls_) read_event_ = tls_event();
      break;
    }
    if (n < 0) return finish(system_error(static_cast<int>(-n)));
    if (n == 0) return finish(Error("", 0));
    // A callback may run the loop again, which would reuse the shared buffer: only short of that is it safe to lend.
    const std::string bytes(shared.data(), static_cast<size_t>(n));
    const auto handler = handler_;
    if (handler->received) handler->received(bytes);
    if (closed() || !reading_) return;
    if (!tls_ && static_cast<size_t>(n) < shared.size()) break;
  }
}

void FdCore::set_reading(bool reading) {
  if (std::exchange(reading_, reading) != reading && told_) wait();
}

void FdCore::send(std::string bytes) {
  if (bytes.empty() || closed()) return;
  backlog_ += bytes.size();
  queue_.push_back(std::move(bytes));
  schedule_flush();
}

void FdCore::schedule_flush() {
  if (flush_pending_ || blocked_ || state_ != State::kConnected || !started_) return;
  flush_pending_ = true;
  loop_.impl().flush_later(shared_from_this());
}

// Gives the kernel what it takes: 0 when all went, EAGAIN when it is full, else the error.
int FdCore::push_out() { return tls_ ? push_sealed() : push_plain(); }

int FdCore::push_plain() {
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
    // One part, as most updates and answers are, costs less by send().
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const ssize_t n = count == 1 ? ::send(fd_, parts[0].iov_base, parts[0].iov_len, flags) : ::sendmsg(fd_, &message, flags);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    advance(static_cast<size_t>(n));
  }
  return 0;
}

// Short messages share a record. What is offered again after EAGAIN begins with the same bytes, as TLS requires: the
// queue only grows at its end.
int FdCore::push_sealed() {
  static thread_local std::array<char, kRecordSize> record;
  while (!queue_.empty()) {
    const char* from = queue_.front().data() + front_sent_;
    size_t size = queue_.front().size() - front_sent_;
    if (size < record.size() && queue_.size() > 1) {
      memcpy(record.data(), from, size);
      for (auto part = queue_.begin() + 1; part != queue_.end() && size < record.size(); ++part) {
        const size_t more = std::min(part->size(), record.size() - size);
        memcpy(record.data() + size, part->data(), more);
        size += more;
      }
      from = record.data();
    }
    const ssize_t n = tls_->write(from, size);
    if (n < 0) return static_cast<int>(-n);
    advance(static_cast<size_t>(n));
  }
  return 0;
}

void FdCore::advance(size_t sent) {
  backlog_ -= sent;
  front_sent_ += sent;
  while (!queue_.empty() && front_sent_ >= queue_.front().size()) {
    front_sent_ -= queue_.front().size();
    queue_.pop_front();
  }
}

void FdCore::flush() {
  flush_pending_ = false;
  if (closed() || blocked_ || queue_.empty()) return;
  const int error = push_out();
  if (error == EAGAIN) {
    blocked_ = true;
    if (tls_) write_event_ = tls_event();
    return wait();
  }
  if (error) return finish(system_error(error));
  const auto handler = handler_;
  if (handler->drained) handler->drained();
}

void FdCore::finish(const Error& error) {
  if (closed()) return;
  const auto handler = handler_;
  close();
  if (handler && handler->closed) handler->closed(error);
}

void FdCore::close() {
  if (closed()) return;
  if (state_ == State::kConnected) {
    push_out();  // a last chance for what fits without waiting
    if (tls_) tls_->shut_down();
  }
  handshake_limit_.reset();
  state_ = State::kClosed;
  loop_.impl().poller.remove(id_);
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  queue_.clear();
  backlog_ = 0;
  // The handler may be what is running now; it and what it holds go when the loop is back.
  loop_.post([handler = std::move(handler_)] {});
}

}  // namespace turnout::io
