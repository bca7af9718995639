// Connection names and unix paths.
#include "lib/io/address.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/strings.h"

namespace turnout::io {

namespace {

bool valid_port(std::string_view text) {
  const auto port = parse_unsigned(text);
  return port && *port <= 65535;
}

template <typename Call>
int with_path(const std::string& path, Call call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < sizeof address.sun_path) {
    memcpy(address.sun_path, path.data(), path.size());
    return call(address) == 0 ? 0 : errno;
  }
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int dir = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return errno;
  const std::string shorter =
      "/proc/self/fd/" + std::to_string(dir) + "/" + path.substr(slash == std::string::npos ? 0 : slash + 1);
  int error = ENAMETOOLONG;
  if (shorter.size() < sizeof address.sun_path) {
    memcpy(address.sun_path, shorter.data(), shorter.size());
    error = call(address) == 0 ? 0 : errno;
  }
  close(dir);
  return error;
}

}  // namespace

Result<Endpoint> parse_active(std::string_view text, uint16_t default_port) {
  Endpoint endpoint{{}, std::to_string(default_port)};
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(std::string(text) + ": missing ']'", EINVAL);
    endpoint.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return fail(std::string(text) + ": bad port", EINVAL);
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const size_t colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (endpoint.host.empty()) return fail(std::string(text) + ": host must be specified", EINVAL);
  if (!port.empty()) {
    if (!valid_port(port)) return fail(std::string(text) + ": bad port number \"" + std::string(port) + "\"", EINVAL);
    endpoint.port = port;
  }
  return endpoint;
}

Result<Endpoint> parse_passive(std::string_view text, uint16_t default_port) {
  Endpoint endpoint{{}, std::to_string(default_port)};
  const size_t colon = text.find(':');
  const std::string_view port = text.substr(0, colon);
  if (!port.empty()) {
    if (!valid_port(port)) return fail(std::string(text) + ": bad port number \"" + std::string(port) + "\"", EINVAL);
    endpoint.port = port;
  }
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    endpoint.host = host;
  }
  return endpoint;
}

std::string format_endpoint(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + endpoint.port;
}

void mark_packets(int fd, int family, uint8_t dscp) {
  const int tos = dscp << 2;
  // A socket for IPv6 may carry IPv4 as well.
  setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
}

int bind_path(int fd, const std::string& path) {
  return with_path(path, [fd](const sockaddr_un& address) {
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
}

int connect_path(int fd, const std::string& path) {
  return with_path(path, [fd](const sockaddr_un& address) {
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
}

}  // namespace turnout::io
