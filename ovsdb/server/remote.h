// One connection method of the server: a socket to listen on, or a peer to connect to and to reconnect to. Main thread
// only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/io/reconnect.h"
#include "lib/io/stream.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

struct RemoteOptions {
  Duration max_backoff = std::chrono::seconds(8);
  // Unset: five seconds over a network, none on this host.
  std::optional<Duration> probe_interval = {};
  bool read_only = false;
  std::string role = {};               // of its clients (rbac.h); empty: they are not restricted
  std::optional<uint8_t> dscp = {};
  bool operator==(const RemoteOptions&) const = default;
};

// As the columns is_connected and status show it (ovs-vswitchd.conf.db(5), Manager).
struct RemoteStatus {
  bool connected = false;
  std::string state;         // of an active one: BACKOFF, CONNECTING, ACTIVE, IDLE; empty for a passive one
  std::string last_error;
  size_t n_connections = 0;  // of a passive one
  uint16_t bound_port = 0;
  std::optional<TimePoint> connected_at, disconnected_at;    // of an active one
  std::vector<std::string> locks_held, locks_waiting, locks_lost;
};

class Remote {
 public:
  // `changed` is called, later, when status() would give another answer. A target that cannot be understood is one that
  // cannot be reached.
  Remote(Server& server, std::string target, RemoteOptions options, std::function<void()> changed);
  ~Remote();                 // closes its connections
  Remote(const Remote&) = delete;

  const std::string& target() const { return target_; }
  const RemoteOptions& options() const { return options_; }
  bool is_active() const { return !io::is_passive_name(target_); }
  // Takes effect on the connections that exist. False: these options need another socket, nothing was done.
  bool reconfigure(const RemoteOptions& options);
  RemoteStatus status() const;

 private:
  void listen();
  void accept(std::unique_ptr<io::Stream> stream);
  void step();               // does what the reconnect state machine says
  void arm();
  void connect();
  void lost(const std::string& why);
  Duration probe_interval() const;
  io::Reconnect::Settings reconnect_settings() const;
  SessionOptions session_options();

  Server& server_;
  std::string target_;
  RemoteOptions options_;
  std::function<void()> changed_;
  std::unique_ptr<io::Listener> listener_;
  Duration listen_backoff_{0};
  std::vector<Session*> sessions_;     // an active one has one at most
  io::Reconnect reconnect_;
  std::string last_error_;
  std::optional<TimePoint> connected_at_, disconnected_at_;
  io::Handle timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace turnout::ovsdb::server
