// When to connect, probe and give up: the reconnect state machine of a client that keeps one connection alive.
// Pure: (event, now) -> action. Back-off doubles from min to max; a probe goes out after a silent interval and the
// connection is dropped after another. ovs-vswitchd.conf.db(5), "Client Failure Detection and Handling".
#pragma once

#include <string>

#include "lib/base/clock.h"

namespace turnout::io {

class Reconnect {
 public:
  enum class Action { kNone, kConnect, kProbe, kDisconnect };
  struct Settings {
    Duration min_backoff = std::chrono::seconds(1);
    Duration max_backoff = std::chrono::seconds(8);
    Duration probe_interval = std::chrono::seconds(5);  // zero: no probes
    bool passive = false;
  };
  explicit Reconnect(Settings settings) : settings_(settings) {}
  void enable(TimePoint now);
  void disable();
  void connecting(TimePoint now);
  void connected(TimePoint now);
  void connect_failed(TimePoint now);
  void disconnected(TimePoint now);
  void activity(TimePoint now);          // something was received
  void set_probe_interval(Duration d) { settings_.probe_interval = d; }
  void set_backoff(Duration min, Duration max) {
    settings_.min_backoff = min;
    settings_.max_backoff = max;
    if (backoff_ > max) backoff_ = max;
  }
  void force(TimePoint now);             // skip the back-off
  Action run(TimePoint now);             // what to do now; call again at deadline()
  TimePoint deadline() const;
  bool is_connected() const { return state_ == State::kActive || state_ == State::kIdle; }
  Duration backoff() const { return backoff_; }

 private:
  enum class State { kVoid, kBackoff, kConnecting, kActive, kIdle };
  Settings settings_;
  State state_ = State::kVoid;
  TimePoint entered_{}, last_activity_{};
  Duration backoff_{0};
};

}  // namespace turnout::io
