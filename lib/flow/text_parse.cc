// Reading matches: protocol words, the few fields with a syntax of their own, and the rest by the table of fields.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/strings.h"
#include "lib/flow/fields.h"
#include "lib/flow/flag_text.h"
#include "lib/flow/text.h"
#include "lib/net/headers.h"

namespace turnout::flow {

namespace {

struct Protocol { const char* name; uint16_t eth_type; int nw_proto; };
constexpr Protocol kProtocols[] = {
    {"ip", net::kEthTypeIpv4, -1},           {"ipv4", net::kEthTypeIpv4, -1},         {"ip4", net::kEthTypeIpv4, -1},
    {"icmp", net::kEthTypeIpv4, net::kIpIcmp}, {"tcp", net::kEthTypeIpv4, net::kIpTcp}, {"udp", net::kEthTypeIpv4, net::kIpUdp},
    {"sctp", net::kEthTypeIpv4, net::kIpSctp}, {"ipv6", net::kEthTypeIpv6, -1},         {"ip6", net::kEthTypeIpv6, -1},
    {"tcp6", net::kEthTypeIpv6, net::kIpTcp},  {"udp6", net::kEthTypeIpv6, net::kIpUdp}, {"sctp6", net::kEthTypeIpv6, net::kIpSctp},
    {"icmp6", net::kEthTypeIpv6, net::kIpIcmpv6}, {"arp", net::kEthTypeArp, -1},        {"rarp", net::kEthTypeRarp, -1},
    {"mpls", net::kEthTypeMpls, -1},         {"mplsm", net::kEthTypeMplsMulticast, -1}};

struct PortNumber { const char* name; OfPort port; };
constexpr PortNumber kPortNumbers[] = {{"IN_PORT", kOfPortInPort}, {"TABLE", kOfPortTable},     {"NORMAL", kOfPortNormal},
                                       {"FLOOD", kOfPortFlood},    {"ALL", kOfPortAll},         {"CONTROLLER", kOfPortController},
                                       {"LOCAL", kOfPortLocal},    {"NONE", kOfPortNone},       {"ANY", kOfPortNone}};

tl::unexpected<Error> bad(std::string_view name, std::string_view value, std::string_view why) {
  return fail(fmt::format("{}: {} for {}", value, why, name), EINVAL);
}

// Front ones of a CIDR mask over so many bytes.
bool prefix_mask(std::string_view text, size_t bytes, FieldValue& mask) {
  const auto bits = parse_unsigned(text);
  if (!bits || *bits > bytes * 8) return false;
  for (size_t i = 0; i < *bits; ++i) mask.bytes[i / 8] |= static_cast<uint8_t>(0x80 >> (i % 8));
  return true;
}

bool parse_big_hex(const Field& field, std::string_view text, FieldValue& out) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) {
    const auto v = parse_unsigned(text);
    if (!v || (field.bits < 64 && *v >> field.bits)) return false;
    out = FieldValue::from_u64(field, *v);
    return true;
  }
  std::string digits(text.substr(2));
  if (digits.empty() || digits.size() > field.bytes * 2u) return false;
  digits.insert(0, field.bytes * 2u - digits.size(), '0');
  const auto bytes = parse_hex(digits);
  if (!bytes || bytes->size() != field.bytes) return false;
  std::ranges::copy(*bytes, out.bytes.begin());
  return true;
}

bool parse_value(const Field& field, std::string_view text, FieldValue& out) {
  switch (field.format) {
    case FieldFormat::kEthernet: {
      const auto mac = net::Mac::parse(text);
      if (mac) std::ranges::copy(mac->bytes, out.bytes.begin());
      return mac.has_value();
    }
    case FieldFormat::kIpv4: {
      const auto address = net::parse_ipv4(text);
      if (address) out = FieldValue::from_u64(field, address->host());
      return address.has_value();
    }
    case FieldFormat::kIpv6: {
      const auto address = net::Ipv6::parse(text);
      if (address) std::ranges::copy(address->bytes, out.bytes.begin());
      return address.has_value();
    }
    default: break;
  }
  if (!parse_big_hex(field, text, out)) return false;
  const FieldValue all = FieldValue::all_ones(field);
  for (size_t i = 0; i < field.bytes; ++i)
    if (out.bytes[i] & ~all.bytes[i]) return false;   // out of range
  return true;
}

