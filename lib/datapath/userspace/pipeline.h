// What one thread does with packets: key, cache, table, upcall, actions, transmit queues. One for each packet thread, one
// for the loop's thread, and some for threads that call Datapath::execute(). Used by one thread at a time.
#pragma once

#include <atomic>
#include <memory>

#include "lib/datapath/userspace/exact_cache.h"
#include "lib/datapath/userspace/execute.h"
#include "lib/datapath/userspace/shared_state.h"
#include "lib/datapath/userspace/transmit.h"

namespace turnout::datapath {

class Pipeline final : private Recirculator {
 public:
  explicit Pipeline(SharedState& shared);

  // Receives one batch from the port and handles it; returns how many packets came. Inside RcuRead.
  size_t serve(Port& port);
  // Takes an RcuRead itself.
  void execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions);
  // Forgets cached flows and buffers of the calling thread, which is about to end.
  void clear();
  void add_totals(Totals& totals) const;        // any thread

 private:
  // Packets in a row that hit the same flow.
  struct Run {
    Megaflow* flow = nullptr;
    net::Batch packets;
    const flow::FlowKey* key = nullptr;         // of the first: one of keys_
    uint64_t bytes = 0;
    uint16_t tcp_flags = 0;
  };
  void process(net::Batch& batch);
  Megaflow* lookup(const flow::FlowKey& key, const flow::WordMap& map);
  void finish(Run& run);
  void miss(net::PacketRef packet, const flow::FlowKey& key, unsigned depth);
  void recirculate(net::PacketRef packet, uint32_t recirc_id, const ActionContext& context) override;
  void maybe_rank();

  SharedState& shared_;
  std::unique_ptr<ExactCache> cache_;           // made with the first batch
  TransmitQueues transmit_;
  Executor executor_;
  net::Batch batch_;
  Run run_;
  flow::FlowKey keys_[2];                       // of the run, and of the packet at hand
  int64_t now_ns_ = 0, ranked_ns_ = 0;
  bool ranking_due_ = false;

  // Written by one thread, read by any.
  struct alignas(64) {
    std::atomic<uint64_t> hit{0}, missed{0}, lost{0}, mask_hits{0}, cache_hits{0};
  } counts_;
};

}  // namespace turnout::datapath
