// Flags by name, sign or number.
#include "lib/flow/flag_text.h"

#include "lib/base/strings.h"

namespace turnout::flow {

namespace {

uint32_t bit_of(std::span<const FlagName> names, std::string_view name) {
  for (const FlagName& f : names)
    if (name == f.name) return f.bit;
  return 0;
}

std::optional<MaskedFlags> parse_number(std::string_view text, uint32_t all) {
  const size_t slash = text.find('/');
  const auto value = parse_unsigned(text.substr(0, slash));
  if (!value || *value > 0xffffffff) return std::nullopt;
  if (slash == std::string_view::npos) return MaskedFlags{static_cast<uint32_t>(*value), all};
  const auto mask = parse_unsigned(text.substr(slash + 1));
  if (!mask || *mask > 0xffffffff) return std::nullopt;
  return MaskedFlags{static_cast<uint32_t>(*value), static_cast<uint32_t>(*mask)};
}

}  // namespace

std::string format_masked_flags(std::span<const FlagName> names, uint32_t value, uint32_t mask) {
  std::string text;
  for (const FlagName& f : names)
    if (mask & f.bit) text += (value & f.bit ? '+' : '-') + std::string(f.name);
  return text;
}

std::string format_flags(std::span<const FlagName> names, uint32_t value) {
  std::string text;
  for (const FlagName& f : names)
    if (value & f.bit) text += (text.empty() ? "" : "|") + std::string(f.name);
  return text.empty() ? "0" : text;
}

std::optional<MaskedFlags> parse_flags(std::span<const FlagName> names, std::string_view text, uint32_t all) {
  if (text.empty()) return std::nullopt;
  if (text[0] >= '0' && text[0] <= '9') return parse_number(text, all);
  MaskedFlags out{0, 0};
  if (text[0] != '+' && text[0] != '-') {
    for (std::string_view name : split(text, '|')) {
      const uint32_t bit = bit_of(names, name);
      if (!bit) return std::nullopt;
      out.value |= bit;
    }
    out.mask = all;
    return out;
  }
  while (!text.empty()) {
    const size_t end = text.find_first_of("+-", 1);
    const uint32_t bit = bit_of(names, text.substr(1, end == std::string_view::npos ? end : end - 1));
    if (!bit || out.mask & bit) return std::nullopt;
    out.mask |= bit;
    if (text[0] == '+') out.value |= bit;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
  return out;
}

}  // namespace turnout::flow
