// One dummy device: queues and counters behind a lock. Inside lib/netdev only.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/io/loop.h"
#include "lib/netdev/dummy_stream.h"
#include "lib/netdev/netdev.h"
#include "lib/netdev/pcap.h"

namespace turnout::netdev {

using Frame = std::vector<uint8_t>;

// Shared by the Device, which the datapath owns, and the registry, which commands go through. Any thread.
class DummyState {
 public:
  DummyState(io::Loop& loop, const OpenRequest& request, unsigned serial);
  ~DummyState();
  Status apply_options(const OpenRequest& request);   // main thread, once

  void inject(std::span<const uint8_t> frame);         // as if it came in on the wire
  size_t receive(net::Batch& batch, size_t room);
  void send(const net::Batch& batch);
  std::vector<Frame> take_sent();
  bool set_admin_up(bool up);                          // true if that changed anything

  const std::string name, type;
  std::mutex lock;                                     // for the members below
  LinkState link;
  Statistics statistics;
  std::optional<Frame> ip4, ip6;
  int ip4_prefix = 0, ip6_prefix = 0;
  unsigned queues = 1;

  int ready_fd() const { return ready_; }
  const std::shared_ptr<DummyStream>& stream() const { return stream_; }

 private:
  io::Loop& loop_;
  int ready_;
  std::deque<Frame> incoming_, sent_;
  std::shared_ptr<PcapFile> rx_pcap_, tx_pcap_;
  std::shared_ptr<DummyStream> stream_;                // main thread
};

}  // namespace turnout::netdev
