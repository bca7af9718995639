// Printing keys and masks of datapath flows.
#include "lib/datapath/key_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/key_text_fields.h"
#include "lib/flow/extract.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using flow::FlowKey;
using flow::FlowMask;

template <typename T>
T load(const FlowKey& key, size_t offset) {
  T value;
  std::memcpy(static_cast<void*>(&value), reinterpret_cast<const uint8_t*>(&key) + offset, sizeof value);
  return value;
}

// printf's %#x: no prefix in front of a zero.
std::string alternate_hex(uint64_t v) { return v ? fmt::format("{:#x}", v) : "0"; }

std::string hex128(const uint8_t* bytes) {
  std::string digits;
  for (size_t i = 0; i < 16; ++i) digits += fmt::format("{:02x}", bytes[i]);
  const size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : "0x" + digits.substr(first);
}

const char* frag_name(uint8_t frag) { return !(frag & flow::kFragAny) ? "no" : frag & flow::kFragLater ? "later" : "first"; }

// A decimal or hexadecimal value and its mask as text.
struct Text { std::string value, mask; bool any, exact; };

template <typename T>
Text number(T value, T mask, T all, bool hex) {
  return {hex ? alternate_hex(value) : std::to_string(value), alternate_hex(mask), (mask & all) != 0, (mask & all) == all};
}

template <typename Address, typename Format>
Text address(const Address& value, const Address& mask, Format&& format) {
  Address all;
  std::memset(static_cast<void*>(&all), 0xff, sizeof all);
  return {format(value), format(mask), !(mask == Address{}), mask == all};
}

Text text_of(const SubField& field, const FlowKey& key, const FlowMask& mask) {
  const size_t at = field.offset;
  switch (field.format) {
    case SubFormat::kMac:
      return address(load<net::Mac>(key, at), load<net::Mac>(mask, at), [](const net::Mac& m) { return m.to_string(); });
    case SubFormat::kIpv4: return address(load<Be32>(key, at), load<Be32>(mask, at), net::ipv4_to_string);
    case SubFormat::kIpv6:
      return address(load<net::Ipv6>(key, at), load<net::Ipv6>(mask, at), [](const net::Ipv6& a) { return a.to_string(); });
    case SubFormat::kDecimal8: return number<uint8_t>(load<uint8_t>(key, at), load<uint8_t>(mask, at), 0xff, false);
    case SubFormat::kHex8: return number<uint8_t>(load<uint8_t>(key, at), load<uint8_t>(mask, at), 0xff, true);
    case SubFormat::kDecimal16: return number<uint16_t>(load<Be16>(key, at).host(), load<Be16>(mask, at).host(), 0xffff, false);
    case SubFormat::kTransport8:
      return number<uint16_t>(load<Be16>(key, at).host(), load<Be16>(mask, at).host() & 0xff, 0xff, false);
    case SubFormat::kLabel:
      return number<uint32_t>(load<Be32>(key, at).host(), load<Be32>(mask, at).host() & 0xfffff, 0xfffff, true);
    case SubFormat::kFrag: break;
  }
  const bool any = load<uint8_t>(mask, at) != 0;
  return {frag_name(load<uint8_t>(key, at)), {}, any, any};
}

class Writer {
 public:
  Writer(const FlowKey& key, const FlowMask& mask, const KeyTextOptions& options)
      : key_(key), mask_(mask), verbose_(options.verbose), options_(options) {}

  std::string all() {
    if (options_.kernel_order) kernel_metadata();
    else metadata();
    if (!options_.kernel_order || key_.packet_type) packet_type();
    // Where the packet type is not compared (or not printed), eth() says that the packet has an Ethernet header.
    if (!key_.packet_type) list("eth", kEthFields, options_.kernel_order || !mask_.packet_type);
    tags();
    std::string text = std::move(out_);
    text += std::string(encaps_, ')');
    return text;
  }

 private:
  void begin(std::string_view name) {
    if (!out_.empty() && out_.back() != '(') out_ += ',';
    out_ += name;
    out_ += '(';
  }
  void end() { out_ += ')'; }

