// One connection method of the server: a socket to listen on, or a peer to connect to and to reconnect to. Main thread
// only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/io/stream.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

struct RemoteOptions {
  Duration max_backoff = std::chrono::seconds(8);
  // Unset: five seconds over a network, none on this host.
  std::optional<Duration> probe_interval = {};
  bool read_only = false;
  bool operator==(const RemoteOptions&) const = default;
};

struct RemoteStatus {
  bool connected = false;
  std::string state;         // of an active one: BACKOFF, CONNECTING, ACTIVE
  std::string last_error;
  size_t n_connections = 0;
  uint16_t bound_port = 0;
  std::optional<TimePoint> connected_at, disconnected_at;
};

class Remote {
 public:
  // `changed` is called, later, when status() would give another answer.
  Remote(Server& server, std::string target, RemoteOptions options, std::function<void()> changed);
  ~Remote();
  Remote(const Remote&) = delete;

  const std::string& target() const { return target_; }
  const RemoteOptions& options() const { return options_; }
  RemoteStatus status() const;
  // What is wrong with the target's form; an empty text when nothing is.
  static std::string complaint(std::string_view target);

 private:
  void listen();
  void connect();
  void try_again(const std::string& why);
  SessionOptions session_options();

  Server& server_;
  std::string target_;
  RemoteOptions options_;
  std::function<void()> changed_;
  std::unique_ptr<io::Listener> listener_;
  Session* active_ = nullptr;
  size_t n_connections_ = 0;
  Duration backoff_{0};
  std::string state_, last_error_;
  std::optional<TimePoint> connected_at_, disconnected_at_;
  io::Handle retry_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace turnout::ovsdb::server
