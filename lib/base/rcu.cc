// Read-copy-update: liburcu's memb flavour behind our own names.
#define _LGPL_SOURCE
#include "lib/base/rcu.h"

#include <urcu/urcu-memb.h>

namespace turnout {

namespace {
// A thread may hold several RcuThread objects (a library inside a program); only the first one counts.
thread_local int registrations = 0;

struct Deferred {
  rcu_head head;
  std::function<void()> free;
};

void run_deferred(rcu_head* head) {
  std::unique_ptr<Deferred> deferred(reinterpret_cast<Deferred*>(head));  // head is the first member
  ++registrations;  // liburcu registered this thread of its own; what is freed may defer in turn
  deferred->free();
  deferred.reset();
  --registrations;
}

}  // namespace

RcuThread::RcuThread() {
  if (registrations++ == 0) urcu_memb_register_thread();
}

RcuThread::~RcuThread() {
  if (--registrations == 0) urcu_memb_unregister_thread();
}

RcuRead::RcuRead() { urcu_memb_read_lock(); }
RcuRead::~RcuRead() { urcu_memb_read_unlock(); }

void rcu_defer(std::function<void()> free) {
  RcuThread self;  // call_rcu wants a registered caller
  auto deferred = std::make_unique<Deferred>();
  deferred->free = std::move(free);
  rcu_head* head = &deferred.release()->head;
  urcu_memb_call_rcu(head, run_deferred);
}

void rcu_synchronize() { urcu_memb_synchronize_rcu(); }

void rcu_barrier() {
  RcuThread self;
  urcu_memb_barrier();
}

}  // namespace turnout
