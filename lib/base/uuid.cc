// Text form and creation of UUIDs.
#include "lib/base/uuid.h"

#include <sys/random.h>

#include <cerrno>

#include <cstdio>
#include <cstdlib>

namespace turnout {

namespace {
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr bool is_dash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }
}  // namespace

Uuid Uuid::random() {
  Uuid uuid;
  size_t got = 0;
  while (got < sizeof uuid.parts) {
    const ssize_t n = getrandom(reinterpret_cast<char*>(uuid.parts.data()) + got, sizeof uuid.parts - got, 0);
    if (n > 0) got += static_cast<size_t>(n);
    else if (errno != EINTR) abort();  // no identifier may be handed out twice
  }
  uuid.parts[1] = (uuid.parts[1] & 0xffff0fffu) | 0x00004000u;  // version 4
  uuid.parts[2] = (uuid.parts[2] & 0x3fffffffu) | 0x80000000u;  // the variant of RFC 4122
  return uuid;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_digit(text[i]);
    if (value < 0) return std::nullopt;
    uint32_t& part = uuid.parts[digits++ / 8];
    part = part << 4 | static_cast<uint32_t>(value);
  }
  return uuid;
}

std::string Uuid::to_string() const {
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%04x%08x", parts[0], parts[1] >> 16, parts[1] & 0xffff,
                parts[2] >> 16, parts[2] & 0xffff, parts[3]);
  return text;
}

}  // namespace turnout
