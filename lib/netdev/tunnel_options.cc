// Interface.options of a tunnel, read and checked.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/base/strings.h"
#include "lib/netdev/tunnel.h"

namespace turnout::netdev {
namespace {

using Family = TunnelKind::Family;
using Form = TunnelAddress::Form;

constexpr TunnelKind kKinds[] = {
    {"bareudp", "", "", 6635, 0, Family::kAny, true},
    {"erspan", "erspan", "erspan_sys", 0, 10, Family::kIpv4, false},
    {"geneve", "geneve", "genev_sys_", 6081, 24, Family::kAny, false},
    {"gre", "gretap", "gre_sys", 0, 32, Family::kIpv4, false},
    {"gtpu", "", "", 2152, 32, Family::kAny, true},
    {"ip6erspan", "ip6erspan", "ip6erspan_sys", 0, 10, Family::kIpv6, false},
    {"ip6gre", "ip6gretap", "ip6gre_sys", 0, 32, Family::kIpv6, false},
    {"lisp", "", "", 4341, 24, Family::kIpv4, true},
    {"stt", "", "", 7471, 64, Family::kIpv4, false},
    {"vxlan", "vxlan", "vxlan_sys_", 4789, 24, Family::kAny, false},
};

constexpr unsigned kErspanIndexBits = 20, kErspanHardwareBits = 6;

bool is_erspan(const TunnelKind& kind) { return kind.type.ends_with("erspan"); }
bool is_gre(const TunnelKind& kind) { return kind.type == "gre" || kind.type == "ip6gre"; }

std::optional<TunnelAddress> parse_address(const std::string& text) {
  if (text == "flow") return TunnelAddress{Form::kFlow, {}, {}};
  if (const auto four = net::parse_ipv4(text)) return TunnelAddress{Form::kIpv4, *four, {}};
  if (const auto six = net::Ipv6::parse(text)) return TunnelAddress{Form::kIpv6, {}, *six};
  return std::nullopt;
}

bool is_multicast(const TunnelAddress& a) {
  return a.form == Form::kIpv4 ? (a.ipv4.host() >> 28) == 0xe : a.form == Form::kIpv6 && a.ipv6.bytes[0] == 0xff;
}
bool is_unspecified(const TunnelAddress& a) {
  return a.form == Form::kIpv4 ? !a.ipv4 : a.form == Form::kIpv6 && a.ipv6.is_zero();
}

// Reads the options of one interface. Each reader returns what is wrong, in the words of Interface.error behind the name.
class Reader {
 public:
  using Options = std::map<std::string, std::string>;
  using Complaint = std::optional<std::string>;

  Reader(const std::string& name, const TunnelKind& kind, const Options& options, ParsedTunnel& out)
      : name_(name), kind_(kind), options_(options), out_(out), config_(out.config) {}

  Complaint run() {
    config_.kind = &kind_;
    config_.udp_port = kind_.default_port;
    for (auto read : {&Reader::warn_of_unknown, &Reader::addresses, &Reader::keys, &Reader::udp_port, &Reader::header,
                      &Reader::extensions, &Reader::packet_type, &Reader::erspan})
      if (Complaint c = (this->*read)()) return c;
    return {};
  }

 private:
  const std::string* find(const char* name) const {
    const auto at = options_.find(name);
    return at == options_.end() ? nullptr : &at->second;
  }
  std::string type() const { return std::string(kind_.type); }
  void warn(const std::string& text) { out_.warnings.push_back(name_ + ": " + text); }

  bool is_known(std::string_view option) const {
    static constexpr std::string_view kEverywhere[] = {"remote_ip", "local_ip",        "tos", "ttl",         "df_default",  "egress_pkt_mark",
                                                       "csum",      "packet_type",     "psk", "remote_cert", "remote_name"};
    static constexpr std::string_view kErspan[] = {"erspan_ver", "erspan_idx", "erspan_dir", "erspan_hwid"};
    if (std::ranges::find(kEverywhere, option) != std::end(kEverywhere)) return true;
    if (option == "key" || option == "in_key" || option == "out_key") return kind_.key_bits > 0;
    if (option == "dst_port") return kind_.default_port > 0;
    if (option == "exts") return kind_.type == "vxlan";
    if (option == "seq") return is_gre(kind_);
    if (option == "payload_type") return kind_.type == "bareudp";
    return is_erspan(kind_) && std::ranges::find(kErspan, option) != std::end(kErspan);
  }
  Complaint warn_of_unknown() {
    for (const auto& [name, value] : options_)
      if (!is_known(name)) warn(fmt::format("unknown {} argument '{}'", kind_.type, name));
    return {};
  }

