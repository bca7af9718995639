// See packet_thread.h.
#include "lib/datapath/userspace/packet_thread.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "lib/base/log.h"
#include "lib/base/worker_thread.h"

namespace turnout::datapath {
namespace {

Log log_dpif{"dpif_netdev"};

constexpr uint64_t kControl = UINT64_MAX;
constexpr int kEvents = 128;
constexpr unsigned kRounds = 16;            // of the ready ports before the others are looked at
constexpr size_t kWorthAnotherLook = 4;     // packets; after fewer the wait tells whether there is more
constexpr unsigned kFruitless = 64;         // wake-ups without a packet until a port is parked
constexpr std::chrono::milliseconds kParked{100};

// When ports change their thread.
constexpr std::chrono::milliseconds kWindow{20}, kLoadIsOld{200};
constexpr unsigned kNoTimeLeft = 85, kHelpful = 50, kLittleToDo = 20;   // per cent busy

}  // namespace

PacketThread::PacketThread(SharedState& shared, ThreadGroup& group, unsigned number)
    : shared_(shared), group_(group), pipeline_(shared), window_start_(std::chrono::steady_clock::now()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  control_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{EPOLLIN, {.u64 = kControl}};
  if (epoll_ < 0 || control_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, control_, &event) < 0) {
    log_dpif.emer("no descriptors left for packet threads");
    std::abort();
  }
  thread_ = start_worker([this, number] { run(number); });
}

void PacketThread::stop() {
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  (void)!write(control_, &one, sizeof one);
  thread_.join();
}

PacketThread::~PacketThread() {
  stop();
  close(control_);
  close(epoll_);
}

void PacketThread::watch(Port& port) {
  port.fruitless = 0;
  port.served = 0;
  port.receiver.store(this, std::memory_order_release);
  epoll_event event{EPOLLIN, {.u64 = port.number.value}};
  if (port.device->readiness_fd() >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, port.device->readiness_fd(), &event) < 0)
    log_dpif.warn("{}: cannot wait for its packets", port.name);
}

void PacketThread::unwatch(Port& port) {
  port.receiver.store(nullptr, std::memory_order_release);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, port.device->readiness_fd(), nullptr);
}

void PacketThread::run(unsigned number) {
  RcuThread rcu;
  pthread_setname_np(pthread_self(), ("packet" + std::to_string(number)).c_str());
  while (!stop_.load(std::memory_order_acquire)) {
    wait();
    for (unsigned round = 0; round < kRounds && !ready_.empty(); ++round) serve_ready();
  }
  pipeline_.clear();
}

void PacketThread::wait() {
  epoll_event events[kEvents];
  const int timeout = !ready_.empty() ? 0 : parked_.empty() ? -1 : static_cast<int>(kParked.count());
  const Time before = std::chrono::steady_clock::now();
  const int n = epoll_wait(epoll_, events, kEvents, timeout);
  const Time now = std::chrono::steady_clock::now();
  if (timeout) waited_ += now - before;
  look_at_load(now);
  if (!parked_.empty()) unpark(now);
  const bool had = !ready_.empty();
  for (int i = 0; i < n; ++i)
    if (events[i].data.u64 != kControl) ready_.push_back(static_cast<uint32_t>(events[i].data.u64));
  if (!had) return;
  std::sort(ready_.begin(), ready_.end());
  ready_.erase(std::unique(ready_.begin(), ready_.end()), ready_.end());
}

void PacketThread::serve_ready() {
  size_t kept = 0;
  for (uint32_t number : ready_)
    if (serve(number) >= kWorthAnotherLook) ready_[kept++] = number;
  ready_.resize(kept);
}

size_t PacketThread::serve(uint32_t number) {
  RcuRead read;
  Port* port = shared_.ports.find(DpPort{number});
  if (!port || port->receiver.load(std::memory_order_acquire) != this) return 0;
  const size_t received = pipeline_.serve(*port);
  if (!received) {
    not_ready(*port);
    return 0;
  }
  port->fruitless = 0;
  if (!port->served) served_.push_back(number);
  port->served += received;
  return received;
}

// A device that is gone may stay readable for ever; waiting for it would be a busy loop.
void PacketThread::not_ready(Port& port) {
  if (++port.fruitless < kFruitless) return;
  port.fruitless = 0;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, port.device->readiness_fd(), nullptr);
  if (parked_.empty()) parked_since_ = std::chrono::steady_clock::now();
  parked_.push_back(port.number.value);
}

void PacketThread::unpark(Time now) {
  if (now - parked_since_ < kParked) return;
  RcuRead read;
  for (uint32_t number : parked_) {
    Port* port = shared_.ports.find(DpPort{number});
    if (!port || port->receiver.load(std::memory_order_acquire) != this) continue;
    port->fruitless = kFruitless - 2;
    epoll_event event{EPOLLIN, {.u64 = number}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, port->device->readiness_fd(), &event);
  }
  parked_.clear();
}

void PacketThread::look_at_load(Time now) {
  const auto window = now - window_start_;
  if (window < kWindow) return;
  const auto busy = static_cast<unsigned>(100 - std::min<int64_t>(100, waited_ * 100 / window));
  window_start_ = now;
  waited_ = {};
  load_.store(busy, std::memory_order_relaxed);
  load_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  if (!served_.empty()) move_ports(busy);
}

unsigned PacketThread::load(Time now) const {
  const int64_t age = now.time_since_epoch().count() - load_at_.load(std::memory_order_relaxed);
  return age > std::chrono::nanoseconds(kLoadIsOld).count() ? 0 : load_.load(std::memory_order_relaxed);
}

std::vector<PacketThread::Served> PacketThread::take_served() {
  std::vector<Served> served;
  for (uint32_t number : served_) {
    Port* port = shared_.ports.find(DpPort{number});
    if (!port || port->receiver.load(std::memory_order_acquire) != this) continue;
    served.push_back({std::exchange(port->served, 0), port});
  }
  served_.clear();
  std::sort(served.begin(), served.end(), [](const Served& a, const Served& b) { return a.packets > b.packets; });
  return served;
}

void PacketThread::move_ports(unsigned busy) {
  RcuRead read;
  std::unique_lock lock(group_.mutex, std::try_to_lock);
  if (!lock) return;                          // ports come or go: next time
  const std::vector<Served> served = take_served();
  const Time now = std::chrono::steady_clock::now();
  PacketThread& first = *group_.threads.front();
  if (&first != this && busy < kLittleToDo && first.load(now) < kHelpful) {
    for (const Served& s : served) hand_over(*s.port, first);
  } else if (busy > kNoTimeLeft && served.size() > 1) {
    auto least = std::min_element(group_.threads.begin(), group_.threads.end(),
                                  [now](auto* a, auto* b) { return a->load(now) < b->load(now); });
    if (*least == this || (*least)->load(now) > kHelpful) return;
    for (size_t i = 1; i < served.size(); i += 2) hand_over(*served[i].port, **least);
  }
}

void PacketThread::hand_over(Port& port, PacketThread& to) {
  unwatch(port);
  to.watch(port);
}

}  // namespace turnout::datapath
