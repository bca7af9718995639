// The event loop of a program's main thread: descriptors, signals, deadlines, work posted by other threads.
// Nothing of epoll shows here. All members but post() and stop() belong to the thread that runs the loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace turnout::io {

// Cancels its registration when destroyed. Movable, empty by default.
class Handle {
 public:
  Handle() = default;
  explicit Handle(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  Handle(Handle&& o) noexcept : cancel_(std::exchange(o.cancel_, nullptr)) {}
  Handle& operator=(Handle&& o) noexcept { reset(); cancel_ = std::exchange(o.cancel_, nullptr); return *this; }
  ~Handle() { reset(); }
  void reset() { if (auto c = std::exchange(cancel_, nullptr)) c(); }
  explicit operator bool() const { return static_cast<bool>(cancel_); }

 private:
  std::function<void()> cancel_;
};

class Tls;

class Loop {
 public:
  explicit Loop(Clock& clock = process_clock());
  ~Loop();
  Loop(const Loop&) = delete;

  void run();                        // until stop()
  void stop();                       // any thread
  // Runs until done() holds (checked after every event) or the deadline (real time) passes; true if done() held.
  bool run_until(const std::function<bool()>& done, std::optional<Duration> timeout = {});
  void poll();                       // runs what is ready and returns
  void post(std::function<void()> work);  // any thread; runs on the loop soon, in order

  Clock& clock() { return clock_; }
  // One deadline heap on the injected clock. The callback may destroy or re-arm its handle. Milliseconds, never early.
  Handle at(TimePoint when, std::function<void()> work);
  Handle after(Duration delay, std::function<void()> work) { return at(clock_.now() + delay, std::move(work)); }
  // Calls work every period, first after one period.
  Handle every(Duration period, std::function<void()> work);

  enum Event : unsigned { kReadable = 1, kWritable = 2 };
  // Level-triggered: ready(events) is called as long as the condition holds. The caller keeps owning fd and must reset
  // the handle before closing it.
  Handle watch(int fd, unsigned events, std::function<void(unsigned)> ready);
  Handle on_signal(int signal, std::function<void()> work);
  Tls& tls();                        // what ssl: and pssl: streams on this loop show and trust (tls.h)

  // time/stop and time/warp (ovs-appctl in dummy mode). warp() advances the stopped clock in steps of at most
  // `step` (not above zero: one step), runs what falls due in order, and after each step calls the rounds that other threads registered.
  void stop_time();
  void warp(Duration total, Duration step);
  // The same, with a turn of the loop after each step; then calls done.
  void warp(Duration total, Duration step, std::function<void()> done);
  Handle on_warp(std::function<void()> round);

  struct Impl;
  Impl& impl() { return *impl_; }    // lib/io only

 private:
  Clock& clock_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace turnout::io
