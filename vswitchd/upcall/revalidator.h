// Revalidators: threads that walk the flows of one datapath from time to time, pay their statistics to rules and
// learning tables, delete what is idle or does not hold any more, and adapt the flow limit to how long a walk takes.
//
// Driven by the injected clock: due rounds are posted to the threads by a deadline of the loop; with time stopped,
// each step of time/warp completes the rounds that fall due in it. Without flows there is no deadline at all.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/datapath/datapath.h"
#include "lib/io/loop.h"
#include "vswitchd/upcall/upcall_handler.h"

namespace turnout::upcall {

struct RevalidatorSettings {
  int64_t max_idle_ms = 10'000;            // other_config:max-idle, at least 500
  int64_t max_revalidator_ms = 500;        // other_config:max-revalidator, at least 100
  uint64_t flow_limit = 200'000;           // other_config:flow-limit
  uint64_t min_revalidate_pps = 5;         // other_config:min-revalidate-pps
  unsigned threads = 1;                    // other_config:n-revalidator-threads
  friend bool operator==(const RevalidatorSettings&, const RevalidatorSettings&) = default;
};

class Revalidator {
 public:
  // All outlive it. Main thread, as everything here unless said otherwise.
  Revalidator(io::Loop& loop, datapath::Datapath& datapath, UpcallHandler& handler,
              const translate::SnapshotWriter& snapshots);
  ~Revalidator();                          // stops the threads
  Revalidator(const Revalidator&) = delete;

  void configure(const RevalidatorSettings& settings);
  // Ends the threads; no round runs any more. poke() stays allowed.
  void stop();
  // Configuration or a learning table changed: a round soon. Any thread.
  void poke();
  // done() runs on the loop after a whole round that began after this call.
  void wait(std::function<void()> done);
  // Deletes every flow, paying its statistics first. Blocks (short).
  void purge();
  // Runs one round here and now, on the calling thread (main), for time/warp and before statistics are shown.
  void run_round();

  struct Report {
    uint64_t flows, average, maximum, limit;
    int64_t dump_ms;
    std::vector<uint64_t> keys_per_thread;
  };
  Report report() const;
  void set_flow_limit(uint64_t flows);     // upcall/set-flow-limit: until it is adapted again
  // Of all datapaths: do rounds read names and statistics alone where these will do? upcall/disable-ufid says no.
  static void set_terse_dumps(bool enabled);
  static bool terse_dumps();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::upcall