bool parse_mask(const Field& field, std::string_view text, FieldValue& out) {
  const bool address = field.format == FieldFormat::kIpv4 || field.format == FieldFormat::kIpv6;
  if (address && text.find_first_of(".:") == std::string_view::npos) return prefix_mask(text, field.bytes, out);
  return parse_value(field, text, out);
}

bool set_frag(Match& match, std::string_view text) {
  static constexpr struct { const char* name; uint8_t value, mask; } kForms[] = {
      {"no", 0, 3}, {"yes", kFragAny, kFragAny}, {"first", kFragAny, 3}, {"later", 3, 3}, {"not_later", 0, kFragLater}};
  for (const auto& f : kForms)
    if (equal_ignore_case(text, f.name)) {
      match.key.nw_frag = f.value;
      match.mask.nw_frag = f.mask == 3 ? 0xff : f.mask;
      return true;
    }
  const auto flags = parse_flags({}, text.empty() || text[0] < '0' || text[0] > '9' ? "" : text, 3);
  if (!flags || (flags->value | flags->mask) > 3) return false;
  match.key.nw_frag = static_cast<uint8_t>(flags->value & flags->mask);
  match.mask.nw_frag = static_cast<uint8_t>(flags->mask == 3 ? 0xff : flags->mask);
  return true;
}

void set_tci(Match& match, uint16_t value, uint16_t mask) {
  match.key.vlans[0].tci = (match.key.vlans[0].tci & ~Be16{mask}) | Be16{static_cast<uint16_t>(value & mask)};
  match.mask.vlans[0].tci |= Be16{mask};
}

bool set_dl_vlan(Match& match, std::string_view text) {
  const auto vid = parse_unsigned(text);
  if (!vid || (*vid > 0xfff && *vid != 0xffff)) return false;
  if (*vid == 0xffff) set_tci(match, 0, 0xffff);   // OpenFlow 1.0's "no tag"
  else set_tci(match, static_cast<uint16_t>(*vid | kVlanPresent), 0x1fff);
  return true;
}

bool set_vlan_pcp(Match& match, std::string_view text) {
  const auto pcp = parse_unsigned(text);
  if (!pcp || *pcp > 7) return false;
  set_tci(match, static_cast<uint16_t>(*pcp << 13 | kVlanPresent), 0xf000);
  return true;
}

bool set_flags(const Field& field, Match& match, std::string_view text) {
  std::span<const FlagName> names = kTunnelFlagNames;
  uint32_t all = kTunnelOam, shift = 3;
  if (field.format == FieldFormat::kTcpFlags) names = kTcpFlagNames, all = 0xfff, shift = 0;
  if (field.format == FieldFormat::kCtState) names = kCtStateNames, all = 0xff, shift = 0;
  const auto flags = parse_flags(names, text, all);
  if (!flags || (flags->value | flags->mask) & ~all) return false;
  set_field(match, field, FieldValue::from_u64(field, flags->value >> shift), FieldValue::from_u64(field, flags->mask >> shift));
  return true;
}

bool set_packet_type(Match& match, std::string_view text) {
  if (!text.starts_with("(") || !text.ends_with(")")) return false;
  const auto parts = split(text.substr(1, text.size() - 2), ',');
  if (parts.size() != 2) return false;
  const auto ns = parse_unsigned(trim(parts[0])), type = parse_unsigned(trim(parts[1]));
  if (!ns || !type || *ns > 0xffff || *type > 0xffff) return false;
  match.key.packet_type = Be32{static_cast<uint32_t>(*ns << 16 | *type)};
  match.mask.packet_type = Be32{~0u};
  return true;
}

bool set_tos(Match& match, std::string_view text, unsigned shift) {
  const auto v = parse_unsigned(text);
  if (!v || *v << shift > 0xff || (*v << shift & 3)) return false;
  match.key.nw_tos = static_cast<uint8_t>((match.key.nw_tos & 3) | *v << shift);
  match.mask.nw_tos |= 0xfc;
  return true;
}

