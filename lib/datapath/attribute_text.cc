// See attribute_text.h.
#include "lib/datapath/attribute_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/sub_field_text.h"

namespace turnout::datapath {
namespace {

using flow::FlowKey;
using flow::FlowMask;
using flow::Match;
using namespace text;

constexpr uint16_t kTcpFlagBits = 0xfff;
struct MplsPart { const char* name; uint32_t all, shift; bool prefix; };
// Masks of the label and the time to live are printed with a prefix, also in front of zero; the others never have one.
constexpr MplsPart kMplsParts[] = {{"label", 0xfffff, 12, true}, {"tc", 7, 9, false}, {"ttl", 0xff, 0, true}, {"bos", 1, 8, false}};
constexpr const char* kNshBytes[] = {"flags", "ttl", "mdtype", "np"};
constexpr size_t kNshPath = kNshOffset + 4, kNshContexts = kNshOffset + 8;

template <typename Bytes>
bool any_bit(const Bytes& bytes) {
  return std::ranges::any_of(bytes, [](uint8_t b) { return b != 0; });
}

class AttributeWriter {
 public:
  enum class Of { kFlow, kSet };
  AttributeWriter(std::string& out, const FlowKey& key, const FlowMask& mask, bool verbose, Of of = Of::kFlow)
      : out_(out), key_(key), mask_(mask), verbose_(verbose), of_(of) {}

  void run(const AttributeRow& row) {
    switch (row.shape) {
      case Shape::kList: return list(row.fields);
      case Shape::kHex32: return single<uint32_t>(row.offset, true);
      case Shape::kHex16: return single<uint16_t>(row.offset, true);
      case Shape::kPort: return single<uint32_t>(row.offset, false);
      case Shape::kCtState: return ct_state();
      case Shape::kCtLabel: return ct_label();
      case Shape::kTcpFlags: return tcp_flags();
      case Shape::kPacketType: return packet_type();
      case Shape::kMpls: return mpls();
      case Shape::kNsh: return nsh();
    }
  }

 private:
  template <typename T>
  void single(size_t offset, bool hex) {
    const Text t = number<T>(load<T>(key_, offset), load<T>(mask_, offset), static_cast<T>(~T{0}), hex);
    out_ += t.value;
    if (!t.exact) out_ += '/' + t.mask;
  }

  void list(std::span<const SubField> fields) {
    ItemWriter items(out_, verbose_);
    for (const SubField& f : fields) {
      if (f.format == SubFormat::kFrag && !text_of(f, key_, mask_).any) continue;
      items.item(f.name, text_of(f, key_, mask_));
    }
  }

  void ct_state() {
    if (verbose_) out_ += alternate_hex(key_.ct_state) + '/' + alternate_hex(mask_.ct_state);
    else out_ += flow::format_masked_flags(flow::kCtStateNames, key_.ct_state, mask_.ct_state);
  }

  void ct_label() {
    out_ += hex_number(key_.ct_label);
    if (std::ranges::any_of(mask_.ct_label, [](uint8_t b) { return b != 0xff; })) out_ += '/' + hex_number(mask_.ct_label);
  }

  void tcp_flags() {
    const uint16_t value = key_.tcp_flags.host(), mask = mask_.tcp_flags.host() & kTcpFlagBits;
    if (!mask) out_ += "0/0";
    else out_ += mask == kTcpFlagBits ? flow::format_flags(flow::kTcpFlagNames, value)
                                      : flow::format_masked_flags(flow::kTcpFlagNames, value, mask);
  }

  void packet_type() {
    const uint32_t value = key_.packet_type.host(), mask = mask_.packet_type.host();
    ItemWriter items(out_, verbose_);
    items.item("ns", number<uint16_t>(value >> 16, mask >> 16, 0xffff, false), true);
    items.item("id", number<uint16_t>(value & 0xffff, mask & 0xffff, 0xffff, true), true);
  }

  // An entry with any mask bit prints all its parts, so that the order alone tells the entries apart, and the masks of all
  // parts unless all are full.
  void mpls() {
    ItemWriter items(out_, verbose_);
    for (unsigned i = 0; i < flow::kMplsLabels; ++i) {
      const uint32_t value = key_.mpls[i].host(), mask = mask_.mpls[i].host();
      for (const MplsPart& p : kMplsParts) {
        const uint32_t part_mask = mask >> p.shift & p.all;
        const std::string shown = p.prefix ? fmt::format("0x{:x}", part_mask) : fmt::format("{:x}", part_mask);
        items.item(p.name, {std::to_string(value >> p.shift & p.all), shown, true, mask == ~0u}, true);
      }
      if (value & 0x100 || i + 1 == flow::kMplsLabels || !mask_.mpls[i + 1]) break;
    }
  }

