// Threads beside the main one. Signals are the main thread's: a worker is born with all of them blocked.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace turnout {

template <typename F>
std::thread start_worker(F f) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(f));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace turnout
