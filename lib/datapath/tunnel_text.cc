// See tunnel_text.h.
#include "lib/datapath/tunnel_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/sub_field_text.h"

namespace turnout::datapath {
namespace {

using flow::TunnelKey;
using namespace text;

#define TURNOUT_TUNNEL(name, member, format) \
  SubField { name, offsetof(flow::FlowKey, tunnel) + offsetof(flow::TunnelKey, member), SubFormat::format }
constexpr SubField kTtl = TURNOUT_TUNNEL("ttl", ttl, kDecimal8);
constexpr SubField kFields[] = {
    TURNOUT_TUNNEL("src", ipv4_src, kIpv4),           TURNOUT_TUNNEL("dst", ipv4_dst, kIpv4),
    TURNOUT_TUNNEL("ipv6_src", ipv6_src, kIpv6),      TURNOUT_TUNNEL("ipv6_dst", ipv6_dst, kIpv6),
    TURNOUT_TUNNEL("tos", tos, kHex8),                kTtl,
    TURNOUT_TUNNEL("tp_src", tp_src, kDecimal16),     TURNOUT_TUNNEL("tp_dst", tp_dst, kDecimal16)};
#undef TURNOUT_TUNNEL

constexpr flow::FlagName kFlags[] = {
    {"oam", flow::kTunnelOam}, {"df", flow::kTunnelDf}, {"csum", flow::kTunnelCsum}, {"key", flow::kTunnelKey}};
constexpr uint16_t kAllFlags = flow::kTunnelOam | flow::kTunnelDf | flow::kTunnelCsum | flow::kTunnelKey;

constexpr size_t kOptionHeader = 4, kMaxOptionData = 124, kMaxOptions = 252;   // the kernel counts in a byte
constexpr uint32_t kErspanIndexBits = 0xfffff;

bool is_zero(const flow::FlowKey& key, const SubField& field) {
  switch (field.format) {
    case SubFormat::kIpv4: return !load<Be32>(key, field.offset);
    case SubFormat::kIpv6: return load<net::Ipv6>(key, field.offset).is_zero();
    case SubFormat::kDecimal16: return !load<Be16>(key, field.offset);
    default: return !load<uint8_t>(key, field.offset);
  }
}

Be16 class_of(const uint8_t* option) {
  Be16 value;
  std::memcpy(&value, option, sizeof value);
  return value;
}

// Geneve's options as they stand on the wire: class, type, length in words, data.
class OptionsWriter {
 public:
  OptionsWriter(std::string& out, const TunnelKey& key, const TunnelKey& mask, bool verbose)
      : out_(out), key_(key), mask_(mask), verbose_(verbose) {}

  void run() {
    const size_t size = std::min<size_t>(key_.options_length, sizeof key_.options);
    for (size_t at = 0; at + kOptionHeader <= size;) {
      const size_t data = std::min<size_t>((key_.options[at + 3] & 0x1f) * 4, size - at - kOptionHeader);
      option(key_.options + at, mask_.options + at, data);
      at += kOptionHeader + data;
    }
  }

 private:
  void option(const uint8_t* k, const uint8_t* m, size_t data) {
    out_ += '{';
    ItemWriter items(out_, verbose_);
    items.item("class", number<uint16_t>(class_of(k).host(), class_of(m).host(), 0xffff, true));
    items.item("type", number<uint8_t>(k[2], m[2], 0xff, true));
    const auto length_mask = static_cast<uint8_t>((m[3] & 0x1f) * 4);
    items.item("len", {std::to_string(data), alternate_hex(length_mask), true, length_mask == 0x7c});
    const std::span<const uint8_t> value(k + kOptionHeader, data), mask(m + kOptionHeader, data);
    const auto full = [](uint8_t b) { return b == 0xff; };
    const auto none = [](uint8_t b) { return b == 0; };
    if (data && (verbose_ || !std::ranges::all_of(mask, none))) {
      out_ += ',' + hex_number(value);
      if (!std::ranges::all_of(mask, full)) out_ += '/' + hex_number(mask);
    }
    out_ += '}';
  }

