// When rounds run and who runs them. The main thread plans a round; the threads take their shares; the last one of them
// finishes it and tells the main thread.
#include "vswitchd/upcall/revalidator.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/counters.h"
#include "lib/base/rcu.h"
#include "vswitchd/upcall/flow_limit.h"
#include "vswitchd/upcall/round.h"

namespace turnout::upcall {
namespace {

Counter round_count{"revalidate_round"};
bool terse_on = true;                      // main thread
int64_t real_now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

struct Revalidator::Impl {
  Impl(io::Loop& l, datapath::Datapath& d, UpcallHandler& h, const translate::SnapshotWriter& s)
      : loop(l), dp(d), handler(h), snapshots(s) {}

  io::Loop& loop;
  datapath::Datapath& dp;
  UpcallHandler& handler;
  const translate::SnapshotWriter& snapshots;
  RevalidatorSettings settings;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);      // for what is posted to the loop

  // Main thread.
  io::Handle deadline, warp;
  TimePoint due = kNever;
  struct Waiter { uint64_t round; std::function<void()> done; };
  std::vector<Waiter> waiters;
  std::atomic<bool> poked{false};
  bool stopping = false;

  // Shared with the threads.
  std::mutex mutex;
  std::condition_variable work, idle;
  std::unique_ptr<Round> round;                                    // the one under way, or none
  uint64_t started = 0, finished = 0;                              // rounds
  uint64_t last_generation = 0;                                    // of the round planned last
  unsigned running = 0;
  bool quit = false;
  int64_t began_ns = 0;
  std::vector<uint64_t> keys;
  std::vector<std::thread> threads;

  // Report. Main thread.
  uint64_t maximum = 0, average = 0;
  int64_t dump_ms = 1;

  RoundPlan plan(unsigned shares) {
    RoundPlan p;
    p.number = started;
    p.now = loop.clock().now();
    p.generation = handler.generation();
    p.shares = shares;
    const uint64_t flows = handler.flows().size();
    p.max_idle_ns = idle_limit_ms(flows, handler.flow_limit(), settings.max_idle_ms) * 1'000'000;
    p.delete_all = flows > 2 * handler.flow_limit();
    p.slow_after_ns = real_now_ns() + settings.max_revalidator_ms * 1'000'000 / 2;
    p.min_pps = settings.min_revalidate_pps;
    p.whole = p.generation != std::exchange(last_generation, p.generation) || !terse_on;
    return p;
  }

