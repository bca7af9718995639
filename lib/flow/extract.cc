// The parser of frames: one pass, every step bounded. Fields are written straight into the key.
#include "lib/flow/extract.h"

#include <algorithm>
#include <atomic>

#include "lib/net/headers.h"
#include "lib/net/parse.h"

namespace turnout::flow {

namespace {

using net::Cursor;

constexpr WordMap words_of(size_t offset, size_t size) {
  WordMap map;
  for (size_t w = offset / 8; w <= (offset + size - 1) / 8; ++w) map.bits[w / 64] |= uint64_t{1} << (w % 64);
  return map;
}
#define TURNOUT_WORDS(first, last) \
  words_of(offsetof(FlowKey, first), offsetof(FlowKey, last) + sizeof(FlowKey::last) - offsetof(FlowKey, first))

constexpr WordMap kPortWords = TURNOUT_WORDS(in_port, in_port), kEthWords = TURNOUT_WORDS(eth_dst, eth_type),
                  kVlanWords = TURNOUT_WORDS(vlans, vlans), kMplsWords = TURNOUT_WORDS(mpls, mpls),
                  kIpv4Words = TURNOUT_WORDS(nw_src, nw_dst), kIpv6Words = TURNOUT_WORDS(ipv6_src, ipv6_dst),
                  kIpWords = TURNOUT_WORDS(ipv6_label, nw_proto), kTargetWords = TURNOUT_WORDS(nd_target, nd_target),
                  kArpWords = TURNOUT_WORDS(arp_sha, arp_tha), kFlagWords = TURNOUT_WORDS(tcp_flags, nd_options_type),
                  kNshWords = TURNOUT_WORDS(nsh, nsh), kReservedWords = TURNOUT_WORDS(nd_reserved, nd_reserved),
                  kTransportWords = TURNOUT_WORDS(tp_src, tp_dst), kIgmpWords = TURNOUT_WORDS(igmp_group, igmp_group);
#undef TURNOUT_WORDS

void add(WordMap& map, const WordMap& words) {
  map.bits[0] |= words.bits[0];
  map.bits[1] |= words.bits[1];
}

std::atomic<unsigned> g_vlan_limit{1};

// What the steps of one extraction share.
struct Parse {
  Cursor at;
  FlowKey& key;
  WordMap map;
  Offsets offsets;

