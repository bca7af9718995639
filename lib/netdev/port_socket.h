// A packet socket bound to one link: frames in and out in batches, with their offload metadata. The data path of system
// devices; knows nothing of link state. packet(7).
//
// Every frame has a virtio-net header in front (PACKET_VNET_HDR): the kernel hands a 64 kB segment with a partial
// checksum over whole and takes it back whole. A VLAN tag that the kernel split off comes as auxiliary data and is put
// back here. Batches of kBatchMax frames cost one system call each way.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "lib/base/result.h"
#include "lib/net/packet.h"

namespace turnout::netdev {

struct PortCounters {             // what the link's own statistics do not see
  std::atomic<uint64_t> rx_errors{0};     // frames with metadata that makes no sense
  std::atomic<uint64_t> tx_dropped{0};    // frames the kernel did not take
  std::atomic<uint64_t> ring_lost{0};     // frames lost because nobody read in time
};

// receive() on one thread at a time, send() on any.
class PortSocket {
 public:
  // Promiscuous for as long as the socket is open: closing it restores what the host had.
  static Result<std::unique_ptr<PortSocket>> open(int ifindex);
  ~PortSocket();
  PortSocket(const PortSocket&) = delete;

  int fd() const;
  size_t receive(net::Batch& batch, size_t room);
  void send(const net::Batch& batch);
  const PortCounters& counters() const;
  void read_losses();             // asks the kernel for frames lost in the socket; adds to ring_lost

 private:
  struct Impl;
  explicit PortSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::netdev
