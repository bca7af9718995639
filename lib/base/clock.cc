// The process's time: the monotonic clock of the system, unless it was stopped or warped.
#include "lib/base/clock.h"

#include <ctime>

namespace turnout {

namespace {
int64_t read_ns(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}
}  // namespace

int64_t Clock::real_now() { return read_ns(CLOCK_MONOTONIC); }

TimePoint Clock::now() const {
  if (stopped_.load(std::memory_order_acquire)) return {frozen_.load(std::memory_order_relaxed)};
  return {real_now() + warped_.load(std::memory_order_relaxed)};
}

int64_t Clock::wall_ms() const {
  const int64_t ahead = now().ns - real_now();
  return (read_ns(CLOCK_REALTIME) + ahead) / 1'000'000;
}

void Clock::stop() {
  if (stopped()) return;
  frozen_.store(now().ns, std::memory_order_relaxed);
  stopped_.store(true, std::memory_order_release);
}

void Clock::warp(Duration by) {
  (stopped() ? frozen_ : warped_).fetch_add(by.count(), std::memory_order_relaxed);
}

Clock& process_clock() {
  static Clock clock;
  return clock;
}

}  // namespace turnout
