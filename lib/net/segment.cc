// Segmentation and checksums in software, for devices that have neither.
#include "lib/net/segment.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "lib/net/checksum.h"
#include "lib/net/headers.h"
#include "lib/net/parse.h"

namespace turnout::net {

namespace {

// Where the headers of a packet that is to be cut are.
struct Layout {
  size_t l3 = 0, l4 = 0, end = 0;   // end: behind the IP payload (a frame may be padded)
  bool ipv6 = false;
  uint8_t protocol = 0;
  size_t last_next_header = 0;      // IPv6: offset of the byte that names the transport protocol
};

template <typename T>
T& header_at(Packet& p, size_t offset) { return *reinterpret_cast<T*>(p.data() + offset); }
template <typename T>
const T& header_at(const Packet& p, size_t offset) { return *reinterpret_cast<const T*>(p.data() + offset); }

bool find_ipv4(Cursor& c, Layout& at) {
  const auto* ip = c.peek<Ipv4Header>();
  if (!ip || ip->version_ihl >> 4 != 4 || ip->header_length() < sizeof *ip) return false;
  at.protocol = ip->protocol;
  at.end = c.offset() + c.left();
  if (const size_t total = ip->total_length.host(); total) at.end = std::min(at.end, at.l3 + total);
  if (!c.skip(ip->header_length())) return false;
  at.l4 = c.offset();
  return at.l4 <= at.end;
}

bool find_ipv6(Cursor& c, Layout& at) {
  at.last_next_header = c.offset() + offsetof(Ipv6Header, next_header);
  const auto* ip = c.take<Ipv6Header>();
  if (!ip) return false;
  at.ipv6 = true;
  at.end = c.offset() + c.left();
  if (const size_t length = ip->payload_length.host(); length) at.end = std::min(at.end, c.offset() + length);
  at.protocol = ip->next_header;
  while (at.protocol == kIpHopOptions || at.protocol == kIpRouting || at.protocol == kIpDestOptions) {
    at.last_next_header = c.offset();
    const auto* extension = c.peek<Ipv6Extension>();
    if (!extension || !c.skip((extension->length + 1u) * 8)) return false;
    at.protocol = extension->next_header;
  }
  at.l4 = c.offset();
  return at.l4 <= at.end;
}

std::optional<Layout> find_layout(const Packet& packet) {
  Cursor c(packet.bytes());
  const auto* eth = c.take<EthHeader>();
  if (!eth) return std::nullopt;
  uint16_t type = eth->type.host();
  while (type == kEthTypeVlan || type == kEthTypeQinq) {
    const auto* vlan = c.take<VlanHeader>();
    if (!vlan) return std::nullopt;
    type = vlan->type.host();
  }
  Layout at;
  at.l3 = c.offset();
  const bool found = type == kEthTypeIpv4 ? find_ipv4(c, at) : type == kEthTypeIpv6 && find_ipv6(c, at);
  if (!found) return std::nullopt;
  return at;
}

ChecksumSum pseudo_header_of(const Packet& p, const Layout& at, size_t length) {
  if (at.ipv6) {
    const auto& ip = header_at<Ipv6Header>(p, at.l3);
    return pseudo_header(ip.src, ip.dst, at.protocol, static_cast<uint32_t>(length));
  }
  const auto& ip = header_at<Ipv4Header>(p, at.l3);
  return pseudo_header(ip.src, ip.dst, at.protocol, static_cast<uint32_t>(length));
}

// Lengths, identification and header checksum of the IP header of the index-th piece.
void finish_ip(Packet& p, const Layout& at, size_t index) {
  if (at.ipv6) {
    header_at<Ipv6Header>(p, at.l3).payload_length = Be16{static_cast<uint16_t>(p.size() - at.l3 - sizeof(Ipv6Header))};
    return;
  }
  auto& ip = header_at<Ipv4Header>(p, at.l3);
  ip.total_length = Be16{static_cast<uint16_t>(p.size() - at.l3)};
  ip.id = Be16{static_cast<uint16_t>(ip.id.host() + index)};
  ip.checksum = Be16{};
  ip.checksum = checksum({p.data() + at.l3, ip.header_length()});
}

void finish_tcp(Packet& p, const Layout& at, size_t index, size_t sequence, bool last) {
  auto& tcp = header_at<TcpHeader>(p, at.l4);
  tcp.seq = Be32{static_cast<uint32_t>(tcp.seq.host() + sequence)};
  uint16_t clear = 0;
  if (!last) clear |= kTcpFin | kTcpPsh;
  if (index) clear |= kTcpCwr;
  tcp.offset_flags &= ~Be16{clear};
  tcp.checksum = Be16{};
  const size_t length = p.size() - at.l4;
  tcp.checksum = pseudo_header_of(p, at, length).add({p.data() + at.l4, length}).finish();
}

void finish_udp(Packet& p, const Layout& at) {
  auto& udp = header_at<UdpHeader>(p, at.l4);
  const size_t length = p.size() - at.l4;
  udp.length = Be16{static_cast<uint16_t>(length)};
  udp.checksum = Be16{};
  udp.checksum = udp_checksum_field(pseudo_header_of(p, at, length).add({p.data() + at.l4, length}).finish());
}

PacketRef piece_of(const Packet& from, size_t headers, size_t offset, size_t length) {
  PacketRef piece = PacketPool::local().allocate();
  piece->in_port = from.in_port;
  piece->rss_hash = from.rss_hash;
  std::memcpy(piece->data(), from.data(), headers);
  std::memcpy(piece->data() + headers, from.data() + offset, length);
  piece->set_size(headers + length);
  return piece;
}

// Length of all headers of a packet that is cut behind its transport header; 0 if they do not fit.
size_t transport_headers(const Packet& packet, const Layout& at) {
  const bool tcp = packet.offload.gso != Offload::Gso::kUdpL4;
  if (at.protocol != (tcp ? kIpTcp : kIpUdp)) return 0;
  size_t length = sizeof(UdpHeader);
  if (tcp) {
    if (at.end - at.l4 < sizeof(TcpHeader)) return 0;
    length = header_at<TcpHeader>(packet, at.l4).header_length();
    if (length < sizeof(TcpHeader)) return 0;
  }
  return at.end - at.l4 >= length ? at.l4 + length : 0;
}

using Emit = std::function<void(PacketRef)>;

Status segment_transport(const Packet& packet, const Layout& at, const Emit& emit) {
  const size_t headers = transport_headers(packet, at);
  if (!headers || !packet.offload.gso_size) return fail("headers of a large packet do not fit its segmentation type");
  const bool tcp = at.protocol == kIpTcp;
  const size_t payload = at.end - headers, size = packet.offload.gso_size;
  size_t index = 0, done = 0;
  do {
    const size_t length = std::min(size, payload - done);
    PacketRef piece = piece_of(packet, headers, headers + done, length);
    finish_ip(*piece, at, index);
    if (tcp) finish_tcp(*piece, at, index, done, done + length == payload);
    else finish_udp(*piece, at);
    done += length;
    ++index;
    emit(std::move(piece));
  } while (done < payload);
  return {};
}

void make_ipv4_fragment(Packet& piece, const Layout& at, size_t offset, bool more) {
  auto& ip = header_at<Ipv4Header>(piece, at.l3);
  ip.fragment = Be16{static_cast<uint16_t>(offset / 8 | (more ? kIpv4MoreFragments : 0))};
  finish_ip(piece, at, 0);
}

void make_ipv6_fragment(Packet& piece, const Layout& at, size_t offset, bool more, uint32_t id) {
  Ipv6Fragment fragment{at.protocol, 0, Be16{static_cast<uint16_t>(offset | (more ? kIpv6MoreFragments : 0))}, Be32{id}};
  std::memcpy(piece.insert(at.l4, sizeof fragment), &fragment, sizeof fragment);
  piece.data()[at.last_next_header] = kIpFragment;
  finish_ip(piece, at, 0);
}

// One datagram larger than the link: fragments. Works on a finished copy, since the checksum covers the whole.
Status fragment_udp(const Packet& packet, const Layout& at, const Emit& emit) {
  const size_t unit = packet.offload.gso_size & ~size_t{7};
  if (at.protocol != kIpUdp || at.end - at.l4 < sizeof(UdpHeader) || !unit)
    return fail("headers of a large datagram do not fit its segmentation type");
  PacketRef whole = PacketPool::local().clone(packet);
  whole->offload.gso = Offload::Gso::kNone;
  if (!finish_checksum(*whole)) return fail("checksum offsets of a large datagram lie outside it");
  // Fragments of one datagram share an identification: IPv4's is in the header, IPv6's comes from the checksum and ports.
  const auto& udp = header_at<UdpHeader>(*whole, at.l4);
  const uint32_t id = uint32_t{udp.checksum.host()} << 16 ^ uint32_t{udp.src.host()} << 8 ^ udp.dst.host() ^ udp.length.host();
  const size_t payload = at.end - at.l4;
  for (size_t done = 0; done < payload; done += unit) {
    const size_t length = std::min(unit, payload - done);
    PacketRef piece = piece_of(*whole, at.l4, at.l4 + done, length);
    const bool more = done + length < payload;
    if (at.ipv6) make_ipv6_fragment(*piece, at, done, more, id);
    else make_ipv4_fragment(*piece, at, done, more);
    emit(std::move(piece));
  }
  return {};
}

}  // namespace

bool finish_checksum(Packet& packet) {
  Offload& o = packet.offload;
  if (!o.partial_checksum) return true;
  const size_t field = size_t{o.csum_start} + o.csum_offset;
  if (field + 2 > packet.size()) return false;
  // The field holds the sum of the pseudo header, so it takes part in the sum.
  Be16 sum = checksum({packet.data() + o.csum_start, packet.size() - o.csum_start});
  // Only UDP has a meaning for zero; all ones is as good for the others (RFC 1624 §3).
  sum = udp_checksum_field(sum);
  std::memcpy(packet.data() + field, &sum, 2);
  o.partial_checksum = false;
  return true;
}

Status segment(const Packet& packet, const Emit& emit) {
  const Offload::Gso gso = packet.offload.gso;
  if (gso == Offload::Gso::kNone) {
    PacketRef copy = PacketPool::local().clone(packet);
    if (!finish_checksum(*copy)) return fail("checksum offsets lie outside the packet");
    emit(std::move(copy));
    return {};
  }
  const auto at = find_layout(packet);
  if (!at) return fail("a packet to be segmented has no complete IP header");
  const bool wants6 = gso == Offload::Gso::kTcp6 || gso == Offload::Gso::kUdp6;
  if (gso != Offload::Gso::kUdpL4 && wants6 != at->ipv6) return fail("segmentation type and IP version differ");
  if (gso == Offload::Gso::kUdp4 || gso == Offload::Gso::kUdp6) return fragment_udp(packet, *at, emit);
  return segment_transport(packet, *at, emit);
}

size_t segment_count(const Packet& packet) {
  const Offload& o = packet.offload;
  if (o.gso == Offload::Gso::kNone || !o.gso_size) return 1;
  const auto at = find_layout(packet);
  if (!at) return 1;
  const bool fragments = o.gso == Offload::Gso::kUdp4 || o.gso == Offload::Gso::kUdp6;
  const size_t headers = fragments ? at->l4 : transport_headers(packet, *at);
  const size_t unit = fragments ? o.gso_size & ~size_t{7} : o.gso_size;
  if (!headers || !unit || at->end <= headers) return 1;
  return (at->end - headers + unit - 1) / unit;
}

}  // namespace turnout::net