  // NAME(VALUE/MASK) for a single number.
  template <typename T>
  void single(std::string_view name, T value, T mask, bool hex = true) {
    if (!mask && !verbose_) return;
    begin(name);
    const Text t = number<T>(value, mask, static_cast<T>(~T{0}), hex);
    out_ += t.value;
    if (!t.exact) out_ += '/' + t.mask;
    end();
  }

  void item(bool& first, std::string_view name, const Text& t, bool always = false) {
    if (!t.any && !verbose_ && !always) return;
    if (!first) out_ += ',';
    first = false;
    out_ += name;
    out_ += '=';
    out_ += t.value;
    if (!t.exact && !t.mask.empty()) out_ += '/' + t.mask;
  }

  void list(std::string_view name, std::span<const SubField> fields, bool even_if_empty = false) {
    if (!even_if_empty && !verbose_ &&
        std::ranges::none_of(fields, [&](const SubField& f) { return text_of(f, key_, mask_).any; }))
      return;
    begin(name);
    bool first = true;
    for (const SubField& f : fields) {
      if (f.format == SubFormat::kFrag && !text_of(f, key_, mask_).any) continue;
      item(first, f.name, text_of(f, key_, mask_));
    }
    end();
  }

  bool any_of(std::span<const SubField> fields) const {
    return std::ranges::any_of(fields, [&](const SubField& f) { return text_of(f, key_, mask_).any; });
  }

  void metadata() {
    single("skb_priority", key_.skb_priority, mask_.skb_priority);
    tunnel();
    single("skb_mark", key_.pkt_mark, mask_.pkt_mark);
    connection();
    single("recirc_id", key_.recirc_id, mask_.recirc_id);
    single("dp_hash", key_.dp_hash, mask_.dp_hash);
    port();
  }

  void kernel_metadata() {
    single("recirc_id", key_.recirc_id, mask_.recirc_id);
    single("dp_hash", key_.dp_hash, mask_.dp_hash);
    single("skb_priority", key_.skb_priority, mask_.skb_priority);
    tunnel();
    port();
    single("skb_mark", key_.pkt_mark, mask_.pkt_mark);
    connection();
  }

  void connection() {
    ct_state();
    single("ct_zone", key_.ct_zone, mask_.ct_zone);
    single("ct_mark", key_.ct_mark, mask_.ct_mark);
    ct_label();
    if (any_of(kCtTuple4Fields) && key_.ct_nw_src) list("ct_tuple4", kCtTuple4Fields);
    else if (any_of(kCtTuple6Fields)) list("ct_tuple6", kCtTuple6Fields);
  }

  void ct_state() {
    if (!mask_.ct_state && !verbose_) return;
    begin("ct_state");
    if (verbose_) {
      out_ += alternate_hex(key_.ct_state) + '/' + alternate_hex(mask_.ct_state);
    } else {
      for (unsigned i = 0; i < 8; ++i)
        if (mask_.ct_state >> i & 1) out_ += (key_.ct_state >> i & 1 ? '+' : '-') + std::string(kCtStateNames[i]);
    }
    end();
  }

  void ct_label() {
    const std::string mask = hex128(mask_.ct_label);
    if (mask == "0" && !verbose_) return;
    begin("ct_label");
    out_ += hex128(key_.ct_label);
    if (std::ranges::any_of(mask_.ct_label, [](uint8_t b) { return b != 0xff; })) out_ += '/' + mask;
    end();
  }

