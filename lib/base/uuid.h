// Universally unique identifiers (RFC 4122), as OVSDB names rows with them. Value type, any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace turnout {

struct Uuid {
  std::array<uint32_t, 4> parts{};  // host order, most significant first

  static Uuid random();                                       // version 4, from the system's random source
  static std::optional<Uuid> parse(std::string_view text);    // exactly 8-4-4-4-12 hexadecimal digits
  std::string to_string() const;                              // lower case
  bool is_zero() const { return *this == Uuid{}; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace turnout

template <>
struct std::hash<turnout::Uuid> {
  size_t operator()(const turnout::Uuid& u) const noexcept { return (uint64_t{u.parts[0]} << 32) | u.parts[2]; }
};
