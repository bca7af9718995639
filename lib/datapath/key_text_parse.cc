// Reading keys and masks of datapath flows.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/strings.h"
#include "lib/datapath/attribute_text.h"
#include "lib/datapath/key_text.h"
#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using flow::FlowKey;
using flow::Match;
using namespace text;

constexpr unsigned kMaxNesting = flow::kVlanTags + 1;

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
      const auto attribute = take_named_body(text);
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
    if (name == "eth_type") return eth_type(body);
    if (name == "vlan") return vlan(body);
    if (name == "tunnel") return parse_tunnel(match_, body);
    const AttributeRow* row = find_attribute(name);
    if (!row) return false;
    switch (row->attribute) {
      case KeyAttribute::kInPort: return in_port(body);
      case KeyAttribute::kEthernet: saw_eth_ = true; break;
      case KeyAttribute::kPacketType: saw_packet_type_ = true; break;
      default: break;
    }
    return parse_attribute(match_, *row, body);
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
