// The table itself, one row a field, and reading and writing through it.
#include "lib/flow/fields.h"

#include <algorithm>
#include <cstring>

#include "lib/base/strings.h"
#include "lib/net/headers.h"

namespace turnout::flow {

namespace {

using F = FieldFormat;
using P = Prerequisite;
using S = Storage;

constexpr OxmHeader nxm0(uint8_t field) { return {kNxmClass0, field, true, 0}; }
constexpr OxmHeader nxm1(uint8_t field) { return {kNxmClass1, field, true, 0}; }
constexpr OxmHeader oxm(uint8_t field) { return {kOxmBasic, field, true, 0}; }
constexpr OxmHeader experiment(uint32_t experimenter, uint8_t field) { return {kOxmExperimenter, field, true, experimenter}; }
constexpr OxmHeader et(uint8_t field) { return experiment(kExperimenterNicira, field); }
constexpr OxmHeader none() { return {}; }

constexpr void copy_name(char* to, size_t room, std::string_view from) {
  for (size_t i = 0; i < from.size() && i + 1 < room; ++i) to[i] = from[i];
}

struct Place { size_t offset, bytes; };
#define PLACE(member) Place{offsetof(FlowKey, member), sizeof(FlowKey::member)}
#define TUNNEL(member) Place{offsetof(FlowKey, tunnel) + offsetof(TunnelKey, member), sizeof(TunnelKey::member)}

constexpr Field row(std::string_view name, std::string_view alias, unsigned bits, unsigned bytes, Place place, unsigned shift,
                    S storage, F format, bool maskable, P prerequisite, bool writable, OxmHeader nxm, OxmHeader oxm_header) {
  Field f;
  copy_name(f.name, sizeof f.name, name);
  copy_name(f.alias, sizeof f.alias, alias);
  f.bits = static_cast<uint16_t>(bits);
  f.bytes = static_cast<uint16_t>(bytes);
  f.offset = static_cast<uint16_t>(place.offset);
  f.storage_bytes = static_cast<uint8_t>(std::min<size_t>(place.bytes, 255));
  f.shift = static_cast<uint8_t>(shift);
  f.storage = storage;
  f.format = format;
  f.masking = maskable ? Masking::kBitwise : Masking::kNone;
  f.prerequisite = prerequisite;
  f.writable = writable;
  f.nxm = nxm;
  f.oxm = oxm_header;
  return f;
}

constexpr bool kMask = true, kExact = false, kWrite = true, kRead = false;

constexpr Field kFixed[] = {
    // Metadata.
    row("conj_id", "", 32, 4, PLACE(conj_id), 0, S::kHost, F::kDecimal, kExact, P::kNone, kRead, nxm1(37), none()),
    row("dp_hash", "", 32, 4, PLACE(dp_hash), 0, S::kHost, F::kHex, kMask, P::kNone, kRead, nxm1(35), none()),
    row("recirc_id", "", 32, 4, PLACE(recirc_id), 0, S::kHost, F::kDecimal, kExact, P::kNone, kRead, nxm1(36), none()),
    row("packet_type", "", 32, 4, PLACE(packet_type), 0, S::kNetwork, F::kPacketType, kExact, P::kNone, kRead, none(), oxm(44)),
    row("tun_id", "tunnel_id", 64, 8, TUNNEL(id), 0, S::kNetwork, F::kHex, kMask, P::kNone, kWrite, nxm1(16), oxm(38)),
    row("tun_src", "", 32, 4, TUNNEL(ipv4_src), 0, S::kNetwork, F::kIpv4, kMask, P::kNone, kWrite, nxm1(31), none()),
    row("tun_dst", "", 32, 4, TUNNEL(ipv4_dst), 0, S::kNetwork, F::kIpv4, kMask, P::kNone, kWrite, nxm1(32), none()),
    row("tun_ipv6_src", "", 128, 16, TUNNEL(ipv6_src), 0, S::kBytes, F::kIpv6, kMask, P::kNone, kWrite, nxm1(109), none()),
    row("tun_ipv6_dst", "", 128, 16, TUNNEL(ipv6_dst), 0, S::kBytes, F::kIpv6, kMask, P::kNone, kWrite, nxm1(110), none()),
    row("tun_flags", "", 1, 2, TUNNEL(flags), 3, S::kHost, F::kTunnelFlags, kMask, P::kNone, kWrite, nxm1(104), none()),
    row("tun_ttl", "", 8, 1, TUNNEL(ttl), 0, S::kHost, F::kDecimal, kExact, P::kNone, kWrite, none(), none()),
    row("tun_tos", "", 8, 1, TUNNEL(tos), 0, S::kHost, F::kDecimal, kExact, P::kNone, kWrite, none(), none()),
    row("tun_gbp_id", "", 16, 2, TUNNEL(gbp_id), 0, S::kNetwork, F::kDecimal, kMask, P::kNone, kWrite, nxm1(38), none()),
    row("tun_gbp_flags", "", 8, 1, TUNNEL(gbp_flags), 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, nxm1(39), none()),
    row("tun_erspan_ver", "", 4, 1, TUNNEL(erspan_ver), 0, S::kHost, F::kDecimal, kMask, P::kNone, kWrite, et(12), none()),
    row("tun_erspan_idx", "", 20, 4, TUNNEL(erspan_idx), 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, et(11), none()),
    row("tun_erspan_dir", "", 1, 1, TUNNEL(erspan_dir), 0, S::kHost, F::kDecimal, kMask, P::kNone, kWrite, et(13), none()),
    row("tun_erspan_hwid", "", 6, 1, TUNNEL(erspan_hwid), 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, et(14), none()),
    row("tun_gtpu_flags", "", 8, 1, TUNNEL(gtpu_flags), 0, S::kHost, F::kHex, kMask, P::kNone, kRead, et(15), none()),
    row("tun_gtpu_msgtype", "", 8, 1, TUNNEL(gtpu_msgtype), 0, S::kHost, F::kDecimal, kMask, P::kNone, kRead, et(16), none()),
    row("metadata", "", 64, 8, PLACE(metadata), 0, S::kNetwork, F::kHex, kMask, P::kNone, kWrite, none(), oxm(2)),
    row("in_port", "", 16, 2, PLACE(in_port), 0, S::kHost, F::kPort16, kExact, P::kNone, kWrite, nxm0(0), none()),
    row("in_port_oxm", "", 32, 4, PLACE(in_port), 0, S::kHost, F::kPort32, kExact, P::kNone, kWrite, none(), oxm(0)),
    row("actset_output", "", 32, 4, PLACE(actset_output), 0, S::kHost, F::kPort32, kExact, P::kNone, kRead,
        experiment(kExperimenterOnf, 43), oxm(43)),
    row("skb_priority", "", 32, 4, PLACE(skb_priority), 0, S::kHost, F::kHex, kExact, P::kNone, kRead, none(), none()),
    row("pkt_mark", "", 32, 4, PLACE(pkt_mark), 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, nxm1(33), none()),
    row("ct_state", "", 8, 4, PLACE(ct_state), 0, S::kHost, F::kCtState, kMask, P::kNone, kRead, nxm1(105), none()),
    row("ct_zone", "", 16, 2, PLACE(ct_zone), 0, S::kHost, F::kDecimal, kExact, P::kNone, kRead, nxm1(106), none()),
    row("ct_mark", "", 32, 4, PLACE(ct_mark), 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, nxm1(107), none()),
    row("ct_label", "", 128, 16, PLACE(ct_label), 0, S::kBytes, F::kHex, kMask, P::kNone, kWrite, nxm1(108), none()),
    row("ct_nw_proto", "", 8, 1, PLACE(ct_nw_proto), 0, S::kHost, F::kDecimal, kExact, P::kCt, kRead, nxm1(119), none()),
    row("ct_nw_src", "", 32, 4, PLACE(ct_nw_src), 0, S::kNetwork, F::kIpv4, kMask, P::kCt, kRead, nxm1(120), none()),
    row("ct_nw_dst", "", 32, 4, PLACE(ct_nw_dst), 0, S::kNetwork, F::kIpv4, kMask, P::kCt, kRead, nxm1(121), none()),
    row("ct_ipv6_src", "", 128, 16, PLACE(ct_ipv6_src), 0, S::kBytes, F::kIpv6, kMask, P::kCt, kRead, nxm1(122), none()),
    row("ct_ipv6_dst", "", 128, 16, PLACE(ct_ipv6_dst), 0, S::kBytes, F::kIpv6, kMask, P::kCt, kRead, nxm1(123), none()),
    row("ct_tp_src", "", 16, 2, PLACE(ct_tp_src), 0, S::kNetwork, F::kDecimal, kMask, P::kCt, kRead, nxm1(124), none()),
    row("ct_tp_dst", "", 16, 2, PLACE(ct_tp_dst), 0, S::kNetwork, F::kDecimal, kMask, P::kCt, kRead, nxm1(125), none()),
    // Ethernet.
    row("eth_src", "dl_src", 48, 6, PLACE(eth_src), 0, S::kBytes, F::kEthernet, kMask, P::kEthernet, kWrite, nxm0(2), oxm(4)),
    row("eth_dst", "dl_dst", 48, 6, PLACE(eth_dst), 0, S::kBytes, F::kEthernet, kMask, P::kEthernet, kWrite, nxm0(1), oxm(3)),
    row("eth_type", "dl_type", 16, 2, PLACE(eth_type), 0, S::kNetwork, F::kHex, kExact, P::kEthernet, kRead, nxm0(3), oxm(5)),
    // VLAN. vlan_tci is in OpenFlow's form, in which CFI says that there is a tag.
    row("vlan_tci", "", 16, 2, PLACE(vlans[0].tci), 0, S::kNetwork, F::kHex, kMask, P::kEthernet, kWrite, nxm0(4), none()),
    row("dl_vlan", "", 12, 2, PLACE(vlans[0].tci), 0, S::kNetwork, F::kDecimal, kExact, P::kEthernet, kWrite, none(), none()),
    row("vlan_vid", "", 13, 2, PLACE(vlans[0].tci), 0, S::kNetwork, F::kDecimal, kMask, P::kEthernet, kWrite, none(), oxm(6)),
    row("dl_vlan_pcp", "", 3, 1, PLACE(vlans[0].tci), 13, S::kNetwork, F::kDecimal, kExact, P::kEthernet, kWrite, none(), none()),
    row("vlan_pcp", "", 3, 1, PLACE(vlans[0].tci), 13, S::kNetwork, F::kDecimal, kExact, P::kVlan, kWrite, none(), oxm(7)),
    // MPLS.
    row("mpls_label", "", 20, 4, PLACE(mpls[0]), 12, S::kNetwork, F::kDecimal, kExact, P::kMpls, kWrite, none(), oxm(34)),
    row("mpls_tc", "", 3, 1, PLACE(mpls[0]), 9, S::kNetwork, F::kDecimal, kExact, P::kMpls, kWrite, none(), oxm(35)),
    row("mpls_bos", "", 1, 1, PLACE(mpls[0]), 8, S::kNetwork, F::kDecimal, kExact, P::kMpls, kRead, none(), oxm(36)),
    row("mpls_ttl", "", 8, 1, PLACE(mpls[0]), 0, S::kNetwork, F::kDecimal, kExact, P::kMpls, kWrite, nxm1(30), none()),
    // IP.
    row("ip_src", "nw_src", 32, 4, PLACE(nw_src), 0, S::kNetwork, F::kIpv4, kMask, P::kIpv4, kWrite, nxm0(7), oxm(11)),
    row("ip_dst", "nw_dst", 32, 4, PLACE(nw_dst), 0, S::kNetwork, F::kIpv4, kMask, P::kIpv4, kWrite, nxm0(8), oxm(12)),
    row("ipv6_src", "", 128, 16, PLACE(ipv6_src), 0, S::kBytes, F::kIpv6, kMask, P::kIpv6, kWrite, nxm1(19), oxm(26)),
    row("ipv6_dst", "", 128, 16, PLACE(ipv6_dst), 0, S::kBytes, F::kIpv6, kMask, P::kIpv6, kWrite, nxm1(20), oxm(27)),
    row("ipv6_label", "", 20, 4, PLACE(ipv6_label), 0, S::kNetwork, F::kHex, kMask, P::kIpv6, kWrite, nxm1(27), oxm(28)),
    row("nw_proto", "ip_proto", 8, 1, PLACE(nw_proto), 0, S::kHost, F::kDecimal, kExact, P::kIpAny, kRead, nxm0(6), oxm(10)),
    row("nw_tos", "", 8, 1, PLACE(nw_tos), 0, S::kHost, F::kDecimal, kExact, P::kIpAny, kWrite, nxm0(5), none()),
    row("ip_dscp", "", 6, 1, PLACE(nw_tos), 2, S::kHost, F::kDecimal, kExact, P::kIpAny, kWrite, none(), oxm(8)),
    row("nw_ecn", "ip_ecn", 2, 1, PLACE(nw_tos), 0, S::kHost, F::kDecimal, kExact, P::kIpAny, kWrite, nxm1(28), oxm(9)),
    row("nw_ttl", "", 8, 1, PLACE(nw_ttl), 0, S::kHost, F::kDecimal, kExact, P::kIpAny, kWrite, nxm1(29), none()),
    row("ip_frag", "nw_frag", 2, 1, PLACE(nw_frag), 0, S::kHost, F::kFrag, kMask, P::kIpAny, kRead, nxm1(26), none()),
    // ARP.
    row("arp_op", "", 16, 2, PLACE(nw_proto), 0, S::kHost, F::kDecimal, kExact, P::kArp, kWrite, nxm0(15), oxm(21)),
    row("arp_spa", "", 32, 4, PLACE(nw_src), 0, S::kNetwork, F::kIpv4, kMask, P::kArp, kWrite, nxm0(16), oxm(22)),
    row("arp_tpa", "", 32, 4, PLACE(nw_dst), 0, S::kNetwork, F::kIpv4, kMask, P::kArp, kWrite, nxm0(17), oxm(23)),
    row("arp_sha", "", 48, 6, PLACE(arp_sha), 0, S::kBytes, F::kEthernet, kMask, P::kArp, kWrite, nxm1(17), oxm(24)),
    row("arp_tha", "", 48, 6, PLACE(arp_tha), 0, S::kBytes, F::kEthernet, kMask, P::kArp, kWrite, nxm1(18), oxm(25)),
    // NSH.
    row("nsh_flags", "", 8, 1, {offsetof(FlowKey, nsh), 1}, 0, S::kHost, F::kDecimal, kMask, P::kNsh, kWrite, et(1), none()),
    row("nsh_ttl", "", 8, 1, {offsetof(FlowKey, nsh) + 1, 1}, 0, S::kHost, F::kDecimal, kExact, P::kNsh, kWrite, et(10), none()),
    row("nsh_mdtype", "", 8, 1, {offsetof(FlowKey, nsh) + 2, 1}, 0, S::kHost, F::kDecimal, kExact, P::kNsh, kRead, et(2), none()),
    row("nsh_np", "", 8, 1, {offsetof(FlowKey, nsh) + 3, 1}, 0, S::kHost, F::kDecimal, kExact, P::kNsh, kRead, et(3), none()),
    row("nsh_spi", "nsp", 24, 4, {offsetof(FlowKey, nsh) + 4, 4}, 8, S::kNetwork, F::kHex, kExact, P::kNsh, kWrite, et(4), none()),
    row("nsh_si", "nsi", 8, 1, {offsetof(FlowKey, nsh) + 4, 4}, 0, S::kNetwork, F::kDecimal, kExact, P::kNsh, kWrite, et(5), none()),
    row("nsh_c1", "nshc1", 32, 4, {offsetof(FlowKey, nsh) + 8, 4}, 0, S::kNetwork, F::kHex, kMask, P::kNsh, kWrite, et(6), none()),
    row("nsh_c2", "nshc2", 32, 4, {offsetof(FlowKey, nsh) + 12, 4}, 0, S::kNetwork, F::kHex, kMask, P::kNsh, kWrite, et(7), none()),
    row("nsh_c3", "nshc3", 32, 4, {offsetof(FlowKey, nsh) + 16, 4}, 0, S::kNetwork, F::kHex, kMask, P::kNsh, kWrite, et(8), none()),
    row("nsh_c4", "nshc4", 32, 4, {offsetof(FlowKey, nsh) + 20, 4}, 0, S::kNetwork, F::kHex, kMask, P::kNsh, kWrite, et(9), none()),
    // Transport.
    row("tcp_src", "tp_src", 16, 2, PLACE(tp_src), 0, S::kNetwork, F::kDecimal, kMask, P::kTcp, kWrite, nxm0(9), oxm(13)),
    row("tcp_dst", "tp_dst", 16, 2, PLACE(tp_dst), 0, S::kNetwork, F::kDecimal, kMask, P::kTcp, kWrite, nxm0(10), oxm(14)),
    row("tcp_flags", "", 12, 2, PLACE(tcp_flags), 0, S::kNetwork, F::kTcpFlags, kMask, P::kTcp, kRead, nxm1(34), oxm(42)),
    row("udp_src", "", 16, 2, PLACE(tp_src), 0, S::kNetwork, F::kDecimal, kMask, P::kUdp, kWrite, nxm0(11), oxm(15)),
    row("udp_dst", "", 16, 2, PLACE(tp_dst), 0, S::kNetwork, F::kDecimal, kMask, P::kUdp, kWrite, nxm0(12), oxm(16)),
    row("sctp_src", "", 16, 2, PLACE(tp_src), 0, S::kNetwork, F::kDecimal, kMask, P::kSctp, kWrite, none(), oxm(17)),
    row("sctp_dst", "", 16, 2, PLACE(tp_dst), 0, S::kNetwork, F::kDecimal, kMask, P::kSctp, kWrite, none(), oxm(18)),
    row("icmp_type", "", 8, 1, PLACE(tp_src), 0, S::kNetwork, F::kDecimal, kExact, P::kIcmp, kWrite, nxm0(13), oxm(19)),
    row("icmp_code", "", 8, 1, PLACE(tp_dst), 0, S::kNetwork, F::kDecimal, kExact, P::kIcmp, kWrite, nxm0(14), oxm(20)),
    row("icmpv6_type", "", 8, 1, PLACE(tp_src), 0, S::kNetwork, F::kDecimal, kExact, P::kIcmpv6, kWrite, nxm1(21), oxm(29)),
    row("icmpv6_code", "", 8, 1, PLACE(tp_dst), 0, S::kNetwork, F::kDecimal, kExact, P::kIcmpv6, kWrite, nxm1(22), oxm(30)),
    row("nd_target", "", 128, 16, PLACE(nd_target), 0, S::kBytes, F::kIpv6, kMask, P::kNd, kWrite, nxm1(23), oxm(31)),
    row("nd_sll", "", 48, 6, PLACE(arp_sha), 0, S::kBytes, F::kEthernet, kMask, P::kNdSolicit, kWrite, nxm1(24), oxm(32)),
    row("nd_tll", "", 48, 6, PLACE(arp_tha), 0, S::kBytes, F::kEthernet, kMask, P::kNdAdvert, kWrite, nxm1(25), oxm(33)),
    row("nd_reserved", "", 32, 4, PLACE(nd_reserved), 0, S::kNetwork, F::kDecimal, kExact, P::kNd, kWrite,
        experiment(kExperimenterEricsson, 1), none()),
    row("nd_options_type", "", 8, 1, PLACE(nd_options_type), 0, S::kNetwork, F::kDecimal, kExact, P::kNd, kWrite,
        experiment(kExperimenterEricsson, 2), none()),
};

constexpr size_t kRegs = 32, kXregs = 16, kXxregs = 8, kOptions = 64;
constexpr size_t kCount = std::size(kFixed) + kRegs + kXregs + kXxregs + kOptions;

constexpr Field numbered(std::string_view stem, size_t i, Field f) {
  copy_name(f.name, sizeof f.name, stem);
  size_t at = stem.size();
  if (i >= 10) f.name[at++] = static_cast<char>('0' + i / 10);
  f.name[at] = static_cast<char>('0' + i % 10);
  return f;
}

constexpr std::array<Field, kCount> kTable = [] {
  std::array<Field, kCount> t{};
  size_t n = 0;
  for (const Field& f : kFixed) t[n++] = f;
  constexpr size_t kBase = offsetof(FlowKey, regs);
  for (size_t i = 0; i < kRegs; ++i) {
    // Registers 16 to 31 have no header that a public document gives; text and translation know them.
    const OxmHeader header = i < 16 ? nxm1(static_cast<uint8_t>(i)) : none();
    t[n++] = numbered("reg", i, row("", "", 32, 4, {kBase + i * 4, 4}, 0, S::kHost, F::kHex, kMask, P::kNone, kWrite, header, none()));
  }
  for (size_t i = 0; i < kXregs; ++i)
    t[n++] = numbered("xreg", i, row("", "", 64, 8, {kBase + i * 8, 8}, 0, S::kRegisters, F::kHex, kMask, P::kNone, kWrite, none(),
                                     OxmHeader{kOxmRegs, static_cast<uint8_t>(i), true, 0}));
  for (size_t i = 0; i < kXxregs; ++i)
    t[n++] = numbered("xxreg", i, row("", "", 128, 16, {kBase + i * 16, 16}, 0, S::kRegisters, F::kHex, kMask, P::kNone, kWrite,
                                      nxm1(static_cast<uint8_t>(111 + i)), none()));
  for (size_t i = 0; i < kOptions; ++i)
    t[n++] = numbered("tun_metadata", i, row("", "", 992, 124, TUNNEL(options), 0, S::kTunnelOption, F::kHex, kMask, P::kNone,
                                             kWrite, nxm1(static_cast<uint8_t>(40 + i)), none()));
  return t;
}();
#undef PLACE
#undef TUNNEL

uint64_t low_bits(unsigned bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }

uint64_t load(const uint8_t* at, unsigned bytes, Storage storage) {
  uint64_t v = 0;
  if (storage == Storage::kNetwork) {
    for (unsigned i = 0; i < bytes; ++i) v = v << 8 | at[i];
  } else {
    switch (bytes) {
      case 1: return *at;
      case 2: { uint16_t x; std::memcpy(&x, at, 2); return x; }
      case 4: { uint32_t x; std::memcpy(&x, at, 4); return x; }
      default: std::memcpy(&v, at, 8);
    }
  }
  return v;
}

void store(uint8_t* at, unsigned bytes, Storage storage, uint64_t v) {
  if (storage == Storage::kNetwork) {
    for (unsigned i = bytes; i-- > 0; v >>= 8) at[i] = static_cast<uint8_t>(v);
    return;
  }
  switch (bytes) {
    case 1: *at = static_cast<uint8_t>(v); return;
    case 2: { const auto x = static_cast<uint16_t>(v); std::memcpy(at, &x, 2); return; }
    case 4: { const auto x = static_cast<uint32_t>(v); std::memcpy(at, &x, 4); return; }
    default: std::memcpy(at, &v, 8);
  }
}

bool same_header(const OxmHeader& a, const OxmHeader& b) {
  return a.valid && b.valid && a.oxm_class == b.oxm_class && a.field == b.field && a.experimenter == b.experimenter;
}

}  // namespace

std::span<const Field> fields() { return kTable; }

const Field* find_field(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Field& f : kTable)
    if (equal_ignore_case(name, f.name) || equal_ignore_case(name, f.alias)) return &f;
  return nullptr;
}

