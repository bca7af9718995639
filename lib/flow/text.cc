// Printing matches: protocol shorthand, then the fields in the order of the layers.
#include "lib/flow/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/flow/flag_text.h"
#include "lib/net/headers.h"

namespace turnout::flow {

namespace {

int prefix_length(std::span<const uint8_t> mask) {   // -1 where the ones are not all in front
  int bits = 0;
  bool ended = false;
  for (uint8_t b : mask) {
    if (ended && b) return -1;
    const int ones = std::countl_one(b);
    if (static_cast<uint8_t>(b << ones)) return -1;
    bits += ones;
    ended = ones < 8;
  }
  return bits;
}

struct PortName { uint16_t number; const char* name; };
constexpr PortName kPortNames[] = {{kOfPortInPort.value, "IN_PORT"}, {kOfPortTable.value, "TABLE"},
                                   {kOfPortNormal.value, "NORMAL"},  {kOfPortFlood.value, "FLOOD"},
                                   {kOfPortAll.value, "ALL"},        {kOfPortController.value, "CONTROLLER"},
                                   {kOfPortLocal.value, "LOCAL"},    {kOfPortNone.value, "ANY"}};

class Writer {
 public:
  Writer(const Match& match, const PortNameOf& port_name) : k_(match.key), m_(match.mask), port_name_(port_name) {}

  std::string run(int32_t priority) {
    if (priority != kDefaultPriority) put("priority={}", priority);
    hex("pkt_mark", k_.pkt_mark, m_.pkt_mark);
    number("recirc_id", k_.recirc_id, m_.recirc_id, false, true);
    hex("dp_hash", k_.dp_hash, m_.dp_hash);
    number("conj_id", k_.conj_id, m_.conj_id);
    hex("skb_priority", k_.skb_priority, m_.skb_priority);
    if (m_.actset_output) put("actset_output={}", of_port_to_string(OfPort{static_cast<uint16_t>(k_.actset_output)}, port_name_));
    conntrack();
    packet_type();
    protocol();
    for (size_t i = 0; i < std::size(k_.regs); ++i) hex(fmt::format("reg{}", i), k_.regs[i], m_.regs[i]);
    tunnel();
    hex("metadata", k_.metadata.host(), m_.metadata.host());
    if (m_.in_port) put("in_port={}", of_port_to_string(OfPort{static_cast<uint16_t>(k_.in_port)}, port_name_));
    vlans();
    mac("dl_src", k_.eth_src, m_.eth_src);
    mac("dl_dst", k_.eth_dst, m_.eth_dst);
    if (m_.eth_type && !skip_type_) put("dl_type=0x{:04x}", k_.eth_type.host());
    network();
    transport();
    return std::move(out_);
  }

 private:
  template <typename... A>
  void put(fmt::format_string<A...> format, A&&... args) {
    if (!out_.empty()) out_ += ',';
    out_ += fmt::format(fmt::runtime(format), args...);
  }

  static std::string alternate_hex(uint64_t v) { return v ? fmt::format("{:#x}", v) : "0"; }

  template <typename T>
  void number(std::string_view name, T value, T mask, bool as_hex = false, bool hex_value = false) {
    if (!mask) return;
    std::string text = as_hex || hex_value ? alternate_hex(value) : std::to_string(value);
    if (mask != static_cast<T>(~T{0})) text += '/' + alternate_hex(mask);
    put("{}={}", name, text);
  }
  template <typename T>
  void hex(std::string_view name, T value, T mask) { number(name, value, mask, true); }
  void port(std::string_view name, Be16 value, Be16 mask) {
    if (!mask) return;
    if (mask.raw() == 0xffff) put("{}={}", name, value.host());
    else put("{}=0x{:x}/0x{:x}", name, value.host(), mask.host());
  }
  void mac(std::string_view name, const net::Mac& value, const net::Mac& mask) {
    if (mask.is_zero()) return;
    if (mask.is_broadcast()) put("{}={}", name, value.to_string());
    else put("{}={}/{}", name, value.to_string(), mask.to_string());
  }
  void ip(std::string_view name, Be32 value, Be32 mask) {
    if (!mask) return;
    const uint32_t raw = mask.raw();
    const int bits = prefix_length({reinterpret_cast<const uint8_t*>(&raw), 4});
    std::string text = net::ipv4_to_string(value);
    if (bits < 0) text += '/' + net::ipv4_to_string(mask);
    else if (bits < 32) text += '/' + std::to_string(bits);
    put("{}={}", name, text);
  }
  void ip6(std::string_view name, const net::Ipv6& value, const net::Ipv6& mask) {
    if (mask.is_zero()) return;
    const int bits = prefix_length(mask.bytes);
    std::string text = value.to_string();
    if (bits < 0) text += '/' + mask.to_string();
    else if (bits < 128) text += '/' + std::to_string(bits);
    put("{}={}", name, text);
  }

