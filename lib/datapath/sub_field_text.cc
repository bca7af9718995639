// See sub_field_text.h.
#include "lib/datapath/sub_field_text.h"

#include <fmt/format.h>

namespace turnout::datapath::text {
namespace {

using flow::FlowKey;
using flow::FlowMask;
using flow::Match;

const char* frag_name(uint8_t frag) { return !(frag & flow::kFragAny) ? "no" : frag & flow::kFragLater ? "later" : "first"; }

template <typename Address, typename Format>
Text address(const Address& value, const Address& mask, Format&& format) {
  Address all;
  std::memset(static_cast<void*>(&all), 0xff, sizeof all);
  return {format(value), format(mask), !(mask == Address{}), mask == all};
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

uint64_t bit_of(std::span<const flow::FlagName> names, std::string_view name) {
  for (const auto& f : names)
    if (name == f.name) return f.bit;
  return 0;
}

}  // namespace

std::string alternate_hex(uint64_t v) { return v ? fmt::format("{:#x}", v) : "0"; }

std::string hex_bytes(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  digits.reserve(bytes.size() * 2);
  for (uint8_t b : bytes) {
    digits += kDigits[b >> 4];
    digits += kDigits[b & 15];
  }
  return digits;
}

std::string hex_number(std::span<const uint8_t> bytes) {
  const std::string digits = hex_bytes(bytes);
  const size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : "0x" + digits.substr(first);
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
    case SubFormat::kHexBe32:
      return number<uint32_t>(load<Be32>(key, at).host(), load<Be32>(mask, at).host(), ~0u, true);
    case SubFormat::kFrag: break;
  }
  const bool any = load<uint8_t>(mask, at) != 0;
  return {frag_name(load<uint8_t>(key, at)), {}, any, any};
}

void ItemWriter::begin(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += name;
  out_ += '(';
}

void ItemWriter::item(std::string_view name, const Text& t, bool always) {
  if (!t.any && !verbose_ && !always) return;
  if (!first_) out_ += ',';
  first_ = false;
  out_ += name;
  out_ += '=';
  out_ += t.value;
  if (!t.exact && !t.mask.empty()) out_ += '/' + t.mask;
}

std::optional<NamedBody> take_named_body(std::string_view& text) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  size_t depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) {
      const NamedBody found{text.substr(0, open), text.substr(open + 1, i - open - 1)};
      text.remove_prefix(i + 1);
      return found;
    }
  }
  return std::nullopt;
}

void skip_separators(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(", \t\n\r")));
}

std::optional<Masked> parse_masked(std::string_view text, uint64_t all) {
  const size_t slash = text.find('/');
  const auto value = parse_unsigned(text.substr(0, slash));
  if (!value || *value > all) return std::nullopt;
  if (slash == std::string_view::npos) return Masked{*value, all};
  const auto mask = parse_unsigned(text.substr(slash + 1));
  if (!mask) return std::nullopt;
  return Masked{*value, *mask & all};
}

bool parse_wide(std::string_view text, std::span<uint8_t> out) {
  std::ranges::fill(out, uint8_t{0});
  if (text.starts_with("0x") || text.starts_with("0X")) {
    std::string digits(text.substr(2));
    if (digits.empty() || digits.find_first_of(" \t\r\n") != std::string::npos) return false;
    const size_t significant = digits.find_first_not_of('0');
    digits.erase(0, significant == std::string::npos ? digits.size() - 1 : significant);
    if (digits.size() % 2) digits.insert(0, 1, '0');
    const auto bytes = parse_hex(digits);
    if (!bytes) return false;
    if (bytes->size() > out.size()) return bytes->size() == 1 && !bytes->front();
    std::ranges::copy(*bytes, out.end() - static_cast<std::ptrdiff_t>(bytes->size()));
    return true;
  }
  auto value = parse_unsigned(text);
  if (!value) return false;
  for (size_t i = out.size(); i-- > 0 && *value; *value >>= 8) out[i] = static_cast<uint8_t>(*value);
  return !*value;
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
    case SubFormat::kHexBe32:
      if (const auto m = parse_masked(text, ~0u))
        return store(match, at, Be32{static_cast<uint32_t>(m->value)}, Be32{static_cast<uint32_t>(m->mask)}), true;
      return false;
  }
  return false;
}

bool parse_list(Match& match, std::string_view body, std::span<const SubField> fields) {
  return each_item(body, [&](std::string_view name, std::string_view value) {
    const auto field = std::ranges::find_if(fields, [&](const SubField& f) { return name == f.name; });
    return field != fields.end() && parse_sub(match, *field, value);
  });
}

std::optional<Masked> parse_flags(std::string_view text, uint64_t all, std::span<const flow::FlagName> names) {
  if (text.empty()) return std::nullopt;
  if (text[0] >= '0' && text[0] <= '9') return parse_masked(text, all);
  Masked result{0, 0};
  if (text[0] != '+' && text[0] != '-') {
    for (std::string_view name : split(text, '|')) {
      const uint64_t bit = bit_of(names, name);
      if (!bit) return std::nullopt;
      result.value |= bit;
    }
    return Masked{result.value, all};
  }
  while (!text.empty()) {
    const bool set = text[0] == '+';
    if (!set && text[0] != '-') return std::nullopt;
    const size_t end = text.find_first_of("+-", 1);
    const uint64_t bit = bit_of(names, text.substr(1, end == std::string_view::npos ? end : end - 1));
    if (!bit) return std::nullopt;
    result.mask |= bit;
    if (set) result.value |= bit;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
  return result;
}

}  // namespace turnout::datapath::text
