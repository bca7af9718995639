// What the loop keeps, with Asio's types. For .cc files of lib/io only.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <list>
#include <memory>

#include "lib/io/deadlines.h"
#include "lib/io/loop.h"
#include "lib/io/tls.h"

namespace turnout::io {

// Shared, because handles may outlive the loop and then must do nothing.
struct Loop::Impl : std::enable_shared_from_this<Loop::Impl> {
  explicit Impl(Clock& c) : clock(c), timer(context), guard(context.get_executor()) {}

  void arm_timer();      // for the head of the heap, unless the clock is stopped
  void run_due();

  Clock& clock;
  asio::io_context context{1};
  asio::steady_timer timer;
  TimePoint armed = kNever;  // what the timer waits for
  asio::executor_work_guard<asio::io_context::executor_type> guard;
  Deadlines deadlines;
  std::list<std::function<void()>> rounds;
  Tls tls;
};

}  // namespace turnout::io
