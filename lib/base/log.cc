// Log objects and the functions of log_control: thin doors to the registry.
#include "lib/base/log.h"

#include "lib/base/clock.h"
#include "lib/base/log_registry.h"

namespace turnout {

bool LogRateLimit::allow(LogDropped* dropped) {
  constexpr int64_t kMinute = 60'000'000'000;
  const int64_t now = process_clock().now().ns;
  int64_t start = window_start_.load(std::memory_order_relaxed);
  if (start == 0 || now - start >= kMinute) {
    if (window_start_.compare_exchange_strong(start, now, std::memory_order_relaxed)) {
      used_.store(0, std::memory_order_relaxed);
    }
  }
  if (used_.fetch_add(1, std::memory_order_relaxed) >= per_minute_) {
    used_.fetch_sub(1, std::memory_order_relaxed);
    if (dropped_.fetch_add(1, std::memory_order_relaxed) == 0) first_drop_.store(now, std::memory_order_relaxed);
    last_drop_.store(now, std::memory_order_relaxed);
    return false;
  }
  dropped->count = dropped_.exchange(0, std::memory_order_relaxed);
  dropped->first_ago = static_cast<long>((now - first_drop_.load(std::memory_order_relaxed)) / 1'000'000'000);
  dropped->last_ago = static_cast<long>((now - last_drop_.load(std::memory_order_relaxed)) / 1'000'000'000);
  return true;
}

Log::Log(std::string_view module) : module_(module) { LogRegistry::get().add(this); }

void Log::emit(LogLevel level, std::string message) { LogRegistry::get().write(*this, level, message); }

void Log::say_dropped(LogLevel level, const LogDropped& d) {
  emit(level, fmt::format("Dropped {} log messages in last {} seconds (most recently, {} seconds ago) due to excessive "
                          "rate", d.count, d.first_ago, d.last_ago));
}

namespace log_control {

void set_program(std::string_view name) { LogRegistry::get().set_program(name); }
Status set(std::string_view spec) { return LogRegistry::get().set(spec); }
void set_level(LogDestination destination, LogLevel level) { LogRegistry::get().set_level(destination, level); }
Status open_file(std::string_view path) { return LogRegistry::get().open_file(path); }
Status reopen_file() { return LogRegistry::get().reopen_file(); }
void close_file() { LogRegistry::get().close_file(); }
std::string file_path() { return LogRegistry::get().file_path(); }
void set_console_enabled(bool enabled) { LogRegistry::get().set_console_enabled(enabled); }
void quiet_console() { LogRegistry::get().quiet_console(); }
Status set_rate_limited(std::span<const std::string> names, bool limited) {
  return LogRegistry::get().set_rate_limited(names, limited);
}
Status set_syslog_target(std::string_view target) { return LogRegistry::get().set_syslog("", target); }
Status set_syslog_method(std::string_view method) { return LogRegistry::get().set_syslog(method, ""); }
std::string list() { return LogRegistry::get().list(); }
std::string list_patterns() { return LogRegistry::get().list_patterns(); }

}  // namespace log_control

}  // namespace turnout