  void conntrack() {
    if (m_.ct_state) {
      if (m_.ct_state == 0xff) put("ct_state={}", format_flags(kCtStateNames, k_.ct_state));
      else put("ct_state={}", format_masked_flags(kCtStateNames, k_.ct_state, m_.ct_state));
    }
    number("ct_zone", k_.ct_zone, m_.ct_zone);
    hex("ct_mark", k_.ct_mark, m_.ct_mark);
    ct_label();
    ip("ct_nw_src", k_.ct_nw_src, m_.ct_nw_src);
    ip6("ct_ipv6_src", k_.ct_ipv6_src, m_.ct_ipv6_src);
    ip("ct_nw_dst", k_.ct_nw_dst, m_.ct_nw_dst);
    ip6("ct_ipv6_dst", k_.ct_ipv6_dst, m_.ct_ipv6_dst);
    number("ct_nw_proto", k_.ct_nw_proto, m_.ct_nw_proto);
    port("ct_tp_src", k_.ct_tp_src, m_.ct_tp_src);
    port("ct_tp_dst", k_.ct_tp_dst, m_.ct_tp_dst);
  }

  static std::string hex128(const uint8_t (&bytes)[16]) {
    std::string digits;
    for (uint8_t b : bytes) digits += fmt::format("{:02x}", b);
    const size_t first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0" : "0x" + digits.substr(first);
  }

  void ct_label() {
    const std::string mask = hex128(m_.ct_label);
    if (mask == "0") return;
    const bool exact = std::ranges::all_of(m_.ct_label, [](uint8_t b) { return b == 0xff; });
    put("ct_label={}{}", hex128(k_.ct_label), exact ? "" : "/" + mask);
  }

  void packet_type() {
    if (!m_.packet_type) return;
    const uint32_t type = k_.packet_type.host();
    if (!type) put("eth");
    else put("packet_type=({},0x{:x})", type >> 16, type & 0xffff);
  }

  // Sets what later steps need not print again.
  void protocol() {
    if (!m_.eth_type) return;
    const uint16_t type = k_.eth_type.host();
    skip_type_ = true;
    switch (type) {
      case net::kEthTypeIpv4: return ip_protocol(false);
      case net::kEthTypeIpv6: return ip_protocol(true);
      case net::kEthTypeArp: return put("arp");
      case net::kEthTypeRarp: return put("rarp");
      case net::kEthTypeMpls: return put("mpls");
      case net::kEthTypeMplsMulticast: return put("mplsm");
      default: skip_type_ = false;
    }
  }

  void ip_protocol(bool v6) {
    const char* name = nullptr;
    if (m_.nw_proto) {
      switch (k_.nw_proto) {
        case net::kIpTcp: name = v6 ? "tcp6" : "tcp"; break;
        case net::kIpUdp: name = v6 ? "udp6" : "udp"; break;
        case net::kIpSctp: name = v6 ? "sctp6" : "sctp"; break;
        case net::kIpIcmp: name = v6 ? nullptr : "icmp"; break;
        case net::kIpIcmpv6: name = v6 ? "icmp6" : nullptr; break;
        default: break;
      }
    }
    skip_proto_ = name != nullptr;
    put("{}", name ? name : v6 ? "ipv6" : "ip");
  }

