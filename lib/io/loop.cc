// The event loop: deadlines, posted work and time that is stopped or warped.
#include "lib/io/loop.h"

#include <asio/post.hpp>

#include "lib/io/loop_impl.h"

namespace turnout::io {

Loop::Loop(Clock& clock) : clock_(clock), impl_(std::make_shared<Impl>(clock)) {}

Loop::~Loop() { impl_->context.stop(); }

Tls& Loop::tls() { return impl_->tls; }

void Loop::run() {
  impl_->context.restart();
  impl_->context.run();
}

void Loop::stop() { impl_->context.stop(); }

bool Loop::run_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
  using SteadyClock = std::chrono::steady_clock;
  const SteadyClock::time_point limit = SteadyClock::now() + timeout.value_or(Duration(0));
  for (;;) {
    if (done()) return true;
    impl_->context.restart();
    if (!timeout) {
      impl_->context.run_one();
    } else if (SteadyClock::now() >= limit || !impl_->context.run_one_until(limit)) {
      return done();
    }
  }
}

void Loop::poll() {
  impl_->context.restart();
  impl_->context.poll();
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::Impl::arm_timer() {
  const auto next = deadlines.next();
  if (!next || clock.stopped()) {
    if (armed != kNever) timer.cancel();
    armed = kNever;
    return;
  }
  if (armed == *next) return;
  armed = *next;
  timer.expires_after(std::max(Duration(0), armed - clock.now()));
  timer.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->armed = kNever;
    self->run_due();
    self->arm_timer();
  });
}

void Loop::Impl::run_due() {
  const auto self = shared_from_this();  // work may destroy the loop
  const uint64_t serial = deadlines.serial();
  const TimePoint now = clock.now();
  while (deadlines.run_one(now, serial)) {
  }
}

Handle Loop::at(TimePoint when, std::function<void()> work) {
  const auto id = impl_->deadlines.add(when, std::move(work));
  impl_->arm_timer();
  return Handle([weak = std::weak_ptr(impl_), id] {
    if (const auto impl = weak.lock()) {
      impl->deadlines.cancel(id);
      impl->arm_timer();
    }
  });
}

namespace {
// One periodic deadline; keeps itself armed as long as its handle lives.
struct Periodic : std::enable_shared_from_this<Periodic> {
  Loop& loop;
  Duration period;
  std::function<void()> work;
  TimePoint next;
  Handle armed;

  Periodic(Loop& l, Duration p, std::function<void()> w)
      : loop(l), period(p), work(std::move(w)), next(l.clock().now()) {}
  void arm() {
    next = std::max(next + period, loop.clock().now());
    armed = loop.at(next, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->fire();
    });
  }
  void fire() {
    arm();
    work();
  }
};
}  // namespace

Handle Loop::every(Duration period, std::function<void()> work) {
  auto periodic = std::make_shared<Periodic>(*this, period, std::move(work));
  periodic->arm();
  return Handle([periodic]() mutable { periodic.reset(); });
}

void Loop::stop_time() {
  clock_.stop();
  impl_->arm_timer();
}

void Loop::warp(Duration total, Duration step) {
  if (step <= Duration(0)) step = total;
  const auto impl = impl_;
  for (Duration left = total; left > Duration(0); left -= step) {
    impl->clock.warp(std::min(left, step));
    impl->run_due();
    const auto rounds = impl->rounds;  // a round may end another one
    for (const auto& round : rounds) round();
  }
  impl->armed = kNever;  // the distance to the head has changed
  impl->timer.cancel();
  impl->arm_timer();
}

void Loop::warp(Duration total, Duration step, std::function<void()> done) {
  const Duration now = step > Duration(0) ? std::min(total, step) : total;
  warp(now, now);
  post([this, left = total - now, step, done = std::move(done)]() mutable {
    if (left > Duration(0)) warp(left, step, std::move(done));
    else if (done) done();
  });
}

Handle Loop::on_warp(std::function<void()> round) {
  impl_->rounds.push_back(std::move(round));
  return Handle([weak = std::weak_ptr(impl_), entry = std::prev(impl_->rounds.end())] {
    if (const auto impl = weak.lock()) impl->rounds.erase(entry);
  });
}

}  // namespace turnout::io
