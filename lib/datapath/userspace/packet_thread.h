// A thread that waits for its own ports' devices and serves those that are ready. No RCU read section spans the wait.
//
// Ports begin on the first thread of the group: while it has time left, one thread is quickest (a reply is picked up by
// the thread that sent the request, and no other processor has to be woken). A thread without time left hands some of
// its ports to one that has; a thread with little to do hands its ports back. Order within a port is kept: a thread
// is through with a port's packets when it hands the port on.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/datapath/userspace/pipeline.h"

namespace turnout::datapath {

class PacketThread;

struct ThreadGroup {
  std::mutex mutex;                       // which thread a port belongs to changes under it
  std::vector<PacketThread*> threads;     // under the mutex
};

class PacketThread {
 public:
  PacketThread(SharedState& shared, ThreadGroup& group, unsigned number);   // starts
  ~PacketThread();                                      // stops and joins
  PacketThread(const PacketThread&) = delete;

  // Under the group's mutex.
  void watch(Port& port);
  void unwatch(Port& port);                             // it may still be at it until the next grace period
  void stop();                                          // ends and joins; totals can still be read. Not under the mutex
  void add_totals(Totals& totals) const { pipeline_.add_totals(totals); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Served { uint64_t packets; Port* port; };

  void run(unsigned number);
  void wait();
  void serve_ready();
  size_t serve(uint32_t number);
  void not_ready(Port& port);
  void unpark(Time now);
  void look_at_load(Time now);
  void move_ports(unsigned busy);
  std::vector<Served> take_served();
  void hand_over(Port& port, PacketThread& to);
  unsigned load(Time now) const;                        // any thread

  SharedState& shared_;
  ThreadGroup& group_;
  Pipeline pipeline_;
  int epoll_ = -1, control_ = -1;
  std::atomic<bool> stop_{false};
  std::vector<uint32_t> ready_;                         // port numbers
  std::vector<uint32_t> parked_;                        // always "ready" without packets (gone devices): looked at rarely
  std::vector<uint32_t> served_;                        // ports that had packets since the load was last looked at
  Time parked_since_, window_start_;
  std::chrono::nanoseconds waited_{0};                  // since window_start_
  std::atomic<unsigned> load_{0};                       // per cent of its time that the thread was busy
  std::atomic<int64_t> load_at_{0};                     // when that was found
  std::thread thread_;
};

}  // namespace turnout::datapath