// Fields whose syntax or place in the key is more than the table says; nullopt: not one of them.
std::optional<bool> set_special(const Field& field, std::string_view name, std::string_view value, Match& match,
                                const PortNumberOf& port_number) {
  switch (field.format) {
    case FieldFormat::kFrag: return set_frag(match, value);
    case FieldFormat::kTcpFlags:
    case FieldFormat::kCtState:
    case FieldFormat::kTunnelFlags: return set_flags(field, match, value);
    case FieldFormat::kPacketType: return set_packet_type(match, value);
    case FieldFormat::kPort16:
    case FieldFormat::kPort32: {
      const auto port = parse_of_port(value, port_number);
      if (port) set_field(match, field, FieldValue::from_u64(field, port->value));
      return port.has_value();
    }
    default: break;
  }
  if (equal_ignore_case(name, "dl_vlan")) return set_dl_vlan(match, value);
  if (equal_ignore_case(name, "dl_vlan_pcp") || equal_ignore_case(name, "vlan_pcp")) return set_vlan_pcp(match, value);
  if (equal_ignore_case(name, "nw_tos")) return set_tos(match, value, 0);
  if (equal_ignore_case(name, "ip_dscp")) return set_tos(match, value, 2);
  return std::nullopt;
}

Result<bool> set_by_table(const Field& field, std::string_view name, std::string_view text, Match& match) {
  if (field.storage == Storage::kTunnelOption) return bad(name, text, "no TLV mapping");
  const size_t slash = text.find('/');
  FieldValue value, mask = FieldValue::all_ones(field);
  if (!parse_value(field, text.substr(0, slash), value)) return bad(name, text.substr(0, slash), "invalid value");
  if (slash != std::string_view::npos) {
    mask = {};
    if (field.masking == Masking::kNone) return bad(name, text, "this field may not be masked");
    if (!parse_mask(field, text.substr(slash + 1), mask)) return bad(name, text.substr(slash + 1), "invalid mask");
  }
  set_field(match, field, value, mask);
  // The upper bits of these are always zero in a key; a full mask of the field compares the whole member.
  if (field.bits == 20 && field.offset == offsetof(FlowKey, ipv6_label) && match.mask.ipv6_label.host() == 0xfffff)
    match.mask.ipv6_label = Be32{~0u};
  return true;
}

bool set_protocol(std::string_view word, Match& match) {
  if (equal_ignore_case(word, "eth")) {
    match.key.packet_type = Be32{};
    match.mask.packet_type = Be32{~0u};
    return true;
  }
  for (const Protocol& p : kProtocols) {
    if (!equal_ignore_case(word, p.name)) continue;
    match.key.eth_type = Be16{p.eth_type};
    match.mask.eth_type = Be16{0xffff};
    if (p.nw_proto >= 0) {
      match.key.nw_proto = static_cast<uint8_t>(p.nw_proto);
      match.mask.nw_proto = 0xff;
    }
    return true;
  }
  return false;
}

}  // namespace

std::optional<OfPort> parse_of_port(std::string_view text, const PortNumberOf& port_number) {
  if (const auto v = parse_unsigned(text)) {
    // OpenFlow 1.1's 32-bit reserved numbers stand for the 16-bit ones.
    if (*v >= 0xffffff00 && *v <= 0xffffffff) return OfPort{static_cast<uint16_t>(*v)};
    return *v <= 0xffff ? std::optional(OfPort{static_cast<uint16_t>(*v)}) : std::nullopt;
  }
  for (const PortNumber& p : kPortNumbers)
    if (equal_ignore_case(text, p.name)) return p.port;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return port_number ? port_number(text) : std::nullopt;
}

Result<bool> parse_match_word(std::string_view word, Match& match, const PortNumberOf& port_number) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) return set_protocol(word, match);
  const std::string_view name = trim(word.substr(0, equals)), value = trim(word.substr(equals + 1));
  const Field* field = find_field(name);
  if (!field) return false;
  if (const auto special = set_special(*field, name, value, match, port_number)) {
    if (!*special) return bad(name, value, "invalid value");
    return true;
  }
  return set_by_table(*field, name, value, match);
}

Result<Match> parse_match(std::string_view text, const PortNumberOf& port_number) {
  Match match;
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    const bool separator = i == text.size() || (depth <= 0 && (text[i] == ',' || text[i] == ' ' || text[i] == '\t' || text[i] == '\n'));
    if (!separator) continue;
    const std::string_view word = text.substr(start, i - start);
    start = i + 1;
    if (word.empty()) continue;
    const auto known = parse_match_word(word, match, port_number);
    if (!known) return fail(known);
    if (!*known) return fail(fmt::format("{}: unknown field", word.substr(0, word.find('='))), EINVAL);
  }
  match.normalize();
  return match;
}

}  // namespace turnout::flow