const Field* find_field(const OxmHeader& header) {
  for (const Field& f : kTable)
    if (same_header(f.nxm, header) || same_header(f.oxm, header)) return &f;
  return nullptr;
}

uint64_t FieldValue::as_u64(const Field& field) const {
  uint64_t v = 0;
  for (size_t i = field.bytes > 8 ? field.bytes - 8u : 0; i < field.bytes; ++i) v = v << 8 | bytes[i];
  return v;
}

FieldValue FieldValue::from_u64(const Field& field, uint64_t v) {
  FieldValue out;
  for (size_t i = field.bytes; i-- > 0 && v; v >>= 8) out.bytes[i] = static_cast<uint8_t>(v);
  return out;
}

FieldValue FieldValue::all_ones(const Field& field) {
  FieldValue out;
  for (unsigned bit = 0; bit < field.bits; ++bit) out.bytes[field.bytes - 1u - bit / 8] |= static_cast<uint8_t>(1u << (bit % 8));
  return out;
}

FieldValue read_field(const Field& field, const FlowKey& key) {
  const uint8_t* at = reinterpret_cast<const uint8_t*>(&key) + field.offset;
  FieldValue out;
  switch (field.storage) {
    case Storage::kHost:
    case Storage::kNetwork:
      return FieldValue::from_u64(field, load(at, field.storage_bytes, field.storage) >> field.shift & low_bits(field.bits));
    case Storage::kBytes: std::copy_n(at, field.bytes, out.bytes.begin()); return out;
    case Storage::kRegisters:
      for (unsigned i = 0; i < field.bytes; i += 4) store(&out.bytes[i], 4, Storage::kNetwork, load(at + i, 4, Storage::kHost));
      return out;
    case Storage::kTunnelOption: return out;
  }
  return out;
}

