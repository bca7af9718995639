// Named event counters ("coverage"): `static Counter c{"bridge_reconfigure"}; c.add();`. Any thread; adding is one
// relaxed atomic. Averages are sampled by sample_counters(), which the main loop calls every five seconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnout {

class Counter {
 public:
  explicit Counter(const char* name);  // a string literal; the object must be static
  Counter(const Counter&) = delete;
  void add(uint64_t n = 1) { total_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  const char* name() const { return name_; }

 private:
  const char* name_;
  std::atomic<uint64_t> total_{0};
};

void sample_counters();
std::string counters_text();                                       // coverage/show
std::optional<uint64_t> read_counter(std::string_view name);       // coverage/read-counter

}  // namespace turnout
