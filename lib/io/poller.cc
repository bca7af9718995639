// Registrations, and handing out what epoll says.
#include "lib/io/poller.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "lib/base/log.h"

namespace turnout::io {

namespace {
Log log{"poll_loop"};

uint32_t index_of(Poller::Id id) { return static_cast<uint32_t>(id); }
uint32_t generation_of(Poller::Id id) { return static_cast<uint32_t>(id >> 32); }
}  // namespace

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ >= 0) return;
  log.err("epoll_create failed ({})", errno);
  std::abort();   // without it no program does anything
}

Poller::~Poller() { close(epoll_); }

Poller::Id Poller::add(int fd, std::shared_ptr<Pollable> target) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Entry& entry = entries_[index];
  entry.target = std::move(target);
  entry.fd = fd;
  return uint64_t{entry.generation} << 32 | index;
}

Poller::Entry* Poller::find(Id id) {
  if (index_of(id) >= entries_.size()) return nullptr;
  Entry& entry = entries_[index_of(id)];
  return entry.target && entry.generation == generation_of(id) ? &entry : nullptr;
}

int Poller::tell_kernel(Entry& entry, Id id, uint32_t events) {
  epoll_event event{events, {}};
  event.data.u64 = id;
  const int operation = events == 0 ? EPOLL_CTL_DEL : entry.in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll_, operation, entry.fd, &event) < 0) return errno;
  entry.in_set = events != 0;
  return 0;
}

int Poller::want(Id id, uint32_t events) {
  Entry* const entry = find(id);
  if (!entry || entry->wanted == events) return 0;
  if (!entry->always_ready) {
    const int error = tell_kernel(*entry, id, events);
    if (error == EPERM) entry->always_ready = true;   // a regular file, for example
    else if (error) return error;
  }
  entry->wanted = events;
  if (entry->always_ready && events) again(id);
  return 0;
}

void Poller::again(Id id) {
  Entry* const entry = find(id);
  if (!entry || std::exchange(entry->again, true)) return;
  again_.push_back(id);
}

void Poller::remove(Id id) {
  Entry* const entry = find(id);
  if (!entry) return;
  if (entry->in_set) tell_kernel(*entry, id, 0);
  const auto target = std::move(entry->target);   // goes last: it may hold others that are removed with it
  *entry = Entry{nullptr, generation_of(id) + 1};
  free_.push_back(index_of(id));
}

void Poller::wait(int timeout_ms) {
  next_ = n_ready_ = 0;
  const int n = epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), has_more() ? 0 : timeout_ms);
  n_ready_ = n < 0 ? 0 : n;   // a signal, if not
  running_.swap(again_);
}

bool Poller::dispatch_one() {
  while (next_ < n_ready_) {
    const epoll_event event = ready_[static_cast<size_t>(next_++)];
    if (dispatch(event.data.u64, event.events)) return true;
  }
  while (!running_.empty()) {
    const Id id = running_.back();
    running_.pop_back();
    Entry* const entry = find(id);
    if (!entry) continue;
    entry->again = false;
    if (entry->always_ready && entry->wanted) again(id);
    if (dispatch(id, entry->wanted)) return true;
  }
  return false;
}

bool Poller::dispatch(Id id, uint32_t events) {
  Entry* const entry = find(id);
  if (!entry) return false;
  const uint32_t all = entry->wanted & (EPOLLIN | EPOLLOUT);
  const uint32_t mask = events & (EPOLLERR | EPOLLHUP) ? all : events & all;
  if (!mask) return false;   // not waited for any more
  const auto target = entry->target;
  target->ready(mask);
  return true;
}

}  // namespace turnout::io
