// Reading keys and masks of datapath flows.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/strings.h"
#include "lib/datapath/key_text.h"
#include "lib/datapath/key_text_fields.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using flow::FlowKey;
using flow::Match;

constexpr unsigned kMaxNesting = flow::kVlanTags + 1;

// NAME(BODY) at the start of a text.
struct Attribute { std::string_view name, body; };

std::optional<Attribute> take_attribute(std::string_view& text) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  size_t depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) {
      const Attribute a{text.substr(0, open), text.substr(open + 1, i - open - 1)};
      text.remove_prefix(i + 1);
      return a;
    }
  }
  return std::nullopt;
}

void skip_separators(std::string_view& text) {
  while (!text.empty() && (text[0] == ',' || text[0] == ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r'))
    text.remove_prefix(1);
}

// A number and its mask (all ones up to `all` when there is none).
struct Masked { uint64_t value, mask; };

std::optional<Masked> parse_masked(std::string_view text, uint64_t all) {
  const size_t slash = text.find('/');
  const auto value = parse_unsigned(text.substr(0, slash));
  if (!value || *value > all) return std::nullopt;
  if (slash == std::string_view::npos) return Masked{*value, all};
  const auto mask = parse_unsigned(text.substr(slash + 1));
  if (!mask) return std::nullopt;
  return Masked{*value, *mask & all};
}

template <typename T>
void store(FlowKey& key, size_t offset, const T& value) {
  std::memcpy(reinterpret_cast<uint8_t*>(&key) + offset, &value, sizeof value);
}

template <typename T>
void store(Match& match, size_t offset, const T& value, const T& mask) {
  store(match.key, offset, value);
  store(match.mask, offset, mask);
}

template <typename Address, typename Parse>
bool parse_address(Match& match, size_t offset, std::string_view text, Parse&& parse) {
  const size_t slash = text.find('/');
  const auto value = parse(text.substr(0, slash));
  Address all;
  std::memset(static_cast<void*>(&all), 0xff, sizeof all);
  std::optional<Address> mask = all;
  if (slash != std::string_view::npos) mask = parse(text.substr(slash + 1));
  if (!value || !mask) return false;
  store<Address>(match, offset, *value, *mask);
  return true;
}

bool parse_frag(Match& match, size_t offset, std::string_view text) {
  uint8_t frag = 0;
  if (text == "first") frag = flow::kFragAny;
  else if (text == "later") frag = flow::kFragAny | flow::kFragLater;
  else if (text != "no") return false;
  store<uint8_t>(match, offset, frag, 0xff);
  return true;
}

bool parse_sub(Match& match, const SubField& field, std::string_view text) {
  const size_t at = field.offset;
  switch (field.format) {
    case SubFormat::kMac: return parse_address<net::Mac>(match, at, text, net::Mac::parse);
    case SubFormat::kIpv4: return parse_address<Be32>(match, at, text, net::parse_ipv4);
    case SubFormat::kIpv6: return parse_address<net::Ipv6>(match, at, text, net::Ipv6::parse);
    case SubFormat::kFrag: return parse_frag(match, at, text);
    case SubFormat::kDecimal8:
    case SubFormat::kHex8:
      if (const auto m = parse_masked(text, 0xff))
        return store<uint8_t>(match, at, static_cast<uint8_t>(m->value), static_cast<uint8_t>(m->mask)), true;
      return false;
    case SubFormat::kDecimal16:
      if (const auto m = parse_masked(text, 0xffff))
        return store(match, at, Be16{static_cast<uint16_t>(m->value)}, Be16{static_cast<uint16_t>(m->mask)}), true;
      return false;
    case SubFormat::kTransport8:
      if (const auto m = parse_masked(text, 0xff))
        return store(match, at, Be16{static_cast<uint16_t>(m->value)},
                     Be16{static_cast<uint16_t>(m->mask == 0xff ? 0xffff : m->mask)}), true;
      return false;
    case SubFormat::kLabel:
      if (const auto m = parse_masked(text, 0xfffff))
        return store(match, at, Be32{static_cast<uint32_t>(m->value)},
                     Be32{m->mask == 0xfffff ? ~0u : static_cast<uint32_t>(m->mask)}), true;
      return false;
  }
  return false;
}

// Calls item(name, value) for each NAME=VALUE of a comma-separated list; false as soon as one is malformed.
template <typename Item>
bool each_item(std::string_view body, Item&& item) {
  while (!body.empty()) {
    size_t end = 0;
    for (int depth = 0; end < body.size() && (depth || body[end] != ','); ++end) {
      if (body[end] == '(') ++depth;
      if (body[end] == ')') --depth;
    }
    const std::string_view part = trim(body.substr(0, end));
    const size_t equals = part.find_first_of("=(");
    if (equals == std::string_view::npos) return false;
    const std::string_view value = part[equals] == '=' ? part.substr(equals + 1) : part.substr(equals);
    if (!item(part.substr(0, equals), value)) return false;
    body.remove_prefix(std::min(body.size(), end + 1));
  }
  return true;
}

bool parse_list(Match& match, std::string_view body, std::span<const SubField> fields) {
  return each_item(body, [&](std::string_view name, std::string_view value) {
    const auto field = std::ranges::find_if(fields, [&](const SubField& f) { return name == f.name; });
    return field != fields.end() && parse_sub(match, *field, value);
  });
}

// `+syn-ack`, `syn|ack`, or a number with an optional mask. known(name) gives a flag's bit, 0 if there is none.
template <typename Known>
std::optional<Masked> parse_flags(std::string_view text, uint64_t all, Known&& known) {
  if (text.empty()) return std::nullopt;
  if (text[0] >= '0' && text[0] <= '9') return parse_masked(text, all);
  Masked result{0, 0};
  if (text[0] != '+' && text[0] != '-') {
    for (std::string_view name : split(text, '|')) {
      const uint64_t bit = known(name);
      if (!bit) return std::nullopt;
      result.value |= bit;
    }
    return Masked{result.value, all};
  }
  while (!text.empty()) {
    const bool set = text[0] == '+';
    if (!set && text[0] != '-') return std::nullopt;
    const size_t end = text.find_first_of("+-", 1);
    const uint64_t bit = known(text.substr(1, end == std::string_view::npos ? end : end - 1));
    if (!bit) return std::nullopt;
    result.mask |= bit;
    if (set) result.value |= bit;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
  return result;
}

uint64_t tcp_flag(std::string_view name) {
  for (size_t i = 0; i < std::size(kTcpFlagNames); ++i)
    if (name == kTcpFlagNames[i]) return uint64_t{1} << i;
  for (unsigned i = 9; i < 12; ++i)
    if (name == fmt::format("[{:x}]", 1u << i)) return uint64_t{1} << i;
  return 0;
}

uint64_t ct_state_flag(std::string_view name) {
  for (size_t i = 0; i < std::size(kCtStateNames); ++i)
    if (name == kCtStateNames[i]) return uint64_t{1} << i;
  return 0;
}

uint64_t tunnel_flag(std::string_view name) {
  for (const auto& f : kTunnelFlagNames)
    if (name == f.name) return f.flag;
  return 0;
}

// Hexadecimal (with 0x) or decimal, up to 128 bits.
bool parse_u128(std::string_view text, uint8_t (&out)[16]) {
  std::memset(out, 0, sizeof out);
  if (text.starts_with("0x") || text.starts_with("0X")) {
    std::string digits(text.substr(2));
    if (digits.empty() || digits.size() > 32) return false;
    digits.insert(0, 32 - digits.size(), '0');
    const auto bytes = parse_hex(digits);
    if (!bytes || bytes->size() != 16) return false;
    std::copy(bytes->begin(), bytes->end(), out);
    return true;
  }
  const auto value = parse_unsigned(text);
  if (!value) return false;
  for (size_t i = 0; i < 8; ++i) out[15 - i] = static_cast<uint8_t>(*value >> (i * 8));
  return true;
}

class Parser {
 public:
  explicit Parser(const std::function<std::optional<DpPort>(std::string_view)>& port_number) : port_number_(port_number) {}

  Result<Match> run(std::string_view text) {
    skip_ufid(text);
    if (auto status = attributes(text, 0); !status) return fail(status);
    cut_partial_tag();
    Match& m = match_;
    if (!saw_eth_ && !saw_packet_type_ && saw_eth_type_) {
      const Be16 type = m.key.vlans[0].tpid ? m.key.vlans[0].tpid : m.key.eth_type;
      m.key.packet_type = Be32{1u << 16 | type.host()};   // no Ethernet header
    }
    return match_;
  }

 private:
  // vlan(…,cfi=0) with nothing in its encap(): the frame ended within the tag, and the TPID is its type.
  void cut_partial_tag() {
    if (!tags_) return;
    flow::VlanTag &key = match_.key.vlans[tags_ - 1], &mask = match_.mask.vlans[tags_ - 1];
    if (key.tci & Be16{flow::kVlanPresent} || match_.mask.eth_type) return;
    match_.key.eth_type = std::exchange(key.tpid, Be16{});
    match_.mask.eth_type = mask.tpid;
  }

  static void skip_ufid(std::string_view& text) {
    skip_separators(text);
    if (!text.starts_with("ufid:")) return;
    text.remove_prefix(std::min(text.size(), text.find_first_of(", \t\n")));
  }

  Status attributes(std::string_view text, unsigned depth) {
    for (skip_separators(text); !text.empty(); skip_separators(text)) {
      const std::string_view rest = text;
      const auto attribute = take_attribute(text);
      if (!attribute) return fail(fmt::format("syntax error at {}", rest), EINVAL);
      if (attribute->name == "encap") {
        if (depth + 1 > kMaxNesting) return fail(fmt::format("syntax error at {}", rest), EINVAL);
        if (auto status = attributes(attribute->body, depth + 1); !status) return status;
      } else if (!parse(attribute->name, attribute->body)) {
        return fail(fmt::format("syntax error at {}", rest), EINVAL);
      }
    }
    return {};
  }

  bool parse(std::string_view name, std::string_view body) {
    Match& m = match_;
    if (name == "eth") return saw_eth_ = true, parse_list(m, body, kEthFields);
    if (name == "eth_type") return eth_type(body);
    if (name == "vlan") return vlan(body);
    if (name == "in_port") return in_port(body);
    if (name == "ipv4") return parse_list(m, body, kIpv4Fields);
    if (name == "ipv6") return parse_list(m, body, kIpv6Fields);
    if (name == "tcp" || name == "udp" || name == "sctp") return parse_list(m, body, kPortFields);
    if (name == "tcp_flags") return tcp_flags(body);
    if (name == "icmp" || name == "icmpv6") return parse_list(m, body, kIcmpFields);
    if (name == "nd") return parse_list(m, body, kNdFields);
    if (name == "arp") return parse_list(m, body, kArpFields);
    if (name == "mpls") return mpls(body);
    if (name == "nsh") return nsh(body);
    return metadata(name, body);
  }

  bool metadata(std::string_view name, std::string_view body) {
    Match& m = match_;
    if (name == "recirc_id") return number(body, m.key.recirc_id, m.mask.recirc_id);
    if (name == "dp_hash") return number(body, m.key.dp_hash, m.mask.dp_hash);
    if (name == "skb_priority") return number(body, m.key.skb_priority, m.mask.skb_priority);
    if (name == "skb_mark") return number(body, m.key.pkt_mark, m.mask.pkt_mark);
    if (name == "packet_type") return packet_type(body);
    if (name == "ct_state") return ct_state(body);
    if (name == "ct_zone") return number(body, m.key.ct_zone, m.mask.ct_zone);
    if (name == "ct_mark") return number(body, m.key.ct_mark, m.mask.ct_mark);
    if (name == "ct_label") return ct_label(body);
    if (name == "ct_tuple4") return parse_list(m, body, kCtTuple4Fields);
    if (name == "ct_tuple6") return parse_list(m, body, kCtTuple6Fields);
    if (name == "tunnel") return tunnel(body);
    return false;
  }

  template <typename T>
  static bool number(std::string_view body, T& value, T& mask) {
    const auto m = parse_masked(body, static_cast<T>(~T{0}));
    if (!m) return false;
    value = static_cast<T>(m->value);
    mask = static_cast<T>(m->mask);
    return true;
  }

  bool in_port(std::string_view body) {
    if (number(body, match_.key.in_port, match_.mask.in_port)) return true;
    const auto port = port_number_ ? port_number_(body) : std::nullopt;
    if (!port) return false;
    match_.key.in_port = port->value;
    match_.mask.in_port = ~0u;
    return true;
  }

  bool eth_type(std::string_view body) {
    const auto m = parse_masked(body, 0xffff);
    if (!m) return false;
    saw_eth_type_ = true;
    // A type of zero stands for a frame that has none.
    match_.key.eth_type = Be16{static_cast<uint16_t>(m->value ? m->value : flow::kEthTypeNone)};
    match_.mask.eth_type = Be16{static_cast<uint16_t>(m->mask)};
    return true;
  }

  // The eth_type in front of a tag was its TPID.
  bool vlan(std::string_view body) {
    if (tags_ == flow::kVlanTags) return false;
    unsigned value = flow::kVlanPresent, mask = flow::kVlanPresent;
    const auto item = [&](std::string_view name, std::string_view text) {
      const bool vid = name == "vid", pcp = name == "pcp";
      if (!vid && !pcp && name != "cfi") return false;
      const unsigned all = vid ? 0xfff : pcp ? 7 : 1, shift = vid ? 0 : pcp ? 13 : 12;
      const auto m = parse_masked(text, all);
      if (!m) return false;
      value = (value & ~(all << shift)) | static_cast<unsigned>(m->value) << shift;
      mask = (mask & ~(all << shift)) | static_cast<unsigned>(m->mask) << shift;
      return true;
    };
    if (!each_item(body, item)) return false;
    Match& m = match_;
    m.key.vlans[tags_] = {m.key.eth_type, Be16{static_cast<uint16_t>(value)}};
    m.mask.vlans[tags_] = {m.mask.eth_type, Be16{static_cast<uint16_t>(mask)}};
    m.key.eth_type = m.mask.eth_type = Be16{};
    ++tags_;
    return true;
  }

  bool packet_type(std::string_view body) {
    saw_packet_type_ = true;
    uint32_t value = 0, mask = 0;
    const auto item = [&](std::string_view name, std::string_view text) {
      if (name != "ns" && name != "id") return false;
      const auto m = parse_masked(text, 0xffff);
      if (!m) return false;
      const unsigned shift = name == "ns" ? 16 : 0;
      value |= static_cast<uint32_t>(m->value) << shift;
      mask |= static_cast<uint32_t>(m->mask) << shift;
      return true;
    };
    if (!each_item(body, item)) return false;
    match_.key.packet_type = Be32{value};
    match_.mask.packet_type = Be32{mask};
    return true;
  }

  bool ct_state(std::string_view body) {
    const auto m = parse_flags(body, 0xff, ct_state_flag);
    if (!m) return false;
    match_.key.ct_state = static_cast<uint8_t>(m->value);
    match_.mask.ct_state = static_cast<uint8_t>(m->mask);
    return true;
  }

  bool ct_label(std::string_view body) {
    const size_t slash = body.find('/');
    if (!parse_u128(body.substr(0, slash), match_.key.ct_label)) return false;
    if (slash != std::string_view::npos) return parse_u128(body.substr(slash + 1), match_.mask.ct_label);
    std::memset(match_.mask.ct_label, 0xff, sizeof match_.mask.ct_label);
    return true;
  }

  bool tcp_flags(std::string_view body) {
    const auto m = parse_flags(body, 0xfff, tcp_flag);
    if (!m) return false;
    match_.key.tcp_flags = Be16{static_cast<uint16_t>(m->value)};
    match_.mask.tcp_flags = Be16{static_cast<uint16_t>(m->mask == 0xfff ? 0xffff : m->mask)};
    return true;
  }

  bool mpls(std::string_view body) {
    static constexpr struct { const char* name; uint32_t all, shift; } kParts[] = {
        {"label", 0xfffff, 12}, {"tc", 7, 9}, {"ttl", 0xff, 0}, {"bos", 1, 8}};
    size_t part = 0;   // the parts of an entry come in this order; a label after them begins the next entry
    const auto item = [&](std::string_view name, std::string_view text) {
      const size_t entry = part / 4;
      const auto& p = kParts[part++ % 4];
      if (entry == flow::kMplsLabels || name != p.name) return false;
      const auto m = parse_masked(text, p.all);
      if (!m) return false;
      match_.key.mpls[entry] |= Be32{static_cast<uint32_t>(m->value) << p.shift};
      match_.mask.mpls[entry] |= Be32{static_cast<uint32_t>(m->mask) << p.shift};
      return true;
    };
    return each_item(body, item) && part && part % 4 == 0;
  }

  bool nsh(std::string_view body) {
    static constexpr const char* kBytes[] = {"flags", "ttl", "mdtype", "np"};
    uint32_t path = 0, path_mask = 0;
    const auto item = [&](std::string_view name, std::string_view text) {
      for (size_t i = 0; i < 4; ++i)
        if (name == kBytes[i]) return number(text, match_.key.nsh[i], match_.mask.nsh[i]);
      if (name == "spi" || name == "si") {
        const auto m = parse_masked(text, name == "spi" ? 0xffffff : 0xff);
        if (!m) return false;
        const unsigned shift = name == "spi" ? 8 : 0;
        path |= static_cast<uint32_t>(m->value) << shift;
        path_mask |= static_cast<uint32_t>(m->mask) << shift;
        return true;
      }
      if (name.size() != 2 || name[0] != 'c' || name[1] < '1' || name[1] > '4') return false;
      const auto m = parse_masked(text, 0xffffffff);
      if (!m) return false;
      store(match_, kNshOffset + 8 + static_cast<size_t>(name[1] - '1') * 4, Be32{static_cast<uint32_t>(m->value)},
            Be32{static_cast<uint32_t>(m->mask)});
      return true;
    };
    if (!each_item(body, item)) return false;
    store(match_, kNshOffset + 4, Be32{path}, Be32{path_mask});
    return true;
  }

  bool tunnel(std::string_view body) {
    constexpr size_t kBase = offsetof(FlowKey, tunnel);
    static constexpr SubField kFields[] = {
        {"src", kBase + offsetof(flow::TunnelKey, ipv4_src), SubFormat::kIpv4},
        {"dst", kBase + offsetof(flow::TunnelKey, ipv4_dst), SubFormat::kIpv4},
        {"ipv6_src", kBase + offsetof(flow::TunnelKey, ipv6_src), SubFormat::kIpv6},
        {"ipv6_dst", kBase + offsetof(flow::TunnelKey, ipv6_dst), SubFormat::kIpv6},
        {"tos", kBase + offsetof(flow::TunnelKey, tos), SubFormat::kHex8},
        {"ttl", kBase + offsetof(flow::TunnelKey, ttl), SubFormat::kDecimal8},
        {"tp_src", kBase + offsetof(flow::TunnelKey, tp_src), SubFormat::kDecimal16},
        {"tp_dst", kBase + offsetof(flow::TunnelKey, tp_dst), SubFormat::kDecimal16}};
    return each_item(body, [&](std::string_view name, std::string_view value) {
      flow::TunnelKey &k = match_.key.tunnel, &m = match_.mask.tunnel;
      if (name == "tun_id") {
        const auto id = parse_masked(value, ~uint64_t{0});
        if (!id) return false;
        k.id = Be64{id->value};
        m.id = Be64{id->mask};
        return true;
      }
      if (name == "flags") return tunnel_flags(value);
      if (name == "vxlan") return tunnel_gbp(value);
      const auto field = std::ranges::find_if(kFields, [&](const SubField& f) { return name == f.name; });
      return field != std::end(kFields) && parse_sub(match_, *field, value);
    });
  }

  bool tunnel_flags(std::string_view value) {
    if (value.size() < 2 || value.front() != '(' || value.back() != ')') return false;
    const auto m = parse_flags(value.substr(1, value.size() - 2), 0xf, tunnel_flag);
    if (!m) return value == "()";
    match_.key.tunnel.flags = static_cast<uint16_t>(m->value);
    match_.mask.tunnel.flags = static_cast<uint16_t>(m->mask);
    return true;
  }

  bool tunnel_gbp(std::string_view value) {
    if (!value.starts_with("(gbp(") || !value.ends_with("))")) return false;
    flow::TunnelKey &k = match_.key.tunnel, &m = match_.mask.tunnel;
    return each_item(value.substr(5, value.size() - 7), [&](std::string_view name, std::string_view text) {
      if (name == "flags") return number(text, k.gbp_flags, m.gbp_flags);
      const auto id = parse_masked(text, 0xffff);
      if (name != "id" || !id) return false;
      k.gbp_id = Be16{static_cast<uint16_t>(id->value)};
      m.gbp_id = Be16{static_cast<uint16_t>(id->mask)};
      return true;
    });
  }

  const std::function<std::optional<DpPort>(std::string_view)>& port_number_;
  Match match_;
  unsigned tags_ = 0;
  bool saw_eth_ = false, saw_eth_type_ = false, saw_packet_type_ = false;
};

}  // namespace

Result<Match> parse_flow(std::string_view text, const std::function<std::optional<DpPort>(std::string_view)>& port_number) {
  return Parser(port_number).run(text);
}

std::optional<Ufid> parse_ufid(std::string_view text) {
  if (text.starts_with("ufid:")) text.remove_prefix(5);
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  Ufid ufid{};
  for (size_t i = 0; i < 4; ++i) {
    const auto part = parse_unsigned("0x" + digits.substr(i * 8, 8));
    if (!part) return std::nullopt;
    ufid[i] = static_cast<uint32_t>(*part);
  }
  return ufid;
}

}  // namespace turnout::datapath
