// The event loop: deadlines, posted work and time that is stopped or warped.
#include "lib/io/loop.h"

#include <algorithm>
#include <climits>

#include "lib/io/loop_impl.h"

namespace turnout::io {

namespace {
constexpr int kGenerations = 4;   // a request's way through the database server takes two

// An edge on it ends the wait; that is all.
struct Waker : Pollable {
  void ready(unsigned) override {}
};
}  // namespace

Loop::Loop(Clock& clock) : clock_(clock), impl_(std::make_shared<Impl>(clock)) { impl_->open(); }

Loop::~Loop() { impl_->stopped = true; }

Tls& Loop::tls() { return impl_->tls; }

void Loop::run() {
  const auto impl = impl_;   // work may destroy the loop
  impl->stopped = false;
  while (!impl->stopped)
    if (!impl->step()) impl->wait({});
}

void Loop::stop() {
  impl_->stopped = true;
  impl_->inbox->wake();
}

bool Loop::run_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
  using SteadyClock = std::chrono::steady_clock;
  const auto impl = impl_;
  const SteadyClock::time_point limit = SteadyClock::now() + timeout.value_or(Duration(0));
  for (;;) {
    if (done()) return true;
    if (impl->step()) continue;
    std::optional<Duration> left;
    if (timeout) left = limit - SteadyClock::now();
    if (left && *left <= Duration(0)) return done();
    impl->wait(left);
  }
}

void Loop::poll() {
  const auto impl = impl_;
  bool any = true;
  while (any) {
    any = false;
    impl->wait(Duration(0));
    while (impl->step()) any = true;
  }
}

void Loop::post(std::function<void()> work) { impl_->inbox->post(std::move(work)); }

void Loop::Impl::open() {
  const auto waker = poller.add(inbox->wake_fd(), std::make_shared<Waker>());
  poller.want(waker, EPOLLIN | EPOLLET);
}

bool Loop::Impl::step() {
  if (poller.dispatch_one()) return true;
  if (std::exchange(deadlines_due, false) && run_due()) return true;
  return run_posted() || flush_one();
}

bool Loop::Impl::run_posted() {
  if (next_posted == posted.size()) {
    posted.clear();
    next_posted = 0;
    if (generations_left == 0) return false;
    --generations_left;
    inbox->take(posted);
    if (posted.empty()) return false;
  }
  const std::function<void()> work = std::move(posted[next_posted++]);
  work();
  return true;
}

bool Loop::Impl::flush_one() {
  if (next_flush == flushing.size()) {
    flushing.clear();
    next_flush = 0;
    if (!std::exchange(may_flush, false) || to_flush.empty()) return false;
    flushing.swap(to_flush);
  }
  const auto writer = std::move(flushing[next_flush++]);
  writer->flush();
  return true;
}

int Loop::Impl::timeout_ms(std::optional<Duration> limit) const {
  std::optional<Duration> wait = limit;
  if (const auto next = deadlines.next(); next && !clock.stopped()) {
    const Duration left = *next - clock.now();
    if (!wait || left < *wait) wait = left;
  }
  if (!wait) return -1;
  // Rounded up: a deadline is never early.
  const int64_t ms = (std::max<int64_t>(wait->count(), 0) + 999'999) / 1'000'000;
  return static_cast<int>(std::min<int64_t>(ms, INT_MAX));
}

void Loop::Impl::wait(std::optional<Duration> limit) {
  const bool busy = next_posted < posted.size() || next_flush < flushing.size() || !to_flush.empty();
  const int timeout = busy ? 0 : timeout_ms(limit);
  const bool sleeps = timeout != 0 && inbox->may_sleep();
  poller.wait(sleeps ? timeout : 0);
  if (sleeps) inbox->awake();
  generations_left = kGenerations;
  may_flush = true;
  deadlines_due = !clock.stopped();
}

bool Loop::Impl::run_due() {
  const auto self = shared_from_this();  // work may destroy the loop
  if (!deadlines.next()) return false;
  const uint64_t serial = deadlines.serial();
  const TimePoint now = clock.now();
  bool any = false;
  while (deadlines.run_one(now, serial)) any = true;
  return any;
}

Handle Loop::at(TimePoint when, std::function<void()> work) {
  const auto id = impl_->deadlines.add(when, std::move(work));
  return Handle([weak = std::weak_ptr(impl_), id] {
    if (const auto impl = weak.lock()) impl->deadlines.cancel(id);
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

void Loop::stop_time() { clock_.stop(); }

void Loop::warp(Duration total, Duration step) {
  if (step <= Duration(0)) step = total;
  const auto impl = impl_;
  for (Duration left = total; left > Duration(0); left -= step) {
    impl->clock.warp(std::min(left, step));
    impl->run_due();
    const auto rounds = impl->rounds;  // a round may end another one
    for (const auto& round : rounds) round();
  }
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