void write_field(const Field& field, FlowKey& key, const FieldValue& value) {
  uint8_t* at = reinterpret_cast<uint8_t*>(&key) + field.offset;
  switch (field.storage) {
    case Storage::kHost:
    case Storage::kNetwork: {
      const uint64_t bits = low_bits(field.bits) << field.shift;
      const uint64_t old = load(at, field.storage_bytes, field.storage);
      store(at, field.storage_bytes, field.storage, (old & ~bits) | (value.as_u64(field) << field.shift & bits));
      return;
    }
    case Storage::kBytes: std::copy_n(value.bytes.begin(), field.bytes, at); return;
    case Storage::kRegisters:
      for (unsigned i = 0; i < field.bytes; i += 4) store(at + i, 4, Storage::kHost, load(&value.bytes[i], 4, Storage::kNetwork));
      return;
    case Storage::kTunnelOption: return;
  }
}

void set_field(Match& match, const Field& field, const FieldValue& value, const FieldValue& mask) {
  FieldValue masked;
  for (size_t i = 0; i < field.bytes; ++i) masked.bytes[i] = value.bytes[i] & mask.bytes[i];
  write_field(field, match.key, masked);
  write_field(field, match.mask, mask);
  // Port numbers are matched as a whole, whatever the width of the field that names them.
  if (field.format == FieldFormat::kPort16 && match.mask.in_port) match.mask.in_port = ~0u;
}

