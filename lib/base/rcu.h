// Read-copy-update over liburcu's memb flavour: readers never wait, writers publish pointers and defer frees.
// Every thread that reads calls RcuThread first (one object on its stack). No read section spans a wait of the loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace turnout {

// Registers the calling thread for its lifetime.
class RcuThread {
 public:
  RcuThread();
  ~RcuThread();
  RcuThread(const RcuThread&) = delete;
};

// A read section; may nest.
class RcuRead {
 public:
  RcuRead();
  ~RcuRead();
  RcuRead(const RcuRead&) = delete;
};

// Runs `free` after every read section that may still see the object has ended (on liburcu's own thread).
void rcu_defer(std::function<void()> free);
// Waits until all readers of now are done. Not inside a read section.
void rcu_synchronize();
// Waits until everything deferred so far has run. Not inside a read section.
void rcu_barrier();

// A published pointer that owns what it points to. One writer (or writers under a lock), any readers.
template <typename T>
class RcuPtr {
 public:
  RcuPtr() = default;
  explicit RcuPtr(std::unique_ptr<T> first) : ptr_(first.release()) {}
  ~RcuPtr() { delete ptr_.load(std::memory_order_relaxed); }
  RcuPtr(const RcuPtr&) = delete;

  const T* read() const { return ptr_.load(std::memory_order_acquire); }  // inside RcuRead, or by the writer
  void publish(std::unique_ptr<T> next) {
    T* old = ptr_.exchange(next.release(), std::memory_order_acq_rel);
    if (old) rcu_defer([old] { delete old; });
  }

 private:
  std::atomic<T*> ptr_{nullptr};
};

}  // namespace turnout