  std::string& out_;
  const TunnelKey &key_, &mask_;
  const bool verbose_;
};

class TunnelWriter {
 public:
  TunnelWriter(std::string& out, const flow::FlowKey& key, const flow::FlowMask& mask, bool verbose)
      : out_(out), items_(out, verbose), key_(key), k_(key.tunnel), mask_(mask), m_(mask.tunnel) {}

  void run() {
    if (k_.flags & flow::kTunnelKey) {
      Text id = number<uint64_t>(k_.id.host(), m_.id.host(), ~uint64_t{0}, true);
      id.value = fmt::format("0x{:x}", k_.id.host());   // with a prefix also in front of zero
      items_.item("tun_id", id);
    }
    for (const SubField& f : kFields)
      if (f.offset == kTtl.offset || !is_zero(key_, f)) items_.item(f.name, text_of(f, key_, mask_));
    gbp();
    if (m_.options_length) {
      items_.begin("geneve");
      OptionsWriter(out_, k_, m_, items_.verbose()).run();
      out_ += ')';
    }
    erspan();
    gtpu();
    flags();
  }

 private:
  void gbp() {
    if (!m_.gbp_id && !m_.gbp_flags) return;
    items_.begin("vxlan(gbp");
    ItemWriter items(out_, items_.verbose());
    items.item("id", number<uint16_t>(k_.gbp_id.host(), m_.gbp_id.host(), 0xffff, false));
    items.item("flags", number<uint8_t>(k_.gbp_flags, m_.gbp_flags, 0xff, true));
    out_ += "))";
  }

  void erspan() {
    if (!m_.erspan_ver && !m_.erspan_idx && !m_.erspan_dir && !m_.erspan_hwid) return;
    items_.begin("erspan");
    ItemWriter items(out_, items_.verbose());
    items.item("ver", number<uint8_t>(k_.erspan_ver, m_.erspan_ver, 0xff, false));
    if (k_.erspan_ver == 1) items.item("idx", number<uint32_t>(k_.erspan_idx, m_.erspan_idx, kErspanIndexBits, true));
    if (k_.erspan_ver == 2) {
      items.item("dir", number<uint8_t>(k_.erspan_dir, m_.erspan_dir, 1, false));
      items.item("hwid", number<uint8_t>(k_.erspan_hwid, m_.erspan_hwid, 0x3f, true));
    }
    out_ += ')';
  }

  void gtpu() {
    if (!m_.gtpu_flags && !m_.gtpu_msgtype) return;
    items_.begin("gtpu");
    ItemWriter items(out_, items_.verbose());
    items.item("flags", number<uint8_t>(k_.gtpu_flags, m_.gtpu_flags, 0xff, true));
    items.item("msgtype", number<uint8_t>(k_.gtpu_msgtype, m_.gtpu_msgtype, 0xff, false));
    out_ += ')';
  }

  void flags() {
    const uint16_t mask = m_.flags & kAllFlags;
    if (!mask && !items_.verbose()) return;
    items_.begin("flags");
    if (!mask) out_ += "0/0";
    else out_ += mask == kAllFlags ? flow::format_flags(kFlags, k_.flags) : flow::format_masked_flags(kFlags, k_.flags, mask);
    out_ += ')';
  }