  // What is not compared is left out in the verbose form too.
  static void nsh_item(ItemWriter& items, std::string_view name, const Text& t) {
    if (t.any) items.item(name, t);
  }

  void nsh() {
    ItemWriter items(out_, verbose_);
    for (size_t i = 0; i < std::size(kNshBytes); ++i)
      nsh_item(items, kNshBytes[i], number<uint8_t>(key_.nsh[i], mask_.nsh[i], 0xff, false));
    const uint32_t path = load<Be32>(key_, kNshPath).host(), path_mask = load<Be32>(mask_, kNshPath).host();
    nsh_item(items, "spi", number<uint32_t>(path >> 8, path_mask >> 8, 0xffffff, true));
    nsh_item(items, "si", number<uint32_t>(path & 0xff, path_mask & 0xff, 0xff, false));
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = kNshContexts + i * 4;
      const Text context = number<uint32_t>(load<Be32>(key_, at).host(), load<Be32>(mask_, at).host(), ~0u, true);
      // Only the first type of header has contexts; other flows are written with zeros in their place.
      nsh_item(items, fmt::format("c{}", i + 1), of_ == Of::kFlow && key_.nsh[2] != 1 ? Text{"0x0", {}, true, true} : context);
    }
  }

  std::string& out_;
  const FlowKey& key_;
  const FlowMask& mask_;
  const bool verbose_;
  const Of of_;
};

template <typename T>
bool parse_single(Match& match, size_t offset, std::string_view body) {
  T value, mask;
  if (!parse_number(body, value, mask)) return false;
  store(match, offset, value, mask);
  return true;
}

bool parse_ct_state(Match& match, std::string_view body) {
  const auto m = parse_flags(body, 0xff, flow::kCtStateNames);
  if (!m) return false;
  match.key.ct_state = static_cast<uint8_t>(m->value);
  match.mask.ct_state = static_cast<uint8_t>(m->mask);
  return true;
}

bool parse_ct_label(Match& match, std::string_view body) {
  const size_t slash = body.find('/');
  if (!parse_wide(body.substr(0, slash), match.key.ct_label)) return false;
  if (slash != std::string_view::npos) return parse_wide(body.substr(slash + 1), match.mask.ct_label);
  TURNOUT_MASK_ALL(match.mask, ct_label);
  return true;
}

bool parse_tcp_flags(Match& match, std::string_view body) {
  const auto m = parse_flags(body, kTcpFlagBits, flow::kTcpFlagNames);
  if (!m) return false;
  match.key.tcp_flags = Be16{static_cast<uint16_t>(m->value)};
  match.mask.tcp_flags = Be16{static_cast<uint16_t>(m->mask == kTcpFlagBits ? 0xffff : m->mask)};
  return true;
}

bool parse_packet_type(Match& match, std::string_view body) {
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
  match.key.packet_type = Be32{value};
  match.mask.packet_type = Be32{mask};
  return true;
}

// The parts of an entry come in one order; a part that is not behind the one before it begins the next entry.
bool parse_mpls(Match& match, std::string_view body) {
  size_t entry = 0, next = 0;
  return each_item(body, [&](std::string_view name, std::string_view text) {
    const auto part = std::ranges::find_if(kMplsParts, [&](const MplsPart& p) { return name == p.name; });
    if (part == std::end(kMplsParts)) return false;
    const auto at = static_cast<size_t>(part - kMplsParts);
    if (at < next) ++entry;
    next = at + 1;
    const auto m = entry < flow::kMplsLabels ? parse_masked(text, part->all) : std::nullopt;
    if (!m) return false;
    match.key.mpls[entry] |= Be32{static_cast<uint32_t>(m->value) << part->shift};
    match.mask.mpls[entry] |= Be32{static_cast<uint32_t>(m->mask) << part->shift};
    return true;
  });
}

bool parse_nsh(Match& match, std::string_view body) {
  uint32_t path = 0, path_mask = 0;
  const auto item = [&](std::string_view name, std::string_view text) {
    for (size_t i = 0; i < std::size(kNshBytes); ++i)
      if (name == kNshBytes[i]) return parse_number(text, match.key.nsh[i], match.mask.nsh[i]);
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
    store(match, kNshContexts + static_cast<size_t>(name[1] - '1') * 4, Be32{static_cast<uint32_t>(m->value)},
          Be32{static_cast<uint32_t>(m->mask)});
    return true;
  };
  if (!each_item(body, item)) return false;
  store(match, kNshPath, Be32{path}, Be32{path_mask});
  return true;
}

// The reference writes the ports of this tuple in a way of its own and reads the other tuple's names.
bool parse_tuple6(Match& match, const AttributeRow& row, std::string_view body) {
  return each_item(body, [&](std::string_view name, std::string_view value) {
    if (name == "tp_src") name = "src_port";
    if (name == "tp_dst") name = "dst_port";
    const auto field = std::ranges::find_if(row.fields, [&](const SubField& f) { return name == f.name; });
    return field != row.fields.end() && parse_sub(match, *field, value);
  });
}

}  // namespace

