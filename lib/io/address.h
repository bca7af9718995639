// Connection names taken apart, and socket addresses of any length of path. lib/io only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout::io {

struct Endpoint {
  std::string host;   // without brackets; empty: any
  std::string port;   // decimal
};

// "IP:PORT", "[V6]:PORT", "IP" (then the default port).
Result<Endpoint> parse_active(std::string_view text, uint16_t default_port);
// "PORT:IP", "PORT", ":IP", "".
Result<Endpoint> parse_passive(std::string_view text, uint16_t default_port);
std::string format_endpoint(const Endpoint& endpoint);  // brackets round an IPv6 address

// Marks what a TCP socket sends with a differentiated services code point, 0 to 63.
void mark_packets(int fd, int family, uint8_t dscp);

// Calls bind(2) or connect(2) on a path, through /proc/self/fd where it is longer than a socket address can hold.
// 0 or an errno value.
int bind_path(int fd, const std::string& path);
int connect_path(int fd, const std::string& path);

}  // namespace turnout::io