  void tunnel() {
    const flow::TunnelKey &k = key_.tunnel, &m = mask_.tunnel;
    if (!k.ipv4_dst && !k.ipv4_src && k.ipv6_dst.is_zero() && k.ipv6_src.is_zero()) return;
    constexpr size_t kBase = offsetof(FlowKey, tunnel);
    const auto sub = [&](const char* name, size_t offset, SubFormat format) {
      return SubField{name, kBase + offset, format};
    };
    begin("tunnel");
    bool first = true;
    item(first, "tun_id", number<uint64_t>(k.id.host(), m.id.host(), ~uint64_t{0}, true));
    for (const SubField& f : {sub("src", offsetof(flow::TunnelKey, ipv4_src), SubFormat::kIpv4),
                              sub("dst", offsetof(flow::TunnelKey, ipv4_dst), SubFormat::kIpv4),
                              sub("ipv6_src", offsetof(flow::TunnelKey, ipv6_src), SubFormat::kIpv6),
                              sub("ipv6_dst", offsetof(flow::TunnelKey, ipv6_dst), SubFormat::kIpv6),
                              sub("tos", offsetof(flow::TunnelKey, tos), SubFormat::kHex8),
                              sub("ttl", offsetof(flow::TunnelKey, ttl), SubFormat::kDecimal8),
                              sub("tp_src", offsetof(flow::TunnelKey, tp_src), SubFormat::kDecimal16),
                              sub("tp_dst", offsetof(flow::TunnelKey, tp_dst), SubFormat::kDecimal16)}) {
      if (const Text t = text_of(f, key_, mask_); t.any) item(first, f.name, t);
    }
    tunnel_gbp(first);
    tunnel_flags(first);
    end();
  }

  void tunnel_gbp(bool& first) {
    const flow::TunnelKey &k = key_.tunnel, &m = mask_.tunnel;
    if (!m.gbp_id && !m.gbp_flags) return;
    if (!first) out_ += ',';
    out_ += "vxlan(gbp(";
    first = true;
    item(first, "id", number<uint16_t>(k.gbp_id.host(), m.gbp_id.host(), 0xffff, false));
    item(first, "flags", number<uint8_t>(k.gbp_flags, m.gbp_flags, 0xff, true));
    out_ += "))";
    first = false;
  }

  void tunnel_flags(bool first) {
    uint16_t all = 0;
    for (const auto& f : kTunnelFlagNames) all |= f.flag;
    const uint16_t mask = mask_.tunnel.flags & all;
    if (!mask) return;
    out_ += first ? "flags(" : ",flags(";
    bool separator = false;
    for (const auto& f : kTunnelFlagNames) {
      const bool set = key_.tunnel.flags & f.flag;
      if (mask == all && set) {
        if (separator) out_ += '|';
        out_ += f.name;
        separator = true;
      } else if (mask != all && mask & f.flag) {
        out_ += (set ? '+' : '-') + std::string(f.name);
      }
    }
    out_ += ')';
  }

  void port() {
    if (!mask_.in_port && !verbose_) return;
    if (options_.port_name && mask_.in_port == ~0u) {
      if (const auto name = options_.port_name(DpPort{key_.in_port})) {
        begin("in_port");
        out_ += *name;
        end();
        return;
      }
    }
    single("in_port", key_.in_port, mask_.in_port, false);
  }

  void packet_type() {
    if (!mask_.packet_type && !verbose_) return;
    const uint32_t value = key_.packet_type.host(), mask = mask_.packet_type.host();
    begin("packet_type");
    bool first = true;
    item(first, "ns", number<uint16_t>(value >> 16, mask >> 16, 0xffff, false), true);
    item(first, "id", number<uint16_t>(value & 0xffff, mask & 0xffff, 0xffff, true), true);
    end();
  }

  void eth_type(Be16 type, Be16 mask) {
    if (type.host() == flow::kEthTypeNone) {   // a frame without a type: what other than a type is matched
      if (mask || verbose_) begin("eth_type"), out_ += "0/0xffff", end();
      return;
    }
    if (!mask && !verbose_) return;
    begin("eth_type");
    out_ += fmt::format("0x{:04x}", type.host());
    if (mask.raw() != 0xffff) out_ += fmt::format("/0x{:04x}", mask.host());
    end();
  }

  void tags() {
    unsigned tags = 0;
    for (; tags < flow::kVlanTags && key_.vlans[tags].tpid; ++tags) tag(key_.vlans[tags].tpid, tags);
    const uint16_t type = key_.eth_type.host();
    // A TPID where a tag would have been read: the frame ended within the tag.
    if ((type == net::kEthTypeVlan || type == net::kEthTypeQinq) && tags < flow::vlan_limit()) return tag(key_.eth_type, tags);
    if (!tags || type != flow::kEthTypeNone) eth_type(key_.eth_type, mask_.eth_type);
    network();
  }