  std::string& out_;
  ItemWriter items_;
  const flow::FlowKey& key_;
  const TunnelKey& k_;
  const flow::FlowMask& mask_;
  const TunnelKey& m_;
};

std::optional<std::string_view> in_parentheses(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

class TunnelParser {
 public:
  explicit TunnelParser(flow::Match& match) : match_(match), k_(match.key.tunnel), m_(match.mask.tunnel) {}

  bool options(std::string_view text) {
    k_.options_length = 0;
    while (!text.empty()) {
      const size_t end = text.find('}');
      if (text[0] != '{' || end == std::string_view::npos || !option(text.substr(1, end - 1))) return false;
      text.remove_prefix(end + 1);
    }
    std::memset(&m_.options_length, 0xff, sizeof m_.options_length);
    return true;
  }

  bool item(std::string_view name, std::string_view value) {
    if (name == "tun_id") return identifier(value);
    const auto inside = in_parentheses(value);
    if (name == "flags") return inside && flags(*inside);
    if (name == "vxlan") return inside && gbp(*inside);
    if (name == "geneve") return inside && options(*inside);
    if (name == "erspan") return inside && erspan(*inside);
    if (name == "gtpu") return inside && gtpu(*inside);
    const auto field = std::ranges::find_if(kFields, [&](const SubField& f) { return name == f.name; });
    return field != std::end(kFields) && parse_sub(match_, *field, value);
  }

  // A tunnel identifier is there exactly where the flag says so.
  void finish() {
    const uint16_t key = has_id_ ? flow::kTunnelKey : 0;
    k_.flags = static_cast<uint16_t>((k_.flags & ~flow::kTunnelKey) | key);
    if (m_.flags != kAllFlags) m_.flags = static_cast<uint16_t>((m_.flags & ~flow::kTunnelKey) | key);
  }

 private:
  bool identifier(std::string_view value) {
    const auto id = parse_masked(value, ~uint64_t{0});
    if (!id) return false;
    k_.id = Be64{id->value};
    m_.id = Be64{id->mask};
    return has_id_ = true;
  }

  bool flags(std::string_view text) {
    const auto m = text.empty() ? Masked{0, kAllFlags} : parse_flags(text, kAllFlags, kFlags);
    if (!m) return false;
    k_.flags = static_cast<uint16_t>(m->value);
    m_.flags = static_cast<uint16_t>(m->mask);
    return true;
  }

  bool gbp(std::string_view text) {
    if (!text.starts_with("gbp")) return false;
    const auto inside = in_parentheses(text.substr(3));
    return inside && each_item(*inside, [&](std::string_view name, std::string_view value) {
      if (name == "flags") return parse_number(value, k_.gbp_flags, m_.gbp_flags);
      const auto id = parse_masked(value, 0xffff);
      if (name != "id" || !id) return false;
      k_.gbp_id = Be16{static_cast<uint16_t>(id->value)};
      m_.gbp_id = Be16{static_cast<uint16_t>(id->mask)};
      return true;
    });
  }

  // "class=C,type=T,len=N,DATA", in this order, each with a mask if it has one; what is left out is not compared.
  bool option(std::string_view text) {
    uint8_t *key = k_.options + k_.options_length, *mask = m_.options + k_.options_length;
    if (k_.options_length + kOptionHeader > sizeof k_.options) return false;
    const auto take = [&](std::string_view name, uint64_t all) -> std::optional<Masked> {
      if (!text.starts_with(name)) return Masked{0, 0};
      const size_t end = text.find(',');
      const auto masked = parse_masked(text.substr(name.size(), end - name.size()), all);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      return masked;
    };
    const auto type_class = take("class=", 0xffff), type = take("type=", 0xff);
    const bool has_length = text.starts_with("len="), has_data = text.find(',') != std::string_view::npos;
    auto length = take("len=", 0xff);
    if (!type_class || !type || !length || length->value % 4 || length->value > kMaxOptionData || (has_data && text.empty())) return false;
    if (!has_length) length->mask = 0xff;
    const size_t data = length->value;
    if (k_.options_length + kOptionHeader + data > kMaxOptions) return false;
    const Be16 class_value{static_cast<uint16_t>(type_class->value)}, class_mask{static_cast<uint16_t>(type_class->mask)};
    std::memcpy(key, &class_value, sizeof class_value);
    std::memcpy(mask, &class_mask, sizeof class_mask);
    key[2] = static_cast<uint8_t>(type->value), mask[2] = static_cast<uint8_t>(type->mask);
    key[3] = static_cast<uint8_t>(data / 4), mask[3] = static_cast<uint8_t>(length->mask == 0xff ? 0x1f : length->mask / 4 & 0x1f);
    k_.options_length += static_cast<uint32_t>(kOptionHeader + data);
    return option_data(text, {key + kOptionHeader, data}, {mask + kOptionHeader, data});
  }

  static bool option_data(std::string_view text, std::span<uint8_t> value, std::span<uint8_t> mask) {
    std::ranges::fill(value, uint8_t{0});
    std::ranges::fill(mask, uint8_t{0xff});
    if (text.empty()) return true;
    const size_t slash = text.find('/');
    return parse_wide(text.substr(0, slash), value) &&
           (slash == std::string_view::npos || parse_wide(text.substr(slash + 1), mask));
  }

  bool erspan(std::string_view text) {
    const bool read = each_item(text, [&](std::string_view name, std::string_view value) {
      if (name == "ver") return parse_number(value, k_.erspan_ver, m_.erspan_ver);
      if (name == "hwid") return parse_number(value, k_.erspan_hwid, m_.erspan_hwid) && k_.erspan_hwid <= 0x3f;
      if (name == "dir") return parse_number(value, k_.erspan_dir, m_.erspan_dir) && k_.erspan_dir <= 1;
      return name == "idx" && parse_number(value, k_.erspan_idx, m_.erspan_idx) && k_.erspan_idx <= kErspanIndexBits;
    });
    const bool one = k_.erspan_ver == 1, two = k_.erspan_ver == 2;
    return read && (one || two) && !(one && (m_.erspan_dir || m_.erspan_hwid)) && !(two && m_.erspan_idx);
  }

  bool gtpu(std::string_view text) {
    return each_item(text, [&](std::string_view name, std::string_view value) {
      if (name == "flags") return parse_number(value, k_.gtpu_flags, m_.gtpu_flags);
      return name == "msgtype" && parse_number(value, k_.gtpu_msgtype, m_.gtpu_msgtype);
    });
  }

  flow::Match& match_;
  TunnelKey &k_, &m_;
  bool has_id_ = false;
};

}  // namespace

bool is_tunnelled(const TunnelKey& t) { return t.ipv4_dst || t.ipv4_src || !t.ipv6_dst.is_zero() || !t.ipv6_src.is_zero(); }

void append_tunnel(std::string& out, const flow::FlowKey& key, const flow::FlowMask& mask, bool verbose) {
  TunnelWriter(out, key, mask, verbose).run();
}

bool parse_tunnel(flow::Match& match, std::string_view body) {
  TunnelParser parser(match);
  if (!each_item(body, [&](std::string_view name, std::string_view value) { return parser.item(name, value); })) return false;
  parser.finish();
  return true;
}

void append_geneve_options(std::string& out, const TunnelKey& tunnel) {
  TunnelKey mask;
  std::memset(static_cast<void*>(&mask), 0xff, sizeof mask);
  OptionsWriter(out, tunnel, mask, false).run();
}

bool parse_geneve_options(TunnelKey& tunnel, std::string_view body) {
  flow::Match match;
  if (body.find('/') != std::string_view::npos || !TunnelParser(match).options(body)) return false;
  tunnel.options_length = match.key.tunnel.options_length;
  std::memcpy(tunnel.options, match.key.tunnel.options, sizeof tunnel.options);
  return true;
}

void leave_out_absent_options(const TunnelKey& k, TunnelKey& m) {
  if (!k.gbp_id && !k.gbp_flags) m.gbp_id = Be16{}, m.gbp_flags = 0;
  if (!k.options_length) m.options_length = 0;
  if (!k.erspan_ver) m.erspan_ver = m.erspan_dir = m.erspan_hwid = 0, m.erspan_idx = 0;
  if (!k.gtpu_flags && !k.gtpu_msgtype) m.gtpu_flags = m.gtpu_msgtype = 0;
}

void append_set_tunnel(std::string& out, const TunnelKey& tunnel) {
  flow::FlowKey key{};
  key.tunnel = tunnel;
  flow::FlowMask mask{};
  TURNOUT_MASK_ALL(mask, tunnel);
  leave_out_absent_options(tunnel, mask.tunnel);
  append_tunnel(out, key, mask, false);
}

bool parse_set_tunnel(TunnelKey& tunnel, std::string_view body) {
  flow::Match match;
  if (body.find('/') != std::string_view::npos || !parse_tunnel(match, body)) return false;
  tunnel = match.key.tunnel;
  return true;
}

}  // namespace turnout::datapath
