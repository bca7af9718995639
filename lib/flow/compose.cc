// Headers from a key, front to back; lengths and checksums from the inside out.
#include "lib/flow/compose.h"

#include <algorithm>

#include "lib/net/build.h"
#include "lib/net/checksum.h"
#include "lib/net/headers.h"

namespace turnout::flow {

namespace {

constexpr size_t kDefaultPayload = 64;
constexpr uint16_t kLaterOffset = 100;   // in units of 8 bytes: where a later fragment is said to begin

class Composer {
 public:
  Composer(const FlowKey& key, std::optional<size_t> length) : k_(key), length_(length) {}

  std::vector<uint8_t> run() {
    if (!k_.packet_type) ethernet();
    const size_t l3 = frame_.size();
    network();
    if (length_ && frame_.size() < *length_) frame_.append_zeros(*length_ - frame_.size());
    finish(l3);
    return frame_.take();
  }

 private:
  void ethernet() {
    net::EthHeader eth{k_.eth_dst, k_.eth_src, type_after(0)};
    type_offset_ = frame_.append(eth) + offsetof(net::EthHeader, type);
    for (unsigned i = 0; i < kVlanTags && k_.vlans[i].tpid; ++i) {
      const Be16 tci = k_.vlans[i].tci & ~Be16{kVlanPresent};
      type_offset_ = frame_.append(net::VlanHeader{tci, type_after(i + 1)}) + offsetof(net::VlanHeader, type);
    }
  }

  // The type that stands in front of the i-th tag, or of the payload.
  Be16 type_after(unsigned i) const { return i < kVlanTags && k_.vlans[i].tpid ? k_.vlans[i].tpid : k_.eth_type; }

  void network() {
    switch (k_.eth_type.host()) {
      case net::kEthTypeIpv4: return ipv4();
      case net::kEthTypeIpv6: return ipv6();
      case net::kEthTypeArp:
      case net::kEthTypeRarp: return arp();
      case net::kEthTypeMpls:
      case net::kEthTypeMplsMulticast: return mpls();
      case net::kEthTypeNsh: return nsh();
      default: return;
    }
  }

  void arp() {
    frame_.append(net::ArpHeader{Be16{1}, Be16{net::kEthTypeIpv4}, 6, 4, Be16{k_.nw_proto}, k_.arp_sha, k_.nw_src, k_.arp_tha, k_.nw_dst});
  }

  void mpls() {
    for (const Be32 entry : k_.mpls) {
      frame_.append(net::MplsHeader{entry});
      if (entry.host() & 0x100) break;
    }
  }

  void nsh() {
    const bool contexts = k_.nsh[2] == 1;
    const unsigned word = (k_.nsh[0] & 3u) << 12 | (k_.nsh[1] & 63u) << 6 | (contexts ? 6 : 2);
    const size_t at = frame_.append(net::NshHeader{Be16{static_cast<uint16_t>(word)}, k_.nsh[2], k_.nsh[3], {}});
    std::copy_n(k_.nsh + 4, 4, frame_.from(at + 4).begin());
    if (contexts) frame_.append_bytes({k_.nsh + 8, 16});
  }

  void ipv4() {
    const uint16_t fragment = !(k_.nw_frag & kFragAny) ? 0 : k_.nw_frag & kFragLater ? net::kIpv4MoreFragments | kLaterOffset : net::kIpv4MoreFragments;
    frame_.append(net::Ipv4Header{0x45, k_.nw_tos, {}, {}, Be16{fragment}, k_.nw_ttl, k_.nw_proto, {}, k_.nw_src, k_.nw_dst});
    transport();
  }

  void ipv6() {
    const uint32_t head = 6u << 28 | uint32_t{k_.nw_tos} << 20 | (k_.ipv6_label.host() & 0xfffff);
    const bool fragment = k_.nw_frag & kFragAny, later = k_.nw_frag & kFragLater;
    frame_.append(net::Ipv6Header{Be32{head}, {}, fragment ? net::kIpFragment : k_.nw_proto, k_.nw_ttl, k_.ipv6_src, k_.ipv6_dst});
    if (fragment) {
      const uint8_t next = later && k_.nw_proto == net::kIpFragment ? net::kIpUdp : k_.nw_proto;
      const uint16_t offset = static_cast<uint16_t>((later ? kLaterOffset * 8 : 0) | net::kIpv6MoreFragments);
      frame_.append(net::Ipv6Fragment{next, 0, Be16{offset}, {}});
    }
    transport();
  }

  bool is_ipv6() const { return k_.eth_type.host() == net::kEthTypeIpv6; }