  void tunnel() {
    const TunnelKey &k = k_.tunnel, &m = m_.tunnel;
    hex("tun_id", k.id.host(), m.id.host());
    ip("tun_src", k.ipv4_src, m.ipv4_src);
    ip("tun_dst", k.ipv4_dst, m.ipv4_dst);
    ip6("tun_ipv6_src", k.ipv6_src, m.ipv6_src);
    ip6("tun_ipv6_dst", k.ipv6_dst, m.ipv6_dst);
    if (m.gbp_id) number("tun_gbp_id", k.gbp_id.host(), m.gbp_id.host());
    hex("tun_gbp_flags", k.gbp_flags, m.gbp_flags);
    number("tun_erspan_ver", k.erspan_ver, m.erspan_ver);
    hex("tun_erspan_idx", k.erspan_idx, m.erspan_idx);
    number("tun_erspan_dir", k.erspan_dir, m.erspan_dir);
    number("tun_erspan_hwid", k.erspan_hwid, m.erspan_hwid);
    hex("tun_gtpu_flags", k.gtpu_flags, m.gtpu_flags);
    number("tun_gtpu_msgtype", k.gtpu_msgtype, m.gtpu_msgtype);
    number("tun_tos", k.tos, m.tos, true);
    number("tun_ttl", k.ttl, m.ttl);
    if (m.flags & kTunnelOam) put("tun_flags={}", format_masked_flags(kTunnelFlagNames, k.flags, m.flags));
  }

  void vlans() {
    for (unsigned i = 0; i < kVlanTags; ++i) {
      const std::string suffix = i ? std::to_string(i) : "";
      const uint16_t value = k_.vlans[i].tci.host(), mask = m_.vlans[i].tci.host();
      if (!mask) continue;
      const bool vid = (mask & 0x1fff) == 0x1fff, pcp = (mask & 0xf000) == 0xf000;
      const bool plain = (mask & kVlanPresent) && (value & kVlanPresent) && (mask == 0x1fff || mask == 0xf000 || mask == 0xffff);
      if (plain && vid) put("dl_vlan{}={}", suffix, value & 0xfff);
      if (plain && pcp) put("dl_vlan_pcp{}={}", suffix, value >> 13);
      if (!plain && mask == 0xffff) put("vlan_tci{}=0x{:04x}", suffix, value);
      else if (!plain) put("vlan_tci{}=0x{:04x}/0x{:04x}", suffix, value, mask);
    }
  }

  void network() {
    const uint16_t type = m_.eth_type ? k_.eth_type.host() : 0;
    if (type == net::kEthTypeMpls || type == net::kEthTypeMplsMulticast) return mpls();
    if (type == net::kEthTypeNsh) nsh();
    const bool is_arp = type == net::kEthTypeArp || type == net::kEthTypeRarp;
    ip(is_arp ? "arp_spa" : "nw_src", k_.nw_src, m_.nw_src);
    ip(is_arp ? "arp_tpa" : "nw_dst", k_.nw_dst, m_.nw_dst);
    if (is_arp) {
      number("arp_op", k_.nw_proto, m_.nw_proto);
      mac("arp_sha", k_.arp_sha, m_.arp_sha);
      mac("arp_tha", k_.arp_tha, m_.arp_tha);
      return;
    }
    ip6("ipv6_src", k_.ipv6_src, m_.ipv6_src);
    ip6("ipv6_dst", k_.ipv6_dst, m_.ipv6_dst);
    label();
    if (!skip_proto_) number("nw_proto", k_.nw_proto, m_.nw_proto);
    if (m_.nw_tos & 0xfc) put("nw_tos={}", k_.nw_tos & 0xfc);
    if (m_.nw_tos & 3) put("nw_ecn={}", k_.nw_tos & 3);
    number("nw_ttl", k_.nw_ttl, m_.nw_ttl);
    fragment();
  }

  void label() {
    const uint32_t mask = m_.ipv6_label.host() & 0xfffff;
    if (!mask) return;
    if (mask == 0xfffff) put("ipv6_label=0x{:05x}", k_.ipv6_label.host());
    else put("ipv6_label=0x{:05x}/0x{:05x}", k_.ipv6_label.host(), mask);
  }

