// rtnetlink requests about links and addresses.
#include "lib/netlink/link.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "lib/netlink/link_parse.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

namespace {
ifinfomsg link_header(int ifindex = 0) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = ifindex;
  return header;
}

Message link_message(int type, int flags, int ifindex) {
  Message message(type, flags);
  const ifinfomsg header = link_header(ifindex);
  message.header(&header, sizeof header);
  return message;
}

bool valid_name(std::string_view name) { return !name.empty() && name.size() < IFNAMSIZ; }

LinkStatistics from_kernel(const rtnl_link_stats64& s) {
  LinkStatistics out;
  out.rx_packets = s.rx_packets;
  out.tx_packets = s.tx_packets;
  out.rx_bytes = s.rx_bytes;
  out.tx_bytes = s.tx_bytes;
  out.rx_errors = s.rx_errors;
  out.tx_errors = s.tx_errors;
  out.rx_dropped = s.rx_dropped;
  out.tx_dropped = s.tx_dropped;
  out.multicast = s.multicast;
  out.collisions = s.collisions;
  out.rx_over_errors = s.rx_over_errors;
  out.rx_crc_errors = s.rx_crc_errors;
  out.rx_frame_errors = s.rx_frame_errors;
  out.rx_missed_errors = s.rx_missed_errors;
  return out;
}

Message statistics_message(int ifindex) {
  Message message(RTM_GETSTATS, 0);
  if_stats_msg header{};
  header.family = AF_UNSPEC;
  header.ifindex = static_cast<uint32_t>(ifindex);
  header.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  message.header(&header, sizeof header);
  return message;
}

void parse_statistics(const nlmsghdr& m, const std::function<void(int, const LinkStatistics&)>& found) {
  if (m.nlmsg_type != RTM_NEWSTATS || !nlmsg_valid_hdr(&m, sizeof(if_stats_msg))) return;
  const auto* header = static_cast<const if_stats_msg*>(nlmsg_data(&m));
  const nlattr* a = nlmsg_find_attr(const_cast<nlmsghdr*>(&m), sizeof(if_stats_msg), IFLA_STATS_LINK_64);
  if (!a) return;
  rtnl_link_stats64 raw{};
  std::memcpy(&raw, nla_data(a), std::min(sizeof raw, static_cast<size_t>(nla_len(a))));
  found(static_cast<int>(header->ifindex), from_kernel(raw));
}
}  // namespace

std::optional<Link> parse_link(const nlmsghdr& m) {
  if (m.nlmsg_type != RTM_NEWLINK && m.nlmsg_type != RTM_DELLINK) return {};
  nlattr* tb[IFLA_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(&m), sizeof(ifinfomsg), tb, IFLA_MAX, nullptr) < 0) return {};
  const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(&m));
  if (header->ifi_family != AF_UNSPEC || !tb[IFLA_IFNAME]) return {};   // AF_BRIDGE reports are about bridge ports
  auto u32 = [&](int a) { return tb[a] && nla_len(tb[a]) >= 4 ? nla_get_u32(tb[a]) : 0; };
  Link link;
  link.ifindex = header->ifi_index;
  link.flags = header->ifi_flags;
  link.hardware = header->ifi_type;
  link.name.assign(static_cast<const char*>(nla_data(tb[IFLA_IFNAME])),
                   strnlen(static_cast<const char*>(nla_data(tb[IFLA_IFNAME])), static_cast<size_t>(nla_len(tb[IFLA_IFNAME]))));
  link.mtu = static_cast<int>(u32(IFLA_MTU));
  link.master = static_cast<int>(u32(IFLA_MASTER));
  link.carrier_changes = u32(IFLA_CARRIER_CHANGES);
  link.carrier = tb[IFLA_CARRIER] ? nla_get_u8(tb[IFLA_CARRIER]) != 0 : (header->ifi_flags & (1u << 16)) != 0;
  if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == 6) std::memcpy(link.mac.bytes.data(), nla_data(tb[IFLA_ADDRESS]), 6);
  if (tb[IFLA_LINKINFO]) {
    nlattr* info[IFLA_INFO_MAX + 1];
    if (nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], nullptr) == 0 && info[IFLA_INFO_KIND])
      link.kind.assign(static_cast<const char*>(nla_data(info[IFLA_INFO_KIND])),
                       strnlen(static_cast<const char*>(nla_data(info[IFLA_INFO_KIND])),
                               static_cast<size_t>(nla_len(info[IFLA_INFO_KIND]))));
  }
  return link;
}