  void start();
  void run_here(bool delete_all);
  void complete();                       // main thread: after rounds have finished
  void assess(int64_t took_ms);
  void wait_idle();
  void arm();
  void stop_threads();
  void start_threads(unsigned n);
  void worker(unsigned share);
  void after_warp();
};

// Main thread. The threads take it from here.
void Revalidator::Impl::start() {
  std::lock_guard lock(mutex);
  if (round || stopping) return;         // complete() starts the next, if it is still wanted
  poked.store(false, std::memory_order_release);
  deadline.reset();
  due = kNever;
  round_count.add();
  ++started;
  began_ns = real_now_ns();
  round = std::make_unique<Round>(dp, handler, snapshots, plan(static_cast<unsigned>(threads.size())));
  running = static_cast<unsigned>(threads.size());
  work.notify_all();
}

void Revalidator::Impl::worker(unsigned share) {
  RcuThread rcu;
  uint64_t seen = 0;
  std::unique_lock lock(mutex);
  seen = started - (round ? 1 : 0);
  for (;;) {
    work.wait(lock, [&] { return quit || (round && started != seen); });
    if (quit) return;
    seen = started;
    Round& current = *round;
    lock.unlock();
    const uint64_t kept = current.run();
    lock.lock();
    keys[share] = kept;
    if (--running) continue;
    lock.unlock();
    current.sweep();
    lock.lock();
    finished = started;
    round.reset();
    idle.notify_all();
    loop.post([this, weak = std::weak_ptr<bool>(alive)] {
      if (weak.lock()) complete();
    });
  }
}

void Revalidator::Impl::complete() {
  uint64_t done_round;
  {
    std::lock_guard lock(mutex);
    if (round) return;                   // the next one is under way already and will come here
    done_round = finished;
    if (began_ns) assess((real_now_ns() - began_ns) / 1'000'000);
    began_ns = 0;
  }
  std::vector<Waiter> ready;
  std::erase_if(waiters, [&](Waiter& w) {
    if (w.round > done_round) return false;
    ready.push_back(std::move(w));
    return true;
  });
  for (Waiter& w : ready) w.done();
  if (!waiters.empty() || poked.load(std::memory_order_acquire)) start();
  else arm();
}

// What a round that took so long says about the flows and their limit.
void Revalidator::Impl::assess(int64_t took_ms) {
  dump_ms = std::max<int64_t>(1, took_ms);
  handler.set_flow_limit(adapt_flow_limit(handler.flow_limit(), settings.flow_limit, took_ms));
  const uint64_t flows = handler.flows().size();
  maximum = std::max(maximum, flows);
  average = (average + flows) / 2;
}

// Without flows nothing has to be looked at; the first one that is installed arms it again.
void Revalidator::Impl::arm() {
  if (deadline || stopping) return;
  if (!handler.flows().size()) {
    handler.unwatch();
    if (!handler.flows().size()) return;
  }
  const int64_t ms = std::min(settings.max_idle_ms, settings.max_revalidator_ms);
  due = loop.clock().now() + std::chrono::milliseconds(ms);
  deadline = loop.at(due, [this] { start(); });
}

void Revalidator::Impl::wait_idle() {
  std::unique_lock lock(mutex);
  idle.wait(lock, [&] { return !round; });
}

// A round on the calling thread: main. The threads sleep meanwhile.
void Revalidator::Impl::run_here(bool delete_all) {
  wait_idle();
  RoundPlan p;
  {
    std::lock_guard lock(mutex);
    poked.store(false, std::memory_order_release);
    ++started;
    p = plan(1);
    p.delete_all |= delete_all;
  }
  Round here(dp, handler, snapshots, p);
  here.run();
  here.sweep();
  {
    std::lock_guard lock(mutex);
    finished = started;
  }
  complete();
}

// Each step of a warp ends with the rounds done that fell due in it.
void Revalidator::Impl::after_warp() {
  wait_idle();
  if (poked.load(std::memory_order_acquire) || loop.clock().now() >= due) {
    start();
    wait_idle();
  }
  complete();
}

void Revalidator::Impl::start_threads(unsigned n) {
  quit = false;
  keys.assign(n, 0);
  for (unsigned i = 0; i < n; ++i) threads.emplace_back([this, i] { worker(i); });
}

void Revalidator::Impl::stop_threads() {
  wait_idle();
  {
    std::lock_guard lock(mutex);
    quit = true;
    work.notify_all();
  }
  for (std::thread& t : threads) t.join();
  threads.clear();
}

Revalidator::Revalidator(io::Loop& loop, datapath::Datapath& datapath, UpcallHandler& handler,
                         const translate::SnapshotWriter& snapshots)
    : impl_(std::make_unique<Impl>(loop, datapath, handler, snapshots)) {
  handler.set_flow_limit(std::min(kFirstFlowLimit, impl_->settings.flow_limit));
  handler.on_first_flow([&loop, impl = impl_.get(), weak = std::weak_ptr<bool>(impl_->alive)] {
    loop.post([impl, weak] {
      if (weak.lock()) impl->arm();
    });
  });
  impl_->warp = loop.on_warp([this] { impl_->after_warp(); });
  impl_->start_threads(impl_->settings.threads);
}

Revalidator::~Revalidator() { stop(); }

void Revalidator::stop() {
  if (std::exchange(impl_->stopping, true)) return;
  impl_->deadline.reset();
  impl_->warp.reset();
  impl_->stop_threads();
}

void Revalidator::configure(const RevalidatorSettings& wanted) {
  RevalidatorSettings s = wanted;
  s.max_idle_ms = std::max<int64_t>(s.max_idle_ms, 500);
  s.max_revalidator_ms = std::max<int64_t>(s.max_revalidator_ms, 100);
  s.threads = std::clamp(s.threads, 1u, 64u);
  if (s == impl_->settings) return;
  const bool threads_changed = s.threads != impl_->threads.size();
  impl_->settings = s;
  impl_->handler.set_flow_limit(std::min(impl_->handler.flow_limit(), s.flow_limit));
  if (threads_changed) {
    impl_->stop_threads();
    impl_->start_threads(s.threads);
  }
  impl_->deadline.reset();
  impl_->arm();
}

void Revalidator::poke() {
  if (impl_->poked.exchange(true, std::memory_order_acq_rel)) return;
  impl_->loop.post([impl = impl_.get(), weak = std::weak_ptr<bool>(impl_->alive)] {
    if (!weak.lock() || impl->stopping) return;
    if (!impl->handler.flows().size()) impl->poked.store(false, std::memory_order_release);
    else impl->start();                  // if one is under way, complete() starts the next
  });
}

void Revalidator::wait(std::function<void()> done) {
  uint64_t next;
  {
    std::lock_guard lock(impl_->mutex);
    next = impl_->started + 1;
  }
  impl_->waiters.push_back({next, std::move(done)});
  impl_->start();
}

void Revalidator::purge() { impl_->run_here(true); }

void Revalidator::run_round() { impl_->run_here(false); }

void Revalidator::set_terse_dumps(bool enabled) { terse_on = enabled; }
bool Revalidator::terse_dumps() { return terse_on; }

Revalidator::Report Revalidator::report() const {
  std::lock_guard lock(impl_->mutex);
  return {impl_->handler.flows().size(), impl_->average, impl_->maximum, impl_->handler.flow_limit(), impl_->dump_ms,
          impl_->keys};
}

void Revalidator::set_flow_limit(uint64_t flows) { impl_->handler.set_flow_limit(flows); }

}  // namespace turnout::upcall