  void fragment() {
    const uint8_t mask = m_.nw_frag & 3, value = k_.nw_frag & mask;
    if (!mask) return;
    const char* name = mask == kFragAny ? (value ? "yes" : "no") : mask == kFragLater ? (value ? "later" : "not_later")
                       : value == 0     ? "no" : value == kFragAny ? "first" : "later";
    put("nw_frag={}", name);
  }

  void mpls() {
    const uint32_t value = k_.mpls[0].host(), mask = m_.mpls[0].host();
    if (mask & 0xfffff000) put("mpls_label={}", value >> 12);
    if (mask & 0xe00) put("mpls_tc={}", value >> 9 & 7);
    if (mask & 0xff) put("mpls_ttl={}", value & 0xff);
    if (mask & 0x100) put("mpls_bos={}", value >> 8 & 1);
    for (unsigned i = 1; i < kMplsLabels; ++i)
      if (m_.mpls[i]) number(fmt::format("mpls_lse{}", i), k_.mpls[i].host(), m_.mpls[i].host());
  }

  void nsh() {
    const uint8_t *k = k_.nsh, *m = m_.nsh;
    number("nsh_flags", k[0], m[0]);
    number("nsh_ttl", k[1], m[1]);
    number("nsh_mdtype", k[2], m[2]);
    number("nsh_np", k[3], m[3]);
    if (m[4] | m[5] | m[6]) put("nsh_spi={}", alternate_spi(uint32_t{k[4]} << 16 | uint32_t{k[5]} << 8 | k[6]));
    number("nsh_si", k[7], m[7]);
    for (unsigned i = 0; i < 4; ++i) {
      Be32 value, mask;
      std::memcpy(&value, k + 8 + i * 4, 4);
      std::memcpy(&mask, m + 8 + i * 4, 4);
      hex(fmt::format("nsh_c{}", i + 1), value.host(), mask.host());
    }
  }
  static std::string alternate_spi(uint32_t spi) { return fmt::format("0x{:x}", spi); }

  void transport() {
    const uint16_t type = m_.eth_type ? k_.eth_type.host() : 0;
    const bool icmp = m_.nw_proto && ((type == net::kEthTypeIpv4 && k_.nw_proto == net::kIpIcmp) ||
                                      (type == net::kEthTypeIpv6 && k_.nw_proto == net::kIpIcmpv6));
    if (!icmp) {
      port("tp_src", k_.tp_src, m_.tp_src);
      port("tp_dst", k_.tp_dst, m_.tp_dst);
      if (const uint16_t mask = m_.tcp_flags.host() & 0xfff) {
        if (mask == 0xfff) put("tcp_flags={}", format_flags(kTcpFlagNames, k_.tcp_flags.host()));
        else put("tcp_flags={}", format_masked_flags(kTcpFlagNames, k_.tcp_flags.host(), mask));
      }
      return;
    }
    if (m_.tp_src) icmp_part("icmp_type", k_.tp_src, m_.tp_src);
    if (m_.tp_dst) icmp_part("icmp_code", k_.tp_dst, m_.tp_dst);
    if (type != net::kEthTypeIpv6) return;
    ip6("nd_target", k_.nd_target, m_.nd_target);
    mac("nd_sll", k_.arp_sha, m_.arp_sha);
    mac("nd_tll", k_.arp_tha, m_.arp_tha);
    if (m_.nd_reserved) number("nd_reserved", k_.nd_reserved.host(), m_.nd_reserved.host());
    if (m_.nd_options_type) put("nd_options_type={}", k_.nd_options_type.host());
  }

  void icmp_part(std::string_view name, Be16 value, Be16 mask) {
    const uint16_t m = mask.host() & 0xff;
    if (m == 0xff) put("{}={}", name, value.host());
    else put("{}=0x{:x}/0x{:x}", name, value.host(), m);
  }