bool prerequisite_met(const Field& field, const FlowKey& k) {
  const uint16_t type = k.eth_type.host();
  const bool v4 = type == net::kEthTypeIpv4, v6 = type == net::kEthTypeIpv6, whole = !(k.nw_frag & kFragLater);
  const bool nd = v6 && whole && k.nw_proto == net::kIpIcmpv6 && !k.tp_dst;
  const uint16_t icmp = k.tp_src.host();
  switch (field.prerequisite) {
    case P::kNone: return true;
    case P::kEthernet: return !k.packet_type;
    case P::kVlan: return static_cast<bool>(k.vlans[0].tci & Be16{kVlanPresent});
    case P::kArp: return type == net::kEthTypeArp || type == net::kEthTypeRarp;
    case P::kIpv4: return v4;
    case P::kIpv6: return v6;
    case P::kIpAny: return v4 || v6;
    case P::kMpls: return type == net::kEthTypeMpls || type == net::kEthTypeMplsMulticast;
    case P::kTcp: return (v4 || v6) && whole && k.nw_proto == net::kIpTcp;
    case P::kUdp: return (v4 || v6) && whole && k.nw_proto == net::kIpUdp;
    case P::kSctp: return (v4 || v6) && whole && k.nw_proto == net::kIpSctp;
    case P::kIcmp: return v4 && whole && k.nw_proto == net::kIpIcmp;
    case P::kIcmpv6: return v6 && whole && k.nw_proto == net::kIpIcmpv6;
    case P::kNd: return nd && (icmp == net::kNdSolicit || icmp == net::kNdAdvert);
    case P::kNdSolicit: return nd && icmp == net::kNdSolicit;
    case P::kNdAdvert: return nd && icmp == net::kNdAdvert;
    case P::kNsh: return type == net::kEthTypeNsh;
    case P::kCt: return (v4 || v6) && k.ct_state & 0x20;
  }
  return false;
}

}  // namespace turnout::flow
