// Ethernet, IPv4 and IPv6 addresses as values in network order, and their texts. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/endian.h"

namespace turnout::net {

struct Mac {
  std::array<uint8_t, 6> bytes{};
  static std::optional<Mac> parse(std::string_view text);   // six pairs of hexadecimal digits with colons
  std::string to_string() const;                            // lower case
  bool is_multicast() const { return bytes[0] & 1; }        // broadcast included
  bool is_broadcast() const { return as_u64() == 0xffffffffffffull; }
  bool is_zero() const { return as_u64() == 0; }
  bool is_local() const { return bytes[0] & 2; }
  uint64_t as_u64() const {                                 // in the low 48 bits
    Be32 high;
    Be16 low;
    std::memcpy(&high, bytes.data(), sizeof high);
    std::memcpy(&low, bytes.data() + sizeof high, sizeof low);
    return uint64_t{high.host()} << 16 | low.host();
  }
  static Mac from_u64(uint64_t v);
  friend auto operator<=>(const Mac&, const Mac&) = default;
};

struct Ipv6 {
  std::array<uint8_t, 16> bytes{};
  static std::optional<Ipv6> parse(std::string_view text);
  std::string to_string() const;                            // RFC 5952, as inet_ntop
  bool is_zero() const {
    uint64_t halves[2];
    std::memcpy(halves, bytes.data(), sizeof halves);
    return !(halves[0] | halves[1]);
  }
  friend auto operator<=>(const Ipv6&, const Ipv6&) = default;
};

std::optional<Be32> parse_ipv4(std::string_view text);      // dotted quad
std::string ipv4_to_string(Be32 address);

}  // namespace turnout::net

template <>
struct std::hash<turnout::net::Mac> {
  size_t operator()(const turnout::net::Mac& m) const noexcept { return m.as_u64() * 0x9E3779B97F4A7C15ull; }
};
