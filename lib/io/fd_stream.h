// A stream over a connected or connecting socket, plain or sealed by TLS. Idle connections hold no buffer: the loop waits,
// then one shared buffer is filled. What is sent in one turn of the loop leaves at its end in one sendmsg(), or in records
// as large as TLS allows. For .cc files of lib/io only.
#pragma once

#include <deque>

#include "lib/io/loop_impl.h"
#include "lib/io/stream.h"
#include "lib/io/tls_channel.h"

namespace turnout::io {

class FdCore : public Pollable, public Flushable, public std::enable_shared_from_this<FdCore> {
 public:
  explicit FdCore(Loop& loop) : loop_(loop) {}
  ~FdCore() override;

  void start(Stream::Handler handler);
  void send(std::string bytes);
  void set_reading(bool reading);
  void close();
  size_t backlog() const { return backlog_; }

  // How the socket comes about; before or after start().
  void adopt_connected(int fd);      // also an accepted one
  void adopt_connecting(int fd);     // after EINPROGRESS
  // Before either: TLS goes over the socket, and the stream is connected when its handshake is done. `name` for the log.
  void seal(std::unique_ptr<TlsChannel> channel, std::string name);
  // The present handler lets go, from inside its connected(); another start() goes on where it stopped.
  void hand_over() { started_ = told_ = false; }
  const TlsChannel* tls() const { return tls_.get(); }
  void fail_with(int error);         // reported through closed()
  Loop& loop() { return loop_; }
  bool closed() const { return state_ == State::kClosed; }

 private:
  enum class State { kOpening, kFailed, kConnecting, kShaking, kConnected, kClosed };
  void ready(unsigned events) override;
  void flush() override;
  void own(int fd);
  void begin();                      // acts on the state once the handler is there
  void connect_ended();
  void reached();                    // the socket is connected
  void shake_hands();
  void became_connected();
  void wait();                       // for whatever the state lets happen next
  unsigned awaited() const;          // EPOLLIN, EPOLLOUT
  unsigned tls_event() const;        // after EAGAIN
  void read_some();
  ssize_t take(char* into, size_t size);
  void schedule_flush();
  int push_out();
  int push_plain();
  int push_sealed();
  void advance(size_t sent);
  void finish(const Error& error);

  Loop& loop_;
  int fd_ = -1;
  Poller::Id id_ = Poller::kNone;
  std::unique_ptr<TlsChannel> tls_;
  std::string tls_name_;
  Handle handshake_limit_;
  std::shared_ptr<const Stream::Handler> handler_;   // null before start(); a callback holds on to what it is part of
  State state_ = State::kOpening;
  int error_ = 0;
  std::deque<std::string> queue_;
  size_t backlog_ = 0, front_sent_ = 0;
  bool started_ = false, told_ = false, reading_ = true, flush_pending_ = false;   // told: that it is connected
  bool blocked_ = false;             // the kernel takes no more for now
  bool unread_ = false;              // TLS may hold bytes that the socket no longer shows
  unsigned read_event_ = EPOLLIN, write_event_ = EPOLLOUT;   // TLS may have to write in order to read, or the other way round
};

class FdStream : public Stream {
 public:
  FdStream(std::shared_ptr<FdCore> core, std::string name) : core_(std::move(core)), name_(std::move(name)) {}
  ~FdStream() override { core_->close(); }
  void start(Handler handler) override { core_->start(std::move(handler)); }
  void send(std::string bytes) override { core_->send(std::move(bytes)); }
  size_t backlog() const override { return core_->backlog(); }
  void set_reading(bool reading) override { core_->set_reading(reading); }
  void close() override { core_->close(); }
  const std::string& name() const override { return name_; }
  std::string peer_common_name() const override { return core_->tls() ? core_->tls()->peer_common_name() : std::string(); }
  FdCore& core() { return *core_; }

 private:
  std::shared_ptr<FdCore> core_;
  std::string name_;
};

}  // namespace turnout::io
