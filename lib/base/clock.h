// The one source of time. Monotonic nanoseconds, which `time/stop` can halt and `time/warp` advance, and the wall
// clock for logs. Reading is safe on any thread; stopping and warping belong to the main thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace turnout {

using Duration = std::chrono::nanoseconds;
// Time since an unspecified start; only differences mean anything.
struct TimePoint {
  int64_t ns = 0;
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return {t.ns + d.count()}; }
  friend constexpr TimePoint operator-(TimePoint t, Duration d) { return {t.ns - d.count()}; }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return Duration(a.ns - b.ns); }
  constexpr int64_t ms() const { return ns / 1'000'000; }
};
inline constexpr TimePoint kNever{INT64_MAX};

class Clock {
 public:
  TimePoint now() const;           // stopped or warped time counts
  int64_t wall_ms() const;         // milliseconds since 1970, moves with warps
  void stop();                     // from now on only warp() moves time
  void warp(Duration by);          // advances; only sets the time: io::Loop::warp() also runs what falls due
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

 private:
  static int64_t real_now();
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> frozen_{0};  // the time while stopped
  std::atomic<int64_t> warped_{0};  // sum of warps
};

// The clock of this process.
Clock& process_clock();

}  // namespace turnout