  void tag(Be16 tpid, unsigned i) {
    eth_type(tpid, Be16{0xffff});
    const uint16_t value = key_.vlans[i].tci.host(), mask = mask_.vlans[i].tci.host();
    begin("vlan");
    bool first = true;
    vlan_item(first, "vid", value & 0xfff, mask & 0xfff, 0xfff);
    vlan_item(first, "pcp", value >> 13, mask >> 13, 7);
    if (!(value & flow::kVlanPresent)) item(first, "cfi", {"0", {}, true, true});
    end();
    begin("encap");
    ++encaps_;
  }

  void vlan_item(bool& first, const char* name, unsigned value, unsigned mask, unsigned all) {
    item(first, name, {std::to_string(value), fmt::format("{:#x}", mask), mask || value, mask == all});
  }

  void network() {
    switch (key_.eth_type.host()) {
      case net::kEthTypeIpv4:
        list("ipv4", kIpv4Fields);
        return transport(false);
      case net::kEthTypeIpv6:
        list("ipv6", kIpv6Fields);
        return transport(true);
      case net::kEthTypeArp:
      case net::kEthTypeRarp: return list("arp", kArpFields);
      case net::kEthTypeMpls:
      case net::kEthTypeMplsMulticast: return mpls();
      case net::kEthTypeNsh: return nsh();
      default: return;
    }
  }

  void transport(bool ipv6) {
    if (key_.nw_frag & flow::kFragLater) return;
    switch (key_.nw_proto) {
      case net::kIpTcp:
        list("tcp", kPortFields);
        return tcp_flags();
      case net::kIpUdp: return list("udp", kPortFields);
      case net::kIpSctp: return list("sctp", kPortFields);
      case net::kIpIcmp: return ipv6 ? void() : list("icmp", kIcmpFields);
      case net::kIpIcmpv6: return ipv6 ? icmpv6() : void();
      default: return;
    }
  }

  void icmpv6() {
    list("icmpv6", kIcmpFields);
    const uint16_t type = key_.tp_src.host();
    if ((type == net::kNdSolicit || type == net::kNdAdvert) && !key_.tp_dst) list("nd", kNdFields);
  }

  void tcp_flags() {
    const uint16_t value = key_.tcp_flags.host(), mask = mask_.tcp_flags.host() & 0xfff;
    if (!mask && !(verbose_ && value)) return;
    begin("tcp_flags");
    if (!mask) {
      out_ += "0/0";
    } else if (mask == 0xfff) {
      exact_tcp_flags(value);
    } else {
      for (unsigned i = 0; i < 12; ++i)
        if (mask >> i & 1) out_ += (value >> i & 1 ? '+' : '-') + tcp_flag_name(i);
    }
    end();
  }

  static std::string tcp_flag_name(unsigned bit) {
    return bit < std::size(kTcpFlagNames) ? kTcpFlagNames[bit] : fmt::format("[{:x}]", 1u << bit);
  }

  void exact_tcp_flags(uint16_t value) {
    if (!(value & 0xfff)) out_ += '0';
    for (unsigned i = 0, printed = 0; i < 12; ++i)
      if (value >> i & 1) {
        if (printed++) out_ += '|';
        out_ += tcp_flag_name(i);
      }
  }

  void mpls() {
    const bool any = std::ranges::any_of(mask_.mpls, [](Be32 m) { return static_cast<bool>(m); });
    if (!any && !verbose_) return;
    begin("mpls");
    bool first = true;
    for (unsigned i = 0; i < flow::kMplsLabels; ++i) {
      const uint32_t value = key_.mpls[i].host(), mask = mask_.mpls[i].host();
      const bool exact = mask == ~0u;
      mpls_item(first, "label", value >> 12, mask >> 12, exact, true);
      mpls_item(first, "tc", value >> 9 & 7, mask >> 9 & 7, exact, false);
      mpls_item(first, "ttl", value & 0xff, mask & 0xff, exact, true);
      mpls_item(first, "bos", value >> 8 & 1, mask >> 8 & 1, exact, false);
      if (value & 0x100 || i + 1 == flow::kMplsLabels || !mask_.mpls[i + 1]) break;
    }
    end();
  }

