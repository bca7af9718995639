// A link of the host as a port.
#include "lib/netdev/af_packet.h"

#include <linux/if_arp.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdio>

#include "lib/base/log.h"
#include "lib/netdev/link_device.h"
#include "lib/netdev/port_socket.h"

namespace turnout::netdev {

namespace {
Log log_{"netdev_linux"};

// Packet sockets take UDP segments (VIRTIO_NET_HDR_GSO_UDP_L4) since Linux 6.2.
bool kernel_takes_udp_segments() {
  utsname name{};
  int major = 0, minor = 0;
  return uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 2));
}

class AfPacketDevice final : public LinkDevice {
 public:
  AfPacketDevice(std::string name, int ifindex, netlink::LinkTable& table, std::unique_ptr<PortSocket> socket,
                 std::unique_ptr<IngressDrop> drop)
      : LinkDevice(std::move(name), "system"), ifindex_(ifindex), table_(table), socket_(std::move(socket)), drop_(std::move(drop)) {
    static const bool udp = kernel_takes_udp_segments();
    capabilities_ = {.partial_checksum = true, .tcp4_gso = true, .tcp6_gso = true, .udp_l4_gso = udp, .ufo = true};
  }

  int readiness_fd() const override { return socket_->fd(); }
  size_t receive(net::Batch& batch, size_t room) override { return socket_->receive(batch, room); }
  void send(const net::Batch& batch) override { socket_->send(batch); }
  Capabilities capabilities() const override { return capabilities_; }

  netlink::LinkTable* table() const override {
    const netlink::Link* l = table_.find(ifindex_);
    return l && l->name == name() ? &table_ : nullptr;
  }
  int ifindex() const override { return ifindex_; }
  netlink::DriverInfo driver_info() const override { return netlink::read_driver_info(name()); }

  Statistics from_host(const netlink::LinkStatistics& h) const override {
    socket_->read_losses();
    const PortCounters& own = socket_->counters();
    Statistics s;
    s.rx_packets = h.rx_packets;
    s.rx_bytes = h.rx_bytes;
    s.rx_errors = h.rx_errors + own.rx_errors.load(std::memory_order_relaxed);
    s.rx_dropped = h.rx_dropped + own.ring_lost.load(std::memory_order_relaxed);
    s.rx_frame_errors = h.rx_frame_errors;
    s.rx_over_errors = h.rx_over_errors;
    s.rx_crc_errors = h.rx_crc_errors;
    s.rx_missed_errors = h.rx_missed_errors;
    s.tx_packets = h.tx_packets;
    s.tx_bytes = h.tx_bytes;
    s.tx_errors = h.tx_errors;
    s.tx_dropped = h.tx_dropped + own.tx_dropped.load(std::memory_order_relaxed);
    s.collisions = h.collisions;
    s.multicast = h.multicast;
    return s;
  }

 private:
  const int ifindex_;
  netlink::LinkTable& table_;
  std::unique_ptr<PortSocket> socket_;
  std::unique_ptr<IngressDrop> drop_;       // removed before the socket: the host gets its link back
  Capabilities capabilities_;
};
}  // namespace

Result<std::unique_ptr<Device>> open_af_packet(const std::string& name, netlink::LinkTable& table, IngressDropper& dropper) {
  table.sync();
  const netlink::Link* link = table.find(name);
  if (!link) return fail_errno(name, ENODEV);
  const int ifindex = link->ifindex;
  if (link->hardware != ARPHRD_ETHER && link->hardware != ARPHRD_LOOPBACK)
    return fail(name + ": not an Ethernet device", EINVAL);
  auto socket = PortSocket::open(ifindex);
  if (!socket) return fail(name + ": " + socket.error().message, socket.error().code);
  auto drop = dropper.install(ifindex, name);
  if (!drop)
    log_.warn("{}: the host's own stack sees the frames of this device too, because dropping them at ingress failed ({})", name,
              drop.error().message);
  return std::unique_ptr<Device>(
      new AfPacketDevice(name, ifindex, table, std::move(*socket), drop ? std::move(*drop) : nullptr));
}

}  // namespace turnout::netdev