struct LinkSocket::Impl {
  std::unique_ptr<Socket> socket;

  Result<Link> get(const Message& message) {
    Result<Link> link = fail("no answer about the link", EIO);
    Status s = socket->request(message, [&](const nlmsghdr& m) {
      if (auto parsed = parse_link(m)) link = std::move(*parsed);
    });
    if (!s) return fail(s);
    return link;
  }
};

LinkSocket::LinkSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkSocket::~LinkSocket() = default;

Result<std::unique_ptr<LinkSocket>> LinkSocket::open() {
  auto socket = Socket::open(NETLINK_ROUTE);
  if (!socket) return fail(socket);
  return std::unique_ptr<LinkSocket>(new LinkSocket(std::make_unique<Impl>(Impl{std::move(*socket)})));
}

Result<std::unique_ptr<LinkSocket>> LinkSocket::open(const Netns& ns) {
  auto socket = Socket::open(NETLINK_ROUTE, ns);
  if (!socket) return fail(socket);
  return std::unique_ptr<LinkSocket>(new LinkSocket(std::make_unique<Impl>(Impl{std::move(*socket)})));
}

Result<Link> LinkSocket::get(std::string_view name) {
  if (!valid_name(name)) return fail_errno(name, ENODEV);
  Message message = link_message(RTM_GETLINK, 0, 0);
  message.put_string(IFLA_IFNAME, name);
  message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return impl_->get(message);
}

Result<Link> LinkSocket::get(int ifindex) {
  Message message = link_message(RTM_GETLINK, 0, ifindex);
  message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return impl_->get(message);
}

Result<std::vector<Link>> LinkSocket::list() {
  Message message = link_message(RTM_GETLINK, 0, 0);
  message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::vector<Link> links;
  Status s = impl_->socket->dump(
      std::move(message), [&](const nlmsghdr& m) { if (auto link = parse_link(m)) links.push_back(std::move(*link)); },
      [&] { links.clear(); });
  if (!s) return fail(s);
  return links;
}

Result<std::vector<Address>> LinkSocket::addresses() {
  Message message(RTM_GETADDR, 0);
  const ifaddrmsg header{};
  message.header(&header, sizeof header);
  std::vector<Address> out;
  Status s = impl_->socket->dump(
      std::move(message),
      [&](const nlmsghdr& m) {
        nlattr* tb[IFA_MAX + 1];
        if (m.nlmsg_type != RTM_NEWADDR || nlmsg_parse(const_cast<nlmsghdr*>(&m), sizeof(ifaddrmsg), tb, IFA_MAX, nullptr) < 0) return;
        const auto* a = static_cast<const ifaddrmsg*>(nlmsg_data(&m));
        const nlattr* bytes = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
        if (!bytes) return;
        const auto* p = static_cast<const uint8_t*>(nla_data(bytes));
        out.push_back({static_cast<int>(a->ifa_index), a->ifa_family, {p, p + nla_len(bytes)}, a->ifa_prefixlen});
      },
      [&] { out.clear(); });
  if (!s) return fail(s);
  return out;
}

Status LinkSocket::set_up(int ifindex, bool up) {
  Message message(RTM_NEWLINK, 0);
  ifinfomsg header = link_header(ifindex);
  header.ifi_change = IFF_UP;
  header.ifi_flags = up ? IFF_UP : 0;
  message.header(&header, sizeof header);
  return impl_->socket->request(message);
}

