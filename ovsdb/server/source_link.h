// The connection to a server that a database is copied from: requests with their answers on top of a session that
// reconnects by itself. Used by replication and by relays. Main thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "lib/ovsdb/session.h"

namespace turnout::ovsdb::server {

class SourceLink {
 public:
  struct Settings {
    std::string remotes;                               // active connection methods, separated by commas
    Duration max_backoff = std::chrono::seconds(8);
    Duration probe_interval = kProbe;                  // zero: no probes
    std::optional<uint8_t> dscp = {};                  // marks the packets; none: the kernel's default
  };
  static constexpr Duration kProbe = std::chrono::seconds(60);
  // A probe interval as commands and files name it: milliseconds, zero for none, otherwise a second at least.
  static Duration probe_interval(int64_t ms);

  using Answer = std::function<void(const json::Message& reply)>;   // a reply or an error
  struct Handler {
    std::function<void()> connected;
    std::function<void(const json::Message&)> notified;
    std::function<void(const Error&)> disconnected;    // also after an attempt that failed; no answer comes any more
  };
  SourceLink(io::Loop& loop, const Settings& settings, Handler handler);

  bool is_connected() const { return session_.is_connected(); }
  // The answer is given once, unless the connection goes first. Returns the request's id.
  int64_t request(const char* method, json::Json params, Answer answer);
  void notify(const char* method, json::Json params) { session_.send(json::Message::notify(method, std::move(params))); }
  // Gives the connection up; the next one comes after the back-off.
  void drop(const std::string& why) { session_.drop(Error(why)); }
  void set_probe_interval(Duration interval) { session_.set_probe_interval(interval); }

 private:
  void receive(const json::Message& message);

  Handler handler_;
  std::unordered_map<int64_t, Answer> open_;           // requests without an answer
  int64_t next_id_ = 0;
  ovsdb::Session session_;
};

}  // namespace turnout::ovsdb::server
