// See tunnel_egress.h.
#include "vswitchd/bridge/tunnel_egress.h"

#include <linux/netlink.h>

#include "lib/netlink/route.h"

namespace turnout::bridge {

namespace {

Result<int> route_to(netlink::Socket& socket, const netdev::TunnelConfig& tunnel) {
  const netdev::TunnelAddress& to = tunnel.remote;
  const uint32_t mark = tunnel.egress_mark.value_or(0);
  if (to.form == netdev::TunnelAddress::Form::kIpv6) return netlink::egress_of(socket, to.ipv6.bytes, mark);
  const uint32_t raw = to.ipv4.raw();
  return netlink::egress_of(socket, {reinterpret_cast<const uint8_t*>(&raw), sizeof raw}, mark);
}

}  // namespace

bool EgressFinder::open() {
  if (routes_ && links_) return true;
  auto routes = netlink::Socket::open(NETLINK_ROUTE);
  auto links = netlink::LinkSocket::open();
  if (!routes || !links) return false;
  routes_ = std::move(*routes);
  links_ = std::move(*links);
  return true;
}

TunnelEgress EgressFinder::find(const netdev::TunnelConfig& tunnel) {
  TunnelEgress egress;
  if (!open()) return egress;
  if (const auto device = links_->get(tunnel.device_name())) egress.device = device->ifindex;
  if (!tunnel.remote.is_fixed()) return egress;
  const auto out = route_to(*routes_, tunnel);
  if (!out) return egress;
  if (const auto link = links_->get(*out)) {
    egress.interface = link->name;
    egress.carrier = link->carrier;
  }
  return egress;
}

}  // namespace turnout::bridge