const AttributeRow* find_attribute(std::string_view name) {
  const auto row = std::ranges::find_if(kAttributes, [&](const AttributeRow& r) { return name == r.name; });
  return row == std::end(kAttributes) ? nullptr : row;
}

bool is_compared(const AttributeRow& row, const FlowKey& key, const FlowMask& mask) {
  switch (row.shape) {
    case Shape::kList: return std::ranges::any_of(row.fields, [&](const SubField& f) { return text_of(f, key, mask).any; });
    case Shape::kHex32:
    case Shape::kPort: return load<uint32_t>(mask, row.offset) != 0;
    case Shape::kHex16: return load<uint16_t>(mask, row.offset) != 0;
    case Shape::kCtState: return mask.ct_state != 0;
    case Shape::kCtLabel: return any_bit(mask.ct_label);
    case Shape::kTcpFlags: return (mask.tcp_flags.host() & kTcpFlagBits) != 0;
    case Shape::kPacketType: return static_cast<bool>(mask.packet_type);
    case Shape::kMpls: return std::ranges::any_of(mask.mpls, [](Be32 m) { return static_cast<bool>(m); });
    case Shape::kNsh: return any_bit(mask.nsh);
  }
  return false;
}

void fill_attribute(const AttributeRow& row, FlowMask& mask) {
  const auto fill = [&](size_t offset, size_t size) { std::memset(reinterpret_cast<uint8_t*>(&mask) + offset, 0xff, size); };
  switch (row.shape) {
    case Shape::kList:
      for (const SubField& f : row.fields) fill(f.offset, size_of(f.format));
      return;
    case Shape::kHex32:
    case Shape::kPort: return fill(row.offset, sizeof(uint32_t));
    case Shape::kHex16: return fill(row.offset, sizeof(uint16_t));
    case Shape::kCtState: mask.ct_state = 0xff; return;
    case Shape::kCtLabel: TURNOUT_MASK_ALL(mask, ct_label); return;
    case Shape::kTcpFlags: TURNOUT_MASK_ALL(mask, tcp_flags); return;
    case Shape::kPacketType: TURNOUT_MASK_ALL(mask, packet_type); return;
    case Shape::kMpls: TURNOUT_MASK_ALL(mask, mpls); return;
    case Shape::kNsh: TURNOUT_MASK_ALL(mask, nsh); return;
  }
}

void append_attribute(std::string& out, const AttributeRow& row, const FlowKey& key, const FlowMask& mask, bool verbose) {
  out += row.name;
  out += '(';
  AttributeWriter(out, key, mask, verbose).run(row);
  out += ')';
}

void append_set_attribute(std::string& out, const AttributeRow& row, const FlowKey& key, const FlowMask& mask) {
  out += row.name;
  out += '(';
  AttributeWriter(out, key, mask, false, AttributeWriter::Of::kSet).run(row);
  out += ')';
}

bool parse_attribute(Match& match, const AttributeRow& row, std::string_view body) {
  if (row.attribute == KeyAttribute::kCtTuple6) return parse_tuple6(match, row, body);
  switch (row.shape) {
    case Shape::kList: return parse_list(match, body, row.fields);
    case Shape::kHex32:
    case Shape::kPort: return parse_single<uint32_t>(match, row.offset, body);
    case Shape::kHex16: return parse_single<uint16_t>(match, row.offset, body);
    case Shape::kCtState: return parse_ct_state(match, body);
    case Shape::kCtLabel: return parse_ct_label(match, body);
    case Shape::kTcpFlags: return parse_tcp_flags(match, body);
    case Shape::kPacketType: return parse_packet_type(match, body);
    case Shape::kMpls: return parse_mpls(match, body);
    case Shape::kNsh: return parse_nsh(match, body);
  }
  return false;
}

}  // namespace turnout::datapath