  // An entry with any mask bit prints all its parts, so that the order alone tells the entries apart, and the masks of all
  // parts unless all are full.
  void mpls_item(bool& first, const char* name, uint32_t value, uint32_t mask, bool exact, bool prefix) {
    const std::string shown = prefix ? fmt::format("0x{:x}", mask) : fmt::format("{:x}", mask);
    item(first, name, {std::to_string(value), shown, true, exact}, true);
  }

  // What is not compared is left out in the verbose form too.
  void nsh_item(bool& first, std::string_view name, const Text& t) {
    if (t.any) item(first, name, t);
  }

  void nsh() {
    const uint8_t *k = key_.nsh, *m = mask_.nsh;
    begin("nsh");
    bool first = true;
    nsh_item(first, "flags", number<uint8_t>(k[0], m[0], 0xff, false));
    nsh_item(first, "ttl", number<uint8_t>(k[1], m[1], 0xff, false));
    nsh_item(first, "mdtype", number<uint8_t>(k[2], m[2], 0xff, false));
    nsh_item(first, "np", number<uint8_t>(k[3], m[3], 0xff, false));
    const uint32_t path = load<Be32>(key_, kNshOffset + 4).host(), path_mask = load<Be32>(mask_, kNshOffset + 4).host();
    nsh_item(first, "spi", number<uint32_t>(path >> 8, path_mask >> 8, 0xffffff, true));
    nsh_item(first, "si", number<uint32_t>(path & 0xff, path_mask & 0xff, 0xff, false));
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = kNshOffset + 8 + i * 4;
      const Text context = number<uint32_t>(load<Be32>(key_, at).host(), load<Be32>(mask_, at).host(), ~0u, true);
      // Only the first type of header has contexts; the others are written with zeros in their place.
      nsh_item(first, fmt::format("c{}", i + 1), k[2] == 1 ? context : Text{"0x0", {}, true, true});
    }
    end();
  }

  const FlowKey& key_;
  const FlowMask& mask_;
  bool verbose_;
  const KeyTextOptions& options_;
  std::string out_;
  size_t encaps_ = 0;
};

}  // namespace

std::string format_flow(const FlowKey& key, const FlowMask& mask, const KeyTextOptions& options) {
  return Writer(key, mask, options).all();
}

std::string format_key(const FlowKey& key, const KeyTextOptions& options) {
  FlowMask mask;
  std::memset(static_cast<void*>(&mask), 0xff, sizeof mask);
  // What an exact key would only fill with zeros:
  if (!key.skb_priority) mask.skb_priority = 0;
  if (!key.pkt_mark) mask.pkt_mark = 0;
  if (!key.dp_hash) mask.dp_hash = 0;
  if (!key.ct_state) mask.ct_state = 0;
  if (!key.ct_zone) mask.ct_zone = 0;
  if (!key.ct_mark) mask.ct_mark = 0;
  if (hex128(key.ct_label) == "0") std::memset(mask.ct_label, 0, sizeof mask.ct_label);
  mask.ct_nw_src = mask.ct_nw_dst = Be32{};
  mask.ct_ipv6_src = mask.ct_ipv6_dst = {};
  mask.ct_nw_proto = 0;
  mask.ct_tp_src = mask.ct_tp_dst = Be16{};
  KeyTextOptions exact = options;
  exact.verbose = false;
  return Writer(key, mask, exact).all();
}

std::string format_ufid(const Ufid& u) {
  return fmt::format("ufid:{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", u[0], u[1] >> 16, u[1] & 0xffff, u[2] >> 16,
                     u[2] & 0xffff, u[3]);
}

bool looks_like_flow(std::string_view text) { return text.find('(') != std::string_view::npos; }

}  // namespace turnout::datapath