  Complaint addresses() {
    const std::string needed = fmt::format("{} type requires valid 'remote_ip' argument", kind_.type);
    const std::string* remote = find("remote_ip");
    if (!remote) return needed;
    const auto there = parse_address(*remote);
    if (!there) return fmt::format("bad {} 'remote_ip'\n{}: {}", kind_.type, name_, needed);
    if (is_unspecified(*there)) return needed;
    if (is_multicast(*there)) return fmt::format("multicast remote_ip={} not allowed", *remote);
    config_.remote = *there;
    if (const std::string* local = find("local_ip")) {
      const auto here = parse_address(*local);
      if (!here) return fmt::format("bad {} 'local_ip'", kind_.type);
      config_.local = *here;
    }
    return check_families();
  }
  Complaint check_families() const {
    const TunnelAddress &remote = config_.remote, &local = config_.local;
    if (local.form == Form::kFlow && remote.form != Form::kFlow)
      return fmt::format("{} type requires 'remote_ip=flow' with 'local_ip=flow'", kind_.type);
    if (local.is_fixed() && remote.is_fixed() && local.form != remote.form)
      return "'remote_ip' and 'local_ip' has to be of the same address family";
    const Form fitting = kind_.family == Family::kIpv4 ? Form::kIpv4 : Form::kIpv6;
    for (const TunnelAddress* a : {&remote, &local})
      if (kind_.family != Family::kAny && a->is_fixed() && a->form != fitting)
        return fmt::format("{} needs {} addresses", kind_.type, fitting == Form::kIpv4 ? "IPv4" : "IPv6");
    return {};
  }

  Complaint keys() {
    if (!kind_.key_bits) return {};
    if (Complaint c = key("in_key", config_.in_key)) return c;
    return key("out_key", config_.out_key);
  }
  Complaint key(const char* name, TunnelNumber& to) {
    const std::string* text = find(name);
    if (!text) text = find("key");
    return text ? number(name, *text, kind_.key_bits, to) : Complaint{};
  }
  Complaint number(const char* name, const std::string& text, unsigned bits, TunnelNumber& to) {
    to.given = true;
    to.flow = text == "flow";
    if (to.flow) return {};
    const auto value = parse_unsigned(text);
    if (!value) return fmt::format("bad {} '{}'", kind_.type, name);
    if (bits < 64 && *value >> bits) return fmt::format("{} {} does not fit into the {} bits of {}", name, text, bits, kind_.type);
    to.value = *value;
    return {};
  }

  Complaint udp_port() {
    const std::string* text = find("dst_port");
    if (!text || !kind_.default_port) return {};
    const auto port = parse_unsigned(*text);
    if (!port || *port < 1 || *port > 65535) return fmt::format("bad {} 'dst_port'", kind_.type);
    config_.udp_port = static_cast<uint16_t>(*port);
    return {};
  }

  Complaint header() {
    if (const std::string* text = find("tos")) tos(*text);
    if (const std::string* text = find("ttl")) ttl(*text);
    if (const std::string* text = find("df_default")) config_.dont_fragment = *text != "false";
    if (const std::string* text = find("csum")) config_.csum = *text == "true";
    if (const std::string* text = find("seq"); text && is_gre(kind_)) config_.sequence = *text == "true";
    if (const std::string* text = find("egress_pkt_mark")) {
      const auto mark = parse_unsigned(*text);
      if (!mark || *mark > UINT32_MAX) return fmt::format("bad {} 'egress_pkt_mark'", kind_.type);
      config_.egress_mark = static_cast<uint32_t>(*mark);
    }
    return {};
  }
  void tos(const std::string& text) {
    config_.tos_inherit = text == "inherit";
    if (config_.tos_inherit) return;
    const auto value = parse_unsigned(text);
    if (value && *value <= 0xff && !(*value & 3)) config_.tos = static_cast<uint8_t>(*value);
    else warn("invalid TOS " + text);
  }
  void ttl(const std::string& text) {
    config_.ttl_inherit = text == "inherit";
    if (config_.ttl_inherit) return;
    const auto value = parse_unsigned(text);
    if (value && *value <= 0xff) config_.ttl = *value == TunnelConfig::kDefaultTtl ? 0 : static_cast<uint8_t>(*value);
    else warn("invalid TTL " + text);
  }

  Complaint extensions() {
    const std::string* text = find("exts");
    if (!text || kind_.type != "vxlan") return {};
    for (std::string_view name : split_any(*text, ",")) {
      if (name == "gbp") config_.gbp = true;
      else if (name == "gpe") config_.gpe = true;
      else warn(fmt::format("unknown extension '{}'", name));
    }
    return {};
  }

