// The data path of a tap: its descriptor, frames with their virtio-net header. A tap has no batched system call; several
// frames are read per wake-up.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/net/address.h"
#include "lib/net/packet.h"
#include "lib/netlink/netns.h"

namespace turnout::netdev {

// Owns the descriptor. receive() on one thread at a time, send() on any, the rest on the main thread.
class TapSocket {
 public:
  enum class Open { kCreate, kAttach };
  // In the calling thread's namespace. kCreate: EEXIST if a link of that name exists. kAttach: EBUSY while another
  // process holds the tap.
  static Result<TapSocket> open(const std::string& name, Open how);
  TapSocket(TapSocket&& o) noexcept;
  TapSocket& operator=(TapSocket&&) = delete;
  ~TapSocket();

  int fd() const { return fd_; }
  bool takes_udp_segments() const { return udp_segments_; }
  size_t receive(net::Batch& batch, size_t room);
  void send(const net::Batch& batch);
  uint64_t rx_errors() const { return rx_errors_.load(std::memory_order_relaxed); }
  uint64_t tx_dropped() const { return tx_dropped_.load(std::memory_order_relaxed); }

  Status set_persistent(bool persistent);
  Status set_mac(const net::Mac& mac);
  // Where the tap is now: its namespace and its name there. Nothing once it has been deleted.
  struct Place { netlink::Netns ns; std::string name; };
  std::optional<Place> place() const;

 private:
  TapSocket(int fd, bool udp_segments) : fd_(fd), udp_segments_(udp_segments) {}
  void fall_silent();
  int fd_;
  bool udp_segments_;
  size_t burst_ = net::kBatchMax;
  std::atomic<uint64_t> rx_errors_{0}, tx_dropped_{0};
};

}  // namespace turnout::netdev