  uint16_t here() const { return static_cast<uint16_t>(std::min<size_t>(at.offset(), 0xffff)); }
};

bool is_vlan(uint16_t type) { return type == net::kEthTypeVlan || type == net::kEthTypeQinq; }
bool is_mpls(uint16_t type) { return type == net::kEthTypeMpls || type == net::kEthTypeMplsMulticast; }

void parse_vlans(Parse& p, Be16& type) {
  const unsigned limit = vlan_limit();
  for (unsigned i = 0; i < limit && is_vlan(type.host()); ++i) {
    const auto* tag = p.at.take<net::VlanHeader>();
    if (!tag) break;
    p.key.vlans[i] = {type, Be16(tag->tci) | Be16{kVlanPresent}};
    type = tag->type;
    add(p.map, kVlanWords);
  }
}

// The type behind an IEEE 802.3 length.
Be16 parse_llc(Parse& p) {
  const auto* llc = p.at.peek<net::LlcSnapHeader>();
  if (!llc || llc->dsap != 0xaa || llc->ssap != 0xaa || llc->control != 3 || llc->oui[0] || llc->oui[1] || llc->oui[2])
    return Be16{kEthTypeNone};
  p.at.skip(sizeof *llc);
  return llc->type.host() >= net::kEthTypeMin ? Be16(llc->type) : Be16{kEthTypeNone};
}

void parse_mpls(Parse& p) {
  p.offsets.l2_5 = p.here();
  add(p.map, kMplsWords);
  for (unsigned i = 0; const auto* label = p.at.take<net::MplsHeader>(); ++i) {
    if (i < kMplsLabels) p.key.mpls[i] = label->entry;
    if (label->entry.host() & 0x100) break;   // bottom of stack
  }
}

void parse_arp(Parse& p) {
  const auto* arp = p.at.peek<net::ArpHeader>();
  if (!arp || arp->hrd != Be16{1} || arp->pro != Be16{net::kEthTypeIpv4} || arp->hln != 6 || arp->pln != 4) return;
  FlowKey& k = p.key;
  k.nw_src = arp->spa;
  k.nw_dst = arp->tpa;
  if (arp->op.host() <= 0xff) k.nw_proto = static_cast<uint8_t>(arp->op.host());
  k.arp_sha = arp->sha;
  k.arp_tha = arp->tha;
  add(p.map, kIpv4Words);
  add(p.map, kIpWords);
  add(p.map, kArpWords);
}

void parse_nsh(Parse& p) {
  const auto* nsh = p.at.peek<net::NshHeader>();
  if (!nsh) return;
  const uint16_t word = nsh->version_flags_ttl_length.host();
  const size_t length = (word & 63u) * 4;
  if (word >> 14 || length < sizeof *nsh || length > p.at.left() || (nsh->mdtype == 1 && length != 24)) return;
  const uint8_t head[4] = {static_cast<uint8_t>(word >> 12 & 3), static_cast<uint8_t>(word >> 6 & 63),
                           nsh->mdtype, nsh->np};
  std::memcpy(p.key.nsh, head, 4);
  std::memcpy(p.key.nsh + 4, &nsh->path, 4);
  if (nsh->mdtype == 1) std::memcpy(p.key.nsh + 8, p.at.at() + sizeof *nsh, 16);
  add(p.map, kNshWords);
}

void set_ports(Parse& p, Be16 src, Be16 dst) {
  p.key.tp_src = src;
  p.key.tp_dst = dst;
  add(p.map, kTransportWords);
}

// Options of a neighbour solicitation or advertisement. One with a bad length ends them, a repeated one takes all back.
void parse_nd(Parse& p) {
  const auto* nd = p.at.take<net::NdHeader>();
  if (!nd) return;
  FlowKey& k = p.key;
  k.nd_reserved = nd->reserved;
  k.nd_target = nd->target;
  add(p.map, kTargetWords);
  add(p.map, kReservedWords);
  add(p.map, kArpWords);
  add(p.map, kFlagWords);
  while (p.at.left() >= 8) {
    const auto* option = p.at.peek<net::NdLinkOption>();
    const size_t length = option->length * 8u;
    net::Mac* link = nullptr;
    if (length == 8 && option->type == net::kNdOptionSourceLink) link = &k.arp_sha;
    if (length == 8 && option->type == net::kNdOptionTargetLink) link = &k.arp_tha;
    if (!length || length > p.at.left()) return;
    if (link && !link->is_zero()) {
      k.nd_target = {};
      k.arp_sha = k.arp_tha = {};
      k.nd_reserved = {};
      k.nd_options_type = {};
      return;
    }
    if (link) {
      *link = option->address;
      k.nd_options_type = Be16{option->type};
    }
    p.at.skip(length);
  }
}

void parse_icmpv6(Parse& p) {
  const auto* icmp = p.at.peek<net::IcmpHeader>();
  if (!icmp) return;
  set_ports(p, Be16{icmp->type}, Be16{icmp->code});
  p.offsets.payload = static_cast<uint16_t>(p.here() + sizeof *icmp);
  if (icmp->code == 0 && (icmp->type == net::kNdSolicit || icmp->type == net::kNdAdvert)) parse_nd(p);
}

void parse_tcp(Parse& p) {
  const auto* tcp = p.at.peek<net::TcpHeader>();
  if (!tcp) return;
  const size_t length = tcp->header_length();
  if (length < sizeof *tcp || length > p.at.left()) return;
  set_ports(p, tcp->src, tcp->dst);
  p.key.tcp_flags = net::tcp_flags_of(*tcp);
  add(p.map, kFlagWords);
  p.offsets.payload = static_cast<uint16_t>(p.here() + length);
}

template <typename Header>
void parse_ports(Parse& p) {
  const auto* header = p.at.peek<Header>();
  if (!header) return;
  set_ports(p, header->src, header->dst);
  p.offsets.payload = static_cast<uint16_t>(p.here() + sizeof *header);
}

void parse_icmp(Parse& p) {
  const auto* icmp = p.at.peek<net::IcmpHeader>();
  if (!icmp) return;
  set_ports(p, Be16{icmp->type}, Be16{icmp->code});
  p.offsets.payload = static_cast<uint16_t>(p.here() + sizeof *icmp);
}

void parse_igmp(Parse& p) {
  const auto* igmp = p.at.peek<net::IgmpHeader>();
  if (!igmp) return;
  set_ports(p, Be16{igmp->type}, Be16{igmp->code});
  p.key.igmp_group = igmp->group;
  add(p.map, kIgmpWords);
}

void parse_transport(Parse& p, bool ipv6) {
  if (p.key.nw_frag & kFragLater) return;
  p.offsets.l4 = p.here();
  switch (p.key.nw_proto) {
    case net::kIpTcp: return parse_tcp(p);
    case net::kIpUdp: return parse_ports<net::UdpHeader>(p);
    case net::kIpSctp: return parse_ports<net::SctpHeader>(p);
    case net::kIpIcmp: return parse_icmp(p);   // whatever the IP version, as the reference does
    case net::kIpIgmp: return parse_igmp(p);
    case net::kIpIcmpv6: return ipv6 ? parse_icmpv6(p) : parse_icmp(p);
    default: return;
  }
}

void parse_ipv4(Parse& p) {
  const auto* ip = p.at.peek<net::Ipv4Header>();
  if (!ip) return;
  const size_t length = ip->header_length(), total = ip->total_length.host();
  if (length < sizeof *ip || total < length || total > p.at.left()) return;
  p.offsets.l3 = p.here();
  FlowKey& k = p.key;
  k.nw_src = ip->src;
  k.nw_dst = ip->dst;
  k.nw_tos = ip->tos;
  k.nw_ttl = ip->ttl;
  k.nw_proto = ip->protocol;
  const uint16_t fragment = ip->fragment.host();
  if (fragment & (net::kIpv4OffsetMask | net::kIpv4MoreFragments))
    k.nw_frag = fragment & net::kIpv4OffsetMask ? kFragAny | kFragLater : kFragAny;
  add(p.map, kIpv4Words);
  add(p.map, kIpWords);
  p.at.limit(total);
  p.at.skip(length);
  parse_transport(p, false);
}

// Walks the extension headers; false when they are malformed. The protocol ends up in next.
bool skip_extensions(Parse& p, uint8_t& next) {
  for (;;) {
    size_t unit = 8, extra = 1;
    switch (next) {
      case net::kIpHopOptions:
      case net::kIpRouting:
      case net::kIpDestOptions: break;
      case net::kIpAh: unit = 4, extra = 2; break;
      case net::kIpFragment: {
        const auto* fragment = p.at.take<net::Ipv6Fragment>();
        if (!fragment) return false;
        next = fragment->next_header;
        const uint16_t offset = fragment->offset.host();
        if (!(offset & (net::kIpv6OffsetMask | net::kIpv6MoreFragments))) continue;   // an atomic fragment is whole
        p.key.nw_frag = kFragAny;
        if (offset & net::kIpv6OffsetMask) {
          p.key.nw_frag = kFragAny | kFragLater;
          next = net::kIpFragment;
          return true;
        }
        continue;
      }
      default: return true;
    }
    const auto* extension = p.at.peek<net::Ipv6Extension>();
    if (!extension || !p.at.skip((extension->length + extra) * unit)) return false;
    next = extension->next_header;
  }
}

void parse_ipv6(Parse& p) {
  const auto* ip = p.at.peek<net::Ipv6Header>();
  if (!ip || ip->payload_length.host() > p.at.left() - sizeof *ip) return;
  p.at.skip(sizeof *ip);
  p.at.limit(ip->payload_length.host());
  uint8_t next = ip->next_header;
  FlowKey& k = p.key;
  k.ipv6_src = ip->src;
  k.ipv6_dst = ip->dst;
  add(p.map, kIpv6Words);
  if (!skip_extensions(p, next)) {
    k.nw_frag = 0;
    return;
  }
  const uint32_t head = ip->version_class_label.host();
  k.ipv6_label = Be32{head & 0xfffff};
  k.nw_tos = static_cast<uint8_t>(head >> 20);
  k.nw_ttl = ip->hop_limit;
  k.nw_proto = next;
  add(p.map, kIpWords);
  parse_transport(p, true);
}

void parse_network(Parse& p) {
  switch (p.key.eth_type.host()) {
    case net::kEthTypeIpv4: return parse_ipv4(p);
    case net::kEthTypeIpv6: return parse_ipv6(p);
    case net::kEthTypeArp:
    case net::kEthTypeRarp: return parse_arp(p);
    case net::kEthTypeNsh: return parse_nsh(p);
    default: return;
  }
}

}  // namespace

void set_vlan_limit(unsigned tags) { g_vlan_limit.store(std::min(tags, kVlanTags), std::memory_order_relaxed); }
unsigned vlan_limit() { return g_vlan_limit.load(std::memory_order_relaxed); }

WordMap extract(const net::Packet& packet, FlowKey& key, Offsets* offsets) {
  std::memset(static_cast<void*>(&key), 0, sizeof key);
  key.in_port = packet.in_port.value;
  Parse p{Cursor(packet.bytes()), key, kPortWords, {}};
  if (const auto* eth = p.at.take<net::EthHeader>()) {
    key.eth_dst = eth->dst;
    key.eth_src = eth->src;
    add(p.map, kEthWords);
    Be16 type = eth->type;
    if (is_vlan(type.host())) parse_vlans(p, type);
    key.eth_type = type.host() >= net::kEthTypeMin ? type : parse_llc(p);
    if (is_mpls(key.eth_type.host())) parse_mpls(p);
    else p.offsets.l3 = p.here();
    parse_network(p);
  }
  if (offsets) *offsets = p.offsets;
  return p.map;
}

}  // namespace turnout::flow