  Complaint packet_type() {
    config_.packets = kind_.layer3 ? TunnelPackets::kLegacyL3 : TunnelPackets::kLegacyL2;
    const std::string* text = find("packet_type");
    if (!text) return {};
    const std::string what = kind_.type == "vxlan" ? "VXLAN (without GPE)" : type();
    if (*text == "legacy_l2") {
      if (kind_.layer3) return fmt::format("legacy_l2 configured on {} tunnel that cannot carry L2 traffic", what);
      config_.packets = TunnelPackets::kLegacyL2;
    } else if (*text == "legacy_l3") {
      if (!kind_.layer3 && kind_.type != "gre" && !config_.gpe)
        return fmt::format("legacy_l3 configured on {} tunnel that cannot carry L3 traffic", what);
      config_.packets = TunnelPackets::kLegacyL3;
    } else if (*text == "ptap") {
      config_.packets = TunnelPackets::kAnyType;
    } else {
      return fmt::format("unknown packet_type '{}'", *text);
    }
    return {};
  }

  Complaint erspan() {
    if (!is_erspan(kind_)) return {};
    const std::string* version = find("erspan_ver");
    if (!version) return {};
    config_.erspan_version = {true, *version == "flow", *version == "1" ? 1u : *version == "2" ? 2u : 0u};
    if (config_.erspan_version.flow) {
      config_.erspan_index = config_.erspan_direction = config_.erspan_hardware = config_.erspan_version;
      return {};
    }
    if (config_.erspan_version.value == 1)
      return erspan_number("erspan_idx", "index", 1ull << kErspanIndexBits, config_.erspan_index);
    if (config_.erspan_version.value != 2) return "invalid erspan version: " + *version;
    if (Complaint c = erspan_number("erspan_dir", "direction", 2, config_.erspan_direction)) return c;
    return erspan_number("erspan_hwid", "hardware ID", 1ull << kErspanHardwareBits, config_.erspan_hardware);
  }
  // Hexadecimal, as documents write them. Not given: 0.
  Complaint erspan_number(const char* name, const char* called, uint64_t end, TunnelNumber& to) {
    to.given = true;
    const std::string* text = find(name);
    if (!text) return {};
    to.flow = *text == "flow";
    if (to.flow) return {};
    const auto value = parse_unsigned(text->starts_with("0x") ? *text : "0x" + *text);
    if (!value || *value >= end) return fmt::format("invalid erspan {}: {}", called, *text);
    to.value = *value;
    return {};
  }

  const std::string& name_;
  const TunnelKind& kind_;
  const Options& options_;
  ParsedTunnel& out_;
  TunnelConfig& config_;
};

bool same_key(const TunnelNumber& a, const TunnelNumber& b) {
  return a.flow == b.flow && (a.flow || a.value == b.value);
}

}  // namespace

std::span<const TunnelKind> tunnel_kinds() { return kKinds; }

const TunnelKind* find_tunnel_kind(std::string_view type) {
  const auto* at = std::ranges::find(kKinds, type, &TunnelKind::type);
  return at == std::end(kKinds) ? nullptr : at;
}

Result<ParsedTunnel> parse_tunnel(const std::string& name, std::string_view type,
                                  const std::map<std::string, std::string>& options) {
  const TunnelKind* kind = find_tunnel_kind(type);
  if (!kind) return fail(fmt::format("{}: {} is no type of tunnel", name, type), EAFNOSUPPORT);
  ParsedTunnel parsed;
  if (const auto complaint = Reader(name, *kind, options, parsed).run()) return fail(name + ": " + *complaint, EINVAL);
  return parsed;
}

bool TunnelConfig::wants_checksum() const {
  const bool six = remote.form == Form::kIpv6 || (!remote.is_fixed() && local.form == Form::kIpv6);
  return csum.value_or(six && udp_port != 0);
}

std::string TunnelConfig::device_name() const {
  return udp_port ? fmt::format("{}{}", kind->device, udp_port) : std::string(kind->device);
}

bool same_packets(const TunnelConfig& a, const TunnelConfig& b) {
  return a.kind == b.kind && a.udp_port == b.udp_port && same_key(a.in_key, b.in_key) && a.remote == b.remote &&
         a.local == b.local && a.packets == b.packets;
}

bool same_device_settings(const TunnelConfig& a, const TunnelConfig& b) {
  return a.kind != b.kind || a.udp_port != b.udp_port || (a.gbp == b.gbp && a.gpe == b.gpe);
}

}  // namespace turnout::netdev
