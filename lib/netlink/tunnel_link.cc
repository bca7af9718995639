// See tunnel_link.h.
#include "lib/netlink/tunnel_link.h"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cerrno>

#include "lib/base/endian.h"

namespace turnout::netlink {
namespace {

Message link_message(int type, int flags, std::string_view name) {
  Message message(type, flags);
  const ifinfomsg header{};
  message.header(&header, sizeof header);
  message.put_string(IFLA_IFNAME, name);
  return message;
}

void put_be16(Message& message, int attribute, uint16_t value) {
  const Be16 wire{value};
  message.put(attribute, &wire, sizeof wire);
}
void put_flag(Message& message, int attribute) { message.put(attribute, nullptr, 0); }

// Checksums of zero over IPv6 are taken from peers that send them; what goes out is for each packet to say.
void put_vxlan(Message& message, const TunnelLink& tunnel) {
  message.put_u8(IFLA_VXLAN_COLLECT_METADATA, 1);
  message.put_u8(IFLA_VXLAN_LEARNING, 0);
  put_be16(message, IFLA_VXLAN_PORT, tunnel.udp_port);
  message.put_u8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
  if (tunnel.gbp) put_flag(message, IFLA_VXLAN_GBP);
}

void put_geneve(Message& message, const TunnelLink& tunnel) {
  put_flag(message, IFLA_GENEVE_COLLECT_METADATA);
  put_be16(message, IFLA_GENEVE_PORT, tunnel.udp_port);
  message.put_u8(IFLA_GENEVE_UDP_ZERO_CSUM6_RX, 1);
}

uint16_t be16_of(const nlattr* a) {
  return a && nla_len(a) >= 2 ? Be16::from_raw(nla_get_u16(a)).host() : 0;
}

void read_vxlan(nlattr* data, TunnelLink& out) {
  nlattr* tb[IFLA_VXLAN_MAX + 1];
  if (nla_parse_nested(tb, IFLA_VXLAN_MAX, data, nullptr) < 0) return;
  const nlattr* metadata = tb[IFLA_VXLAN_COLLECT_METADATA];
  out.metadata = metadata && nla_len(metadata) >= 1 && nla_get_u8(metadata);
  out.udp_port = be16_of(tb[IFLA_VXLAN_PORT]);
  out.gbp = tb[IFLA_VXLAN_GBP];
}

void read_geneve(nlattr* data, TunnelLink& out) {
  nlattr* tb[IFLA_GENEVE_MAX + 1];
  if (nla_parse_nested(tb, IFLA_GENEVE_MAX, data, nullptr) < 0) return;
  out.metadata = tb[IFLA_GENEVE_COLLECT_METADATA];
  out.udp_port = be16_of(tb[IFLA_GENEVE_PORT]);
}

void read_gre(nlattr* data, TunnelLink& out) {
  nlattr* tb[IFLA_GRE_MAX + 1];
  if (nla_parse_nested(tb, IFLA_GRE_MAX, data, nullptr) == 0) out.metadata = tb[IFLA_GRE_COLLECT_METADATA];
}

TunnelLink parse(const nlmsghdr& message) {
  TunnelLink out;
  out.metadata = false;
  nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(&message), sizeof(ifinfomsg), tb, IFLA_MAX, nullptr) < 0 || !tb[IFLA_LINKINFO]) return out;
  if (nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], nullptr) < 0 || !info[IFLA_INFO_KIND]) return out;
  const auto* kind = static_cast<const char*>(nla_data(info[IFLA_INFO_KIND]));
  out.kind.assign(kind, strnlen(kind, static_cast<size_t>(nla_len(info[IFLA_INFO_KIND]))));
  nlattr* data = info[IFLA_INFO_DATA];
  if (!data) return out;
  if (out.kind == "vxlan") read_vxlan(data, out);
  else if (out.kind == "geneve") read_geneve(data, out);
  else if (out.kind.ends_with("gretap") || out.kind.ends_with("erspan")) read_gre(data, out);
  return out;
}

}  // namespace

Status create_tunnel_link(Socket& socket, std::string_view name, const TunnelLink& tunnel) {
  if (name.empty() || name.size() >= IFNAMSIZ) return fail_errno(name, EINVAL);
  Message message = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
  void* info = message.nest(IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, tunnel.kind);
  void* data = message.nest(IFLA_INFO_DATA);
  if (tunnel.kind == "vxlan") put_vxlan(message, tunnel);
  else if (tunnel.kind == "geneve") put_geneve(message, tunnel);
  else put_flag(message, IFLA_GRE_COLLECT_METADATA);
  message.end(data);
  message.end(info);
  return socket.request(message);
}

Result<TunnelLink> read_tunnel_link(Socket& socket, std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return fail_errno(name, ENODEV);
  Result<TunnelLink> found = fail_errno(name, ENODEV);
  const Status asked = socket.request(link_message(RTM_GETLINK, 0, name), [&](const nlmsghdr& message) {
    if (message.nlmsg_type == RTM_NEWLINK) found = parse(message);
  });
  return asked ? found : fail(asked);
}

}  // namespace turnout::netlink
