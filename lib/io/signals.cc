// Signals on the loop: a handler that writes to a descriptor, one for each registration, and a watch on that.
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/io/loop.h"

namespace turnout::io {

namespace {

Log log{"poll_loop"};

// Of the process, as signals are. A slot keeps its descriptor for good, so that a handler on another thread never meets
// one that was closed, or is another's by now.
struct Slot {
  std::atomic<int> signal{0};   // 0: free
  std::atomic<int> fd{-1};
};
std::array<Slot, 32> slots;

void note(int signal) {
  const int saved = errno;
  const uint64_t one = 1;
  for (const Slot& slot : slots)
    if (slot.signal.load(std::memory_order_acquire) == signal) (void)!::write(slot.fd.load(std::memory_order_relaxed), &one, sizeof one);
  errno = saved;
}

void empty(const Slot& slot) {
  uint64_t count = 0;
  (void)!::read(slot.fd, &count, sizeof count);
}

Slot* free_slot() {
  for (Slot& slot : slots)
    if (slot.signal == 0) return &slot;
  return nullptr;
}

Slot& claim(int signal) {
  Slot* const slot = free_slot();
  if (slot && slot->fd < 0) slot->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!slot || slot->fd < 0) {
    log.err("no way to hear of signal {}", signal);
    std::abort();   // a daemon that cannot be told to stop
  }
  empty(*slot);
  slot->signal.store(signal, std::memory_order_release);
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
  return *slot;
}

void release(Slot& slot) {
  const int signal = slot.signal.exchange(0);
  for (const Slot& other : slots)
    if (other.signal == signal) return;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Handle Loop::on_signal(int signal, std::function<void()> work) {
  Slot& slot = claim(signal);
  Handle heard = watch(slot.fd, kReadable, [&slot, work = std::move(work)](unsigned) {
    empty(slot);
    work();
  });
  return Handle([&slot, heard = std::make_shared<Handle>(std::move(heard))] {
    release(slot);
    heard->reset();
  });
}

}  // namespace turnout::io
