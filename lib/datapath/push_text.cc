// See push_text.h.
#include "lib/datapath/push_text.h"

#include <fmt/format.h>

#include "lib/datapath/sub_field_text.h"
#include "lib/net/headers.h"

namespace turnout::datapath {
namespace {

using namespace text;

// The value of an item without a mask, within `most`.
template <typename T>
bool take(std::string_view text, uint64_t most, std::optional<T>& to) {
  const auto value = parse_unsigned(text);
  if (!value || *value > most) return false;
  to = static_cast<T>(*value);
  return true;
}

struct MplsItems { std::optional<uint32_t> label, tc, ttl, bos, eth_type; };

bool parse_context(std::string_view name, std::string_view value, NshHeader& header) {
  if (name.size() != 2 || name[0] != 'c' || name[1] < '1' || name[1] > '4') return false;
  std::optional<uint32_t> context;
  if (!take(value, 0xffffffff, context)) return false;
  header.context[name[1] - '1'] = *context;
  return true;
}

// Hexadecimal digits behind 0x, two a byte; 0 for none. What is not a multiple of four bytes is filled with zeros.
bool parse_metadata(std::string_view value, NshHeader& header) {
  if (value == "0") return true;
  auto bytes = value.starts_with("0x") ? parse_hex(value.substr(2)) : std::nullopt;
  if (!bytes) return false;
  bytes->resize((bytes->size() + 3) & ~size_t{3});
  header.md2 = std::move(*bytes);
  return header.md2.size() <= kMaxNshMetadata;
}

bool parse_nsh_item(std::string_view name, std::string_view value, NshHeader& header) {
  std::optional<uint32_t> n;
  if (name == "flags") return take(value, 0xff, n) && (header.flags = static_cast<uint8_t>(*n), true);
  if (name == "ttl") return take(value, 0x3f, n) && (header.ttl = static_cast<uint8_t>(*n), true);
  if (name == "mdtype") return take(value, 2, n) && (header.md_type = static_cast<uint8_t>(*n), true);
  if (name == "np") return take(value, 0xff, n) && (header.next_protocol = static_cast<uint8_t>(*n), true);
  if (name == "spi") return take(value, 0xffffff, n) && (header.path = *n << 8 | (header.path & 0xff), true);
  if (name == "si") return take(value, 0xff, n) && (header.path = (header.path & ~0xffu) | *n, true);
  if (name == "md2") return parse_metadata(value, header);
  return parse_context(name, value, header);
}

}  // namespace

std::string format_push(const PushVlan& a) {
  const uint16_t tci = a.tci.host();
  std::string text = "push_vlan(";
  if (a.tpid.host() != net::kEthTypeVlan) text += fmt::format("tpid=0x{:04x},", a.tpid.host());
  text += fmt::format("vid={},pcp={}", tci & 0xfff, tci >> 13);
  if (!(tci & flow::kVlanPresent)) text += ",cfi=0";
  return text + ")";
}

std::string format_push(const PushMpls& a) {
  const uint32_t entry = a.entry.host();
  return fmt::format("{}(label={},tc={},ttl={},bos={},eth_type=0x{:x})", a.at_layer3 ? "push_mpls" : "add_mpls", entry >> 12,
                     entry >> 9 & 7, entry & 0xff, entry >> 8 & 1, a.eth_type.host());
}

std::string format_push(const PushEthernet& a) { return fmt::format("push_eth(src={},dst={})", a.src.to_string(), a.dst.to_string()); }

std::string format_push(const PushNsh& a) {
  const NshHeader& h = *a.header;
  std::string text = fmt::format("push_nsh(flags={},ttl={},mdtype={},np={},spi=0x{:x},si={}", h.flags, h.ttl, h.md_type,
                                 h.next_protocol, h.path >> 8, h.path & 0xff);
  if (h.md_type == 1)
    for (int i = 0; i < 4; ++i) text += fmt::format(",c{}=0x{:x}", i + 1, h.context[i]);
  else
    text += ",md2=" + (h.md2.empty() ? "0" : "0x" + hex_bytes(h.md2));
  return text + ")";
}

std::optional<PushVlan> parse_push_vlan(std::string_view body) {
  std::optional<uint32_t> tpid = net::kEthTypeVlan, vid, pcp, cfi = 1;
  const bool read = each_item(body, [&](std::string_view name, std::string_view value) {
    if (name == "tpid") return take(value, 0xffff, tpid);
    if (name == "vid") return take(value, 0xfff, vid);
    if (name == "pcp") return take(value, 7, pcp);
    return name == "cfi" && take(value, 1, cfi);
  });
  if (!read || !vid || !pcp) return std::nullopt;
  return PushVlan{Be16{static_cast<uint16_t>(*tpid)}, Be16{static_cast<uint16_t>(*pcp << 13 | *cfi << 12 | *vid)}};
}

std::optional<PushMpls> parse_push_mpls(std::string_view body, bool at_layer3) {
  MplsItems i;
  const bool read = each_item(body, [&](std::string_view name, std::string_view value) {
    if (name == "label") return take(value, 0xfffff, i.label);
    if (name == "tc") return take(value, 7, i.tc);
    if (name == "ttl") return take(value, 0xff, i.ttl);
    if (name == "bos") return take(value, 1, i.bos);
    return name == "eth_type" && take(value, 0xffff, i.eth_type);
  });
  if (!read || !i.label || !i.tc || !i.ttl || !i.bos || !i.eth_type) return std::nullopt;
  return PushMpls{Be32{*i.label << 12 | *i.tc << 9 | *i.bos << 8 | *i.ttl}, Be16{static_cast<uint16_t>(*i.eth_type)}, at_layer3};
}

std::optional<PushEthernet> parse_push_ethernet(std::string_view body) {
  std::optional<net::Mac> src, dst;
  const bool read = each_item(body, [&](std::string_view name, std::string_view value) {
    if (name == "src") return (src = net::Mac::parse(value)).has_value();
    return name == "dst" && (dst = net::Mac::parse(value)).has_value();
  });
  return read && src && dst ? std::optional(PushEthernet{*src, *dst}) : std::nullopt;
}

std::optional<PushNsh> parse_push_nsh(std::string_view body) {
  NshHeader header;
  bool contexts = false, metadata = false;
  const bool read = each_item(body, [&](std::string_view name, std::string_view value) {
    contexts |= name.starts_with('c');
    metadata |= name == "md2";
    return parse_nsh_item(name, value, header);
  });
  // Each type of header has metadata of its own sort.
  if (!read || header.md_type == 0 || (contexts && header.md_type != 1) || (metadata && header.md_type != 2)) return std::nullopt;
  return PushNsh{std::move(header)};
}

std::optional<Be16> parse_eth_type(std::string_view body) {
  std::optional<uint16_t> type;
  if (!body.starts_with("eth_type=") || !take(body.substr(9), 0xffff, type)) return std::nullopt;
  return Be16{*type};
}

}  // namespace turnout::datapath
