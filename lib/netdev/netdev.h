// A device of the switch: AF_PACKET on a Linux link, a tap, a dummy. Owned by the datapath port that it serves.
// Configuration calls come from the main thread; receive() from the one packet thread that polls the device; send() from
// any packet thread (a device serialises what it must).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/address.h"
#include "lib/net/packet.h"

namespace turnout::netdev {

struct Statistics {           // from the switch's point of view: received = came into the switch
  uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, rx_frame_errors = 0, rx_over_errors = 0,
           rx_crc_errors = 0, rx_missed_errors = 0, tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0,
           collisions = 0, multicast = 0;
};

struct LinkState {
  bool present = false;        // the device exists (a system device may vanish and come back)
  bool admin_up = false, carrier = false;
  int ifindex = 0;
  int mtu = 0;
  net::Mac mac;
  uint64_t speed_bps = 0;      // 0: not known
  bool full_duplex = false;
  uint64_t resets = 0;         // carrier changes seen
  std::string driver_name, driver_version, firmware_version;   // for Interface.status
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// What send() can hand on as it is; the datapath finishes the rest in software before calling it.
struct Capabilities { bool partial_checksum = false, tcp4_gso = false, tcp6_gso = false, udp_l4_gso = false, ufo = false; };

class Device {
 public:
  virtual ~Device() = default;
  virtual const std::string& name() const = 0;
  virtual std::string_view type() const = 0;      // "system", "internal", "tap", "dummy", "dummy-internal", "patch"

  // Becomes readable when receive() may return packets; -1 if never. Constant for the device's life.
  virtual int readiness_fd() const = 0;
  // Appends up to room packets to the batch (buffers from PacketPool::local()). Returns how many; 0 when none is
  // ready. A vanished device returns 0 and reports through link_state().
  virtual size_t receive(net::Batch& batch, size_t room) = 0;
  // Sends all; counts what it must drop. Packets stay the caller's. Frames go out in order.
  virtual void send(const net::Batch& batch) = 0;
  virtual Capabilities capabilities() const = 0;

  virtual LinkState link_state() const = 0;        // cheap: kept fresh by netlink events where there are any
  virtual Result<Statistics> statistics() const = 0;
  virtual Status set_admin_up(bool up) = 0;
  virtual Status set_mtu(int mtu) = 0;
  virtual Status set_mac(const net::Mac& mac) = 0;
};

struct OpenRequest {
  std::string name, type;                          // type as in Interface.type; "" is system
  std::map<std::string, std::string> options;      // Interface.options
  std::optional<net::Mac> mac;                     // wanted at creation (internal)
};

}  // namespace turnout::netdev
