// Small text functions that the standard library lacks. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turnout {

std::vector<std::string_view> split(std::string_view text, char separator);              // keeps empty parts
std::vector<std::string_view> split_any(std::string_view text, std::string_view separators);  // drops empty parts
std::string_view trim(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string to_lower(std::string_view text);
bool equal_ignore_case(std::string_view a, std::string_view b);
bool starts_with_ignore_case(std::string_view text, std::string_view prefix);
// Decimal, 0x hexadecimal or 0 octal; the whole text, no sign, no spaces.
std::optional<uint64_t> parse_unsigned(std::string_view text);
std::optional<int64_t> parse_signed(std::string_view text);
// The value of a hexadecimal digit of either case; -1 for any other character.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
// Hexadecimal digits, white space between bytes allowed; nullopt on an odd count or another character.
std::optional<std::vector<uint8_t>> parse_hex(std::string_view text);

}  // namespace turnout