Status LinkSocket::set_mtu(int ifindex, int mtu) {
  Message message = link_message(RTM_NEWLINK, 0, ifindex);
  message.put_u32(IFLA_MTU, static_cast<uint32_t>(mtu));
  return impl_->socket->request(message);
}

Status LinkSocket::set_mac(int ifindex, const net::Mac& mac) {
  Message message = link_message(RTM_NEWLINK, 0, ifindex);
  message.put(IFLA_ADDRESS, mac.bytes.data(), mac.bytes.size());
  return impl_->socket->request(message);
}

Status LinkSocket::move(int ifindex, const Netns& to) {
  Message message = link_message(RTM_NEWLINK, 0, ifindex);
  message.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(to.fd()));
  return impl_->socket->request(message);
}

Status LinkSocket::create(std::string_view name, std::string_view kind) {
  if (!valid_name(name)) return fail_errno(name, EINVAL);
  Message message = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
  message.put_string(IFLA_IFNAME, name);
  void* info = message.nest(IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, kind);
  message.end(info);
  return impl_->socket->request(message);
}

Status LinkSocket::create_veth(std::string_view name, std::string_view peer) {
  if (!valid_name(name) || !valid_name(peer)) return fail_errno(name, EINVAL);
  Message message = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
  message.put_string(IFLA_IFNAME, name);
  void* info = message.nest(IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, "veth");
  void* data = message.nest(IFLA_INFO_DATA);
  void* other = message.nest(VETH_INFO_PEER);
  const ifinfomsg header = link_header();
  message.header(&header, sizeof header);
  message.put_string(IFLA_IFNAME, peer);
  message.end(other);
  message.end(data);
  message.end(info);
  return impl_->socket->request(message);
}

Status LinkSocket::remove(int ifindex) { return impl_->socket->request(link_message(RTM_DELLINK, 0, ifindex)); }

Status LinkSocket::remove_all(std::span<const int> ifindexes) {
  if (ifindexes.empty()) return {};
  if (ifindexes.size() == 1) {
    Status s = remove(ifindexes[0]);
    return !s && s.error().code == ENODEV ? Status() : s;
  }
  // Any number that nobody else uses will do; group 0 is every link's default and must never be deleted.
  static std::atomic<uint32_t> next{0x7e000000};
  const uint32_t group = next.fetch_add(1);
  std::vector<int> alone;
  bool grouped = false;
  for (int ifindex : ifindexes) {
    Message message = link_message(RTM_NEWLINK, 0, ifindex);
    message.put_u32(IFLA_GROUP, group);
    Status s = impl_->socket->request(message);
    if (s) grouped = true;
    else if (s.error().code != ENODEV) alone.push_back(ifindex);
  }
  if (grouped) {
    Message message = link_message(RTM_DELLINK, 0, 0);
    message.put_u32(IFLA_GROUP, group);
    if (!impl_->socket->request(message)) alone.assign(ifindexes.begin(), ifindexes.end());
  }
  Status result;
  for (int ifindex : alone)
    if (Status s = remove(ifindex); !s && s.error().code != ENODEV) result = s;
  return result;
}

Result<LinkStatistics> LinkSocket::statistics(int ifindex) {
  Result<LinkStatistics> out = fail_errno("statistics", ENODEV);
  Status s = impl_->socket->request(statistics_message(ifindex), [&](const nlmsghdr& m) {
    parse_statistics(m, [&](int, const LinkStatistics& found) { out = found; });
  });
  if (!s) return fail(s);
  return out;
}

Result<std::map<int, LinkStatistics>> LinkSocket::all_statistics() {
  std::map<int, LinkStatistics> out;
  Status s = impl_->socket->dump(statistics_message(0), [&](const nlmsghdr& m) {
    parse_statistics(m, [&](int ifindex, const LinkStatistics& found) { out[ifindex] = found; });
  });
  if (!s) return fail(s);
  return out;
}

}  // namespace turnout::netlink