  void transport() {
    if (k_.nw_frag & kFragLater) return;
    l4_ = frame_.size();
    switch (k_.nw_proto) {
      case net::kIpTcp: {
        const uint16_t flags = k_.tcp_flags.host() & 0xfff;
        frame_.append(net::TcpHeader{k_.tp_src, k_.tp_dst, {}, {}, Be16{static_cast<uint16_t>(5u << 12 | flags)}, {}, {}, {}});
        return flags & (net::kTcpSyn | net::kTcpFin | net::kTcpRst) ? void() : payload();
      }
      case net::kIpUdp: frame_.append(net::UdpHeader{k_.tp_src, k_.tp_dst, {}, {}}); return payload();
      case net::kIpSctp: frame_.append(net::SctpHeader{k_.tp_src, k_.tp_dst, {}, {}}); return;
      case net::kIpIcmp: return is_ipv6() ? void() : icmp();
      case net::kIpIgmp: frame_.append(net::IgmpHeader{low(k_.tp_src), low(k_.tp_dst), {}, k_.igmp_group}); return;
      case net::kIpIcmpv6: return is_ipv6() ? icmpv6() : void();
      default: l4_ = 0; return;
    }
  }

  static uint8_t low(Be16 v) { return static_cast<uint8_t>(v.host()); }

  void icmp() {
    frame_.append(net::IcmpHeader{low(k_.tp_src), low(k_.tp_dst), {}, {}});
    payload();
  }

  void icmpv6() {
    const uint8_t type = low(k_.tp_src);
    if (k_.tp_dst || (type != net::kNdSolicit && type != net::kNdAdvert)) return icmp();
    frame_.append(net::NdHeader{type, 0, {}, k_.nd_reserved, k_.nd_target});
    if (!k_.arp_sha.is_zero()) frame_.append(net::NdLinkOption{net::kNdOptionSourceLink, 1, k_.arp_sha});
    if (!k_.arp_tha.is_zero()) frame_.append(net::NdLinkOption{net::kNdOptionTargetLink, 1, k_.arp_tha});
  }

  void payload() {
    if (length_) return;
    for (uint8_t i = 0; i < kDefaultPayload; ++i) frame_.append_bytes({&i, 1});
  }

  void finish(size_t l3) {
    const uint16_t type = k_.eth_type.host();
    if (type == net::kEthTypeIpv4) finish_ipv4(l3);
    if (type == net::kEthTypeIpv6)
      frame_.at<net::Ipv6Header>(l3).payload_length = clip(frame_.size() - l3 - sizeof(net::Ipv6Header));
    if (type == kEthTypeNone && !k_.packet_type)   // an IEEE 802.3 length instead of a type
      frame_.at<net::Wire16>(type_offset_) = clip(std::min<size_t>(frame_.size() - l3, 1500));
    if (l4_) finish_transport(l3);
  }

  static Be16 clip(size_t n) { return Be16{static_cast<uint16_t>(std::min<size_t>(n, 0xffff))}; }

  void finish_ipv4(size_t l3) {
    auto& ip = frame_.at<net::Ipv4Header>(l3);
    ip.total_length = clip(frame_.size() - l3);
    ip.checksum = net::checksum(frame_.from(l3).first(sizeof ip));
  }

  void finish_transport(size_t l3) {
    const auto bytes = frame_.from(l4_);
    if (k_.nw_proto == net::kIpUdp) frame_.at<net::UdpHeader>(l4_).length = clip(bytes.size());
    const auto with_pseudo = [&] { return pseudo(l3, static_cast<uint32_t>(bytes.size())).add(bytes).finish(); };
    switch (k_.nw_proto) {
      case net::kIpTcp: frame_.at<net::TcpHeader>(l4_).checksum = with_pseudo(); return;
      case net::kIpUdp: frame_.at<net::UdpHeader>(l4_).checksum = net::udp_checksum_field(with_pseudo()); return;
      case net::kIpSctp: frame_.at<net::SctpHeader>(l4_).checksum = net::sctp_checksum(bytes); return;
      case net::kIpIcmp:
      case net::kIpIgmp: if (!is_ipv6() || k_.nw_proto == net::kIpIgmp) frame_.at<net::IcmpHeader>(l4_).checksum = net::checksum(bytes); return;
      case net::kIpIcmpv6: if (is_ipv6()) frame_.at<net::IcmpHeader>(l4_).checksum = with_pseudo(); return;
      default: return;
    }
  }

  net::ChecksumSum pseudo(size_t l3, uint32_t length) {
    if (is_ipv6()) {
      const auto& ip = frame_.at<net::Ipv6Header>(l3);
      return net::pseudo_header(ip.src, ip.dst, k_.nw_proto, length);
    }
    return net::pseudo_header(k_.nw_src, k_.nw_dst, k_.nw_proto, length);
  }

  const FlowKey& k_;
  std::optional<size_t> length_;
  net::FrameBuilder frame_;
  size_t type_offset_ = 0, l4_ = 0;
};

}  // namespace

std::vector<uint8_t> compose(const FlowKey& key, std::optional<size_t> frame_length) {
  return Composer(key, frame_length).run();
}

}  // namespace turnout::flow
