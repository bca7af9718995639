// A thread that waits for its own ports' devices and serves those that are ready. watch() and unwatch() belong to the
// main thread. No RCU read section spans the wait.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "lib/datapath/userspace/pipeline.h"

namespace turnout::datapath {

class PacketThread {
 public:
  PacketThread(SharedState& shared, unsigned number);   // starts
  ~PacketThread();                                      // stops and joins
  PacketThread(const PacketThread&) = delete;

  void stop();                                          // ends and joins; totals can still be read

  void watch(Port& port);
  void unwatch(Port& port);                             // it may still be at it until the next grace period
  size_t ports() const { return ports_; }
  void add_totals(Totals& totals) const { pipeline_.add_totals(totals); }

 private:
  void run(unsigned number);
  void wait();
  void serve_ready();
  size_t serve(uint32_t number);
  void not_ready(Port& port);
  void unpark();

  SharedState& shared_;
  Pipeline pipeline_;
  int epoll_ = -1, control_ = -1;
  size_t ports_ = 0;
  std::atomic<bool> stop_{false};
  std::vector<uint32_t> ready_;                         // port numbers
  std::vector<uint32_t> parked_;                        // always "ready" without packets (gone devices): looked at rarely
  std::chrono::steady_clock::time_point parked_since_;
  std::thread thread_;
};

}  // namespace turnout::datapath
