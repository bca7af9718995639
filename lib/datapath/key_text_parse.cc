// Reading keys and masks of datapath flows.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/strings.h"
#include "lib/datapath/key_text.h"
#include "lib/datapath/key_text_fields.h"
#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using flow::FlowKey;
using flow::Match;
using namespace text;

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
    if (name == "recirc_id") return parse_number(body, m.key.recirc_id, m.mask.recirc_id);
    if (name == "dp_hash") return parse_number(body, m.key.dp_hash, m.mask.dp_hash);
    if (name == "skb_priority") return parse_number(body, m.key.skb_priority, m.mask.skb_priority);
    if (name == "skb_mark") return parse_number(body, m.key.pkt_mark, m.mask.pkt_mark);
    if (name == "packet_type") return packet_type(body);
    if (name == "ct_state") return ct_state(body);
    if (name == "ct_zone") return parse_number(body, m.key.ct_zone, m.mask.ct_zone);
    if (name == "ct_mark") return parse_number(body, m.key.ct_mark, m.mask.ct_mark);
    if (name == "ct_label") return ct_label(body);
    if (name == "ct_tuple4") return parse_list(m, body, kCtTuple4Fields);
    if (name == "ct_tuple6") return parse_list(m, body, kCtTuple6Fields);
    if (name == "tunnel") return parse_tunnel(m, body);
    return false;
  }

  bool in_port(std::string_view body) {
    if (parse_number(body, match_.key.in_port, match_.mask.in_port)) return true;
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
    const auto m = parse_flags(body, 0xff, flow::kCtStateNames);
    if (!m) return false;
    match_.key.ct_state = static_cast<uint8_t>(m->value);
    match_.mask.ct_state = static_cast<uint8_t>(m->mask);
    return true;
  }

  bool ct_label(std::string_view body) {
    const size_t slash = body.find('/');
    if (!parse_wide(body.substr(0, slash), match_.key.ct_label)) return false;
    if (slash != std::string_view::npos) return parse_wide(body.substr(slash + 1), match_.mask.ct_label);
    std::memset(match_.mask.ct_label, 0xff, sizeof match_.mask.ct_label);
    return true;
  }

  bool tcp_flags(std::string_view body) {
    const auto m = parse_flags(body, 0xfff, flow::kTcpFlagNames);
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
        if (name == kBytes[i]) return parse_number(text, match_.key.nsh[i], match_.mask.nsh[i]);
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
