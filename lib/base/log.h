// The log, in the reference's form and with its modules, destinations and levels (ovs-appctl(8), "LOGGING COMMANDS"):
//   2026-11-21T06:37:54.130Z|00046|bridge|INFO|message
// Any thread. A module is a static object: `static Log log{"bridge"};`.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/log_control.h"

namespace turnout {

// What a rate limit left out since it last let a line pass; times are seconds ago.
struct LogDropped {
  unsigned count = 0;
  long first_ago = 0, last_ago = 0;
};

// At most `per_minute` lines a minute with a burst of as many, per object; what is left out is counted and said.
class LogRateLimit {
 public:
  explicit LogRateLimit(int per_minute) : per_minute_(per_minute) {}
  // Whether a line may pass; then tells what was dropped before it.
  bool allow(LogDropped* dropped);

 private:
  int per_minute_;
  std::atomic<int64_t> window_start_{0};
  std::atomic<int> used_{0};
  std::atomic<unsigned> dropped_{0};
  std::atomic<int64_t> first_drop_{0}, last_drop_{0};
};

class Log {
 public:
  explicit Log(std::string_view module);  // a string literal; registers the module
  Log(const Log&) = delete;

  template <typename... A> void emer(fmt::format_string<A...> f, A&&... a) { write(LogLevel::kEmer, f, a...); }
  template <typename... A> void err(fmt::format_string<A...> f, A&&... a) { write(LogLevel::kErr, f, a...); }
  template <typename... A> void warn(fmt::format_string<A...> f, A&&... a) { write(LogLevel::kWarn, f, a...); }
  template <typename... A> void info(fmt::format_string<A...> f, A&&... a) { write(LogLevel::kInfo, f, a...); }
  template <typename... A> void dbg(fmt::format_string<A...> f, A&&... a) { write(LogLevel::kDbg, f, a...); }
  // For lines that the outside can cause: `static LogRateLimit limit{20}; log.limited(limit, LogLevel::kWarn, "…");`
  template <typename... A>
  void limited(LogRateLimit& limit, LogLevel level, fmt::format_string<A...> f, A&&... a) {
    if (!enabled(level)) return;
    if (rate_limited_.load(std::memory_order_relaxed)) {
      LogDropped dropped;
      if (!limit.allow(&dropped)) return;
      if (dropped.count) say_dropped(level, dropped);
    }
    write(level, f, a...);
  }

  bool enabled(LogLevel level) const { return level <= threshold_.load(std::memory_order_relaxed); }
  std::string_view module() const { return module_; }

 private:
  friend class LogRegistry;
  template <typename... A>
  void write(LogLevel level, fmt::string_view f, A&... a) {
    if (enabled(level)) emit(level, fmt::vformat(f, fmt::make_format_args(a...)));
  }
  void emit(LogLevel level, std::string message);
  void say_dropped(LogLevel level, const LogDropped& dropped);

  std::string_view module_;
  std::atomic<LogLevel> threshold_{LogLevel::kInfo};  // the most talkative of the destinations
  std::atomic<LogLevel> per_destination_[3];
  std::atomic<bool> rate_limited_{true};
};

}  // namespace turnout