  const FlowKey& k_;
  const FlowMask& m_;
  const PortNameOf& port_name_;
  std::string out_;
  bool skip_type_ = false, skip_proto_ = false;
};

// The mask of every field that a packet with this key has; of metadata, only what is not zero.
FlowMask fields_present(const FlowKey& k) {
  FlowMask m{};
  const auto all = [](auto& member) { std::memset(static_cast<void*>(&member), 0xff, sizeof member); };
  if (k.skb_priority) all(m.skb_priority);
  if (k.pkt_mark) all(m.pkt_mark);
  if (k.recirc_id) all(m.recirc_id);
  if (k.dp_hash) all(m.dp_hash);
  if (k.ct_state) all(m.ct_state);
  if (k.ct_zone) all(m.ct_zone);
  if (k.ct_mark) all(m.ct_mark);
  if (std::ranges::any_of(k.ct_label, [](uint8_t b) { return b != 0; })) all(m.ct_label);
  if (k.metadata) all(m.metadata);
  for (size_t i = 0; i < std::size(k.regs); ++i)
    if (k.regs[i]) all(m.regs[i]);
  if (k.tunnel.ipv4_dst || !k.tunnel.ipv6_dst.is_zero()) {
    all(m.tunnel.id);
    k.tunnel.ipv4_dst ? (all(m.tunnel.ipv4_src), all(m.tunnel.ipv4_dst)) : (all(m.tunnel.ipv6_src), all(m.tunnel.ipv6_dst));
    all(m.tunnel.tos);
    all(m.tunnel.ttl);
  }
  all(m.in_port);
  if (k.packet_type) all(m.packet_type);
  else all(m.eth_src), all(m.eth_dst);
  for (unsigned i = 0; i < kVlanTags && !k.packet_type; ++i) {
    all(m.vlans[i].tci);
    if (!k.vlans[i].tpid) break;
  }
  all(m.eth_type);
  switch (k.eth_type.host()) {
    case net::kEthTypeIpv4: all(m.nw_src), all(m.nw_dst); break;
    case net::kEthTypeIpv6: all(m.ipv6_src), all(m.ipv6_dst), all(m.ipv6_label); break;
    case net::kEthTypeArp:
    case net::kEthTypeRarp: all(m.nw_src), all(m.nw_dst), all(m.nw_proto), all(m.arp_sha), all(m.arp_tha); return m;
    case net::kEthTypeMpls:
    case net::kEthTypeMplsMulticast:
      for (unsigned i = 0; i < kMplsLabels; ++i) {
        all(m.mpls[i]);
        if (k.mpls[i].host() & 0x100) break;
      }
      return m;
    case net::kEthTypeNsh:
      std::memset(m.nsh, 0xff, k.nsh[2] == 1 ? 24 : 8);
      all(m.nw_proto), all(m.nw_tos), all(m.nw_ttl), all(m.nw_frag);
      return m;
    default: return m;
  }
  all(m.nw_proto), all(m.nw_tos), all(m.nw_ttl), all(m.nw_frag);
  if (k.nw_frag & kFragLater) return m;
  switch (k.nw_proto) {
    case net::kIpTcp: all(m.tcp_flags); [[fallthrough]];
    case net::kIpUdp:
    case net::kIpSctp:
    case net::kIpIcmp:
    case net::kIpIgmp: all(m.tp_src), all(m.tp_dst); break;
    case net::kIpIcmpv6:
      all(m.tp_src), all(m.tp_dst);
      if (k.eth_type.host() == net::kEthTypeIpv6 && !k.tp_dst && (k.tp_src.host() == net::kNdSolicit || k.tp_src.host() == net::kNdAdvert))
        all(m.nd_target), all(m.arp_sha), all(m.arp_tha);
      break;
    default: break;
  }
  return m;
}

}  // namespace

std::string of_port_to_string(OfPort port, const PortNameOf& port_name) {
  for (const PortName& p : kPortNames)
    if (p.number == port.value) return p.name;
  if (port_name)
    if (auto name = port_name(port)) return *name;
  return std::to_string(port.value);
}

std::string format_match(const Match& match, int32_t priority, const PortNameOf& port_name) {
  return Writer(match, port_name).run(priority);
}

std::string format_key(const FlowKey& key, const PortNameOf& port_name) {
  const Match match{key, fields_present(key)};
  return Writer(match, port_name).run(kDefaultPriority);
}

}  // namespace turnout::flow
