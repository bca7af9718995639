// Texts of Ethernet, IPv4 and IPv6 addresses.
#include "lib/net/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "lib/base/strings.h"

namespace turnout::net {

std::optional<Mac> Mac::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Mac mac;
  for (size_t i = 0; i < 6; ++i) {
    const int high = hex_digit(text[i * 3]), low = hex_digit(text[i * 3 + 1]);
    if (high < 0 || low < 0 || (i < 5 && text[i * 3 + 2] != ':')) return std::nullopt;
    mac.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return mac;
}

std::string Mac::to_string() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(17);
  for (size_t i = 0; i < 6; ++i) {
    if (i) text += ':';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Mac Mac::from_u64(uint64_t v) {
  Mac mac;
  for (size_t i = 6; i-- > 0; v >>= 8) mac.bytes[i] = static_cast<uint8_t>(v);
  return mac;
}

std::optional<Ipv6> Ipv6::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  Ipv6 address;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string Ipv6::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
}

std::optional<Be32> parse_ipv4(std::string_view text) {
  char buffer[INET_ADDRSTRLEN];
  if (text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  in_addr address;
  if (inet_pton(AF_INET, buffer, &address) != 1) return std::nullopt;
  return Be32::from_raw(address.s_addr);
}

std::string ipv4_to_string(Be32 address) {
  char buffer[INET_ADDRSTRLEN];
  const in_addr raw{address.raw()};
  return inet_ntop(AF_INET, &raw, buffer, sizeof buffer);
}

}  // namespace turnout::net
