// See tunnel_devices.h.
#include "lib/datapath/kernel/tunnel_devices.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/netlink/link.h"
#include "lib/netlink/tunnel_link.h"

namespace turnout::datapath::kernel {
namespace {

Log log_dpif{"dpif_netlink"};

// Larger than any packet that comes to it: the device outside says what fits, not this one.
constexpr int kMtu = 65000;

netlink::TunnelLink link_of(const netdev::TunnelConfig& config) {
  return {std::string(config.kind->link_kind), config.udp_port, config.gbp, true};
}

const netdev::TunnelKind* kind_by_name(std::string_view name) {
  for (const netdev::TunnelKind& kind : netdev::tunnel_kinds()) {
    if (kind.device.empty() || !name.starts_with(kind.device)) continue;
    const std::string_view rest = name.substr(kind.device.size());
    if (!kind.default_port ? rest.empty() : parse_unsigned(rest).has_value()) return &kind;
  }
  return nullptr;
}

Status make(netlink::Socket& socket, const std::string& name, const netlink::TunnelLink& wanted) {
  Status made = netlink::create_tunnel_link(socket, name, wanted);
  if (made || made.error().code != EEXIST) return made;
  const auto standing = netlink::read_tunnel_link(socket, name);
  if (!standing) return fail("another device of this host serves UDP port " + std::to_string(wanted.udp_port), EADDRINUSE);
  if (*standing == wanted) return made;
  log_dpif.info("{}: replacing the device, which was made for something else", name);
  remove_tunnel_device(name);
  return netlink::create_tunnel_link(socket, name, wanted);
}

}  // namespace

std::string unsupported_by_kernels(const netdev::TunnelConfig& config) {
  const std::string type(config.kind->type);
  if (config.kind->link_kind.empty()) return "type " + type + " is not supported by the kernel datapath";
  if (config.gpe) return "options:exts=gpe is not supported by the kernel datapath";
  if (config.packets == netdev::TunnelPackets::kLegacyL3)
    return "options:packet_type=legacy_l3 is not supported by the kernel datapath";
  if (config.sequence) return "options:seq is not supported by the kernel datapath";
  return {};
}

Result<TunnelDevice> need_tunnel_device(const netdev::TunnelConfig& config) {
  auto socket = netlink::Socket::open(NETLINK_ROUTE);
  auto links = netlink::LinkSocket::open();
  if (!socket) return fail(socket);
  if (!links) return fail(links);
  const std::string name = config.device_name();
  const Status made = make(**socket, name, link_of(config));
  if (!made && made.error().code != EEXIST) return fail(made);
  const auto link = (*links)->get(name);
  if (!link) return fail(link);
  if (Status s = (*links)->set_mtu(link->ifindex, kMtu); !s)
    log_dpif.warn("{}: setting the MTU to {} failed ({})", name, kMtu, s.error().message);
  if (Status s = (*links)->set_up(link->ifindex, true); !s) {
    if (made) (void)(*links)->remove(link->ifindex);
    return fail(s);
  }
  return made ? TunnelDevice::kMade : TunnelDevice::kFound;
}

void remove_tunnel_device(const std::string& name) {
  auto links = netlink::LinkSocket::open();
  if (!links || !tunnel_device_kind(name)) return;
  const auto link = (*links)->get(name);
  if (!link) return;
  if (Status s = (*links)->remove(link->ifindex); !s && s.error().code != ENODEV)
    log_dpif.warn("{}: removing the device failed ({})", name, s.error().message);
}

const netdev::TunnelKind* tunnel_device_kind(const std::string& name) {
  const netdev::TunnelKind* kind = kind_by_name(name);
  if (!kind) return nullptr;
  auto socket = netlink::Socket::open(NETLINK_ROUTE);
  if (!socket) return nullptr;
  const auto link = netlink::read_tunnel_link(**socket, name);
  return link && link->metadata && link->kind == kind->link_kind ? kind : nullptr;
}

bool is_tunnel_device_name(std::string_view name) { return kind_by_name(name) != nullptr; }

std::string tunnel_device_options(std::string_view name, const netdev::TunnelKind& kind) {
  std::string text;
  const auto port = parse_unsigned(name.substr(kind.device.size()));
  if (port && *port != kind.default_port) text = "dst_port=" + std::to_string(*port) + ", ";
  if (kind.type.ends_with("erspan")) text += "erspan_ver=0, ";
  return text + "packet_type=ptap";
}

void remove_stale_tunnel_devices(const std::function<bool(const std::string& name)>& in_use) {
  auto links = netlink::LinkSocket::open();
  if (!links) return;
  const auto all = (*links)->list();
  if (!all) return;
  for (const netlink::Link& link : *all) {
    if (link.master || !is_tunnel_device_name(link.name) || in_use(link.name) || !tunnel_device_kind(link.name)) continue;
    log_dpif.info("removing device {}, which no tunnel needs any more", link.name);
    remove_tunnel_device(link.name);
  }
}

}  // namespace turnout::datapath::kernel
