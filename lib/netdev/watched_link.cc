// See watched_link.h.
#include "lib/netdev/watched_link.h"

#include <cerrno>

#include "lib/netdev/link_device.h"

namespace turnout::netdev {
namespace {

class WatchedLink final : public LinkDevice {
 public:
  WatchedLink(std::string name, std::string type, int ifindex, netlink::LinkTable& table)
      : LinkDevice(std::move(name), std::move(type)), ifindex_(ifindex), table_(table) {}

  int readiness_fd() const override { return -1; }
  size_t receive(net::Batch&, size_t) override { return 0; }
  void send(const net::Batch&) override {}
  Capabilities capabilities() const override { return {}; }

  netlink::LinkTable* table() const override {
    const netlink::Link* l = table_.find(ifindex_);
    return l && l->name == name() ? &table_ : nullptr;
  }
  int ifindex() const override { return ifindex_; }
  netlink::DriverInfo driver_info() const override { return netlink::read_driver_info(name()); }

  // What the host receives of an internal port, the switch has sent into it.
  Statistics from_host(const netlink::LinkStatistics& h) const override {
    const bool turned = type() == "internal";
    Statistics s;
    s.rx_packets = turned ? h.tx_packets : h.rx_packets;
    s.rx_bytes = turned ? h.tx_bytes : h.rx_bytes;
    s.rx_errors = turned ? h.tx_errors : h.rx_errors;
    s.rx_dropped = turned ? h.tx_dropped : h.rx_dropped;
    s.tx_packets = turned ? h.rx_packets : h.tx_packets;
    s.tx_bytes = turned ? h.rx_bytes : h.tx_bytes;
    s.tx_errors = turned ? h.rx_errors : h.tx_errors;
    s.tx_dropped = turned ? h.rx_dropped : h.tx_dropped;
    s.rx_frame_errors = h.rx_frame_errors;
    s.rx_over_errors = h.rx_over_errors;
    s.rx_crc_errors = h.rx_crc_errors;
    s.rx_missed_errors = h.rx_missed_errors;
    s.collisions = h.collisions;
    s.multicast = h.multicast;
    return s;
  }

 private:
  const int ifindex_;
  netlink::LinkTable& table_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_watched_link(const std::string& name, const std::string& type, netlink::LinkTable& table) {
  table.sync();
  const netlink::Link* link = table.find(name);
  if (!link) return fail_errno(name, ENODEV);
  return std::unique_ptr<Device>(new WatchedLink(name, type, link->ifindex, table));
}

}  // namespace turnout::netdev
