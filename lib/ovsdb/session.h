// A client's connection to one OVSDB server that comes back by itself: JSON-RPC over a stream, reconnected with back-off,
// probed with echo requests when silent (RFC 7047 §4.1.11). Answers the server's own echo. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/io/loop.h"
#include "lib/io/reconnect.h"
#include "lib/json/jsonrpc.h"

namespace turnout::ovsdb {

// Why a connection ended or did not come about, as messages put it in parentheses: "Connection refused", "End of file".
std::string connection_error_text(const Error& error);

class Session {
 public:
  struct Options {
    io::Reconnect::Settings reconnect;
    bool retry = true;               // false: the first failure or loss ends the session (is_alive() false)
    bool shuffle = false;            // try the remotes in any order
    std::optional<uint8_t> dscp = {};// marks the packets, as io::Stream::connect() has it
  };
  struct Handler {
    std::function<void()> connected;
    std::function<void(json::Message)> received;     // everything but echo
    std::function<void(const Error&)> disconnected;  // lost, or an attempt failed
  };
  // Remotes are tried in turn ("a,b,c" as ovsdb(7) allows). Connecting starts on the loop, not in here. A passive remote
  // ("punix:", "ptcp:", "pssl:") waits for the server to connect, one at a time, however long that takes.
  Session(io::Loop& loop, std::string_view remotes, Options options, Handler handler);
  ~Session();

  bool is_connected() const { return connected_; }
  bool is_alive() const { return alive_; }           // connected, or will try (again)
  const Error& last_error() const { return last_error_; }
  const std::string& remote() const { return remotes_[current_]; }
  void send(const json::Message& message);           // dropped when not connected
  void send_text(std::string message);               // one serialised message
  void drop(const Error& error);                     // gives this connection up; the back-off decides about the next
  bool has_choice() const { return remotes_.size() > 1; }
  void try_next(const Error& error);                 // as drop(), and goes on with the next remote even without `retry`
  void force_reconnect();                            // at once
  void set_probe_interval(Duration d);
  json::Json next_id() { return json::Json(int64_t{next_id_++}); }

 private:
  void step();                                       // does what the state machine says, arms the next deadline
  void arm();
  void connect();
  void listen();
  void talk_over(std::unique_ptr<io::Stream> stream);
  void established();
  void lost(const Error& error);
  void receive(json::Message message);

  io::Loop& loop_;
  Options options_;
  Handler handler_;
  std::vector<std::string> remotes_;
  size_t current_ = 0;
  io::Reconnect reconnect_;
  std::unique_ptr<json::Connection> connection_;
  std::unique_ptr<io::Listener> listener_;
  io::Handle timer_;
  Error last_error_{""};
  int64_t next_id_ = 0;
  bool connected_ = false, alive_ = true;
  std::shared_ptr<bool> guard_ = std::make_shared<bool>(true);
};

}  // namespace turnout::ovsdb
