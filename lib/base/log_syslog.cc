// syslog(3) and its datagram substitutes.
#include "lib/base/log_syslog.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/base/strings.h"

namespace turnout {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 20> kFacilities{{
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
    {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},     {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},     {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
    {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},     {"uucp", LOG_UUCP},
}};

// Splits "HOST:PORT" or "[V6]:PORT"; the port may be left out.
std::pair<std::string, std::string> host_and_port(std::string_view text) {
  std::string port = "514";
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end != std::string_view::npos) {
      if (text.substr(end + 1).starts_with(':')) port = text.substr(end + 2);
      return {std::string(text.substr(1, end - 1)), port};
    }
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {std::string(text), port};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<int> open_udp(std::string_view target) {
  const auto [host, port] = host_and_port(target);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (const int e = getaddrinfo(host.c_str(), port.c_str(), &hints, &found)) {
    return fail(std::string(target) + ": " + gai_strerror(e));
  }
  const int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool ok = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  freeaddrinfo(found);
  if (ok) return fd;
  if (fd >= 0) close(fd);
  return fail_errno(target, error);
}

Result<int> open_unix(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail_errno(path, ENAMETOOLONG);
  memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  if (fd >= 0) close(fd);
  return fail_errno(path, error);
}

void replace(int& fd, int next) {
  if (fd >= 0) close(fd);
  fd = next;
}

}  // namespace

std::optional<int> syslog_facility(std::string_view name) {
  for (const auto& [known, value] : kFacilities) {
    if (equal_ignore_case(known, name)) return value;
  }
  return std::nullopt;
}

void SyslogSink::set_program(std::string_view program) {
  if (opened_) closelog();
  opened_ = false;
  program_ = program;
}

Status SyslogSink::set_target(std::string_view host_port) {
  auto fd = open_udp(host_port);
  if (!fd) return fail(fd);
  replace(target_fd_, *fd);
  return {};
}

Status SyslogSink::set_method(std::string_view method) {
  if (method == "libc" || method == "null") {
    method_ = method == "libc" ? Method::kLibc : Method::kNull;
    return {};
  }
  const bool unix_socket = method.starts_with("unix:");
  if (!unix_socket && !method.starts_with("udp:")) {
    return fail("unsupported syslog method '" + std::string(method) + "'");
  }
  auto fd = unix_socket ? open_unix(method.substr(5)) : open_udp(method.substr(4));
  if (!fd) return fail(fd);
  replace(method_fd_, *fd);
  method_ = Method::kDatagram;
  return {};
}

void SyslogSink::write(int severity, const std::string& body, const std::string& framed) {
  if (method_ == Method::kLibc) {
    if (!std::exchange(opened_, true)) openlog(program_.c_str(), LOG_NDELAY, facility_);
    syslog(facility_ | severity, "%s", body.c_str());
  } else if (method_ == Method::kDatagram) {
    [[maybe_unused]] const ssize_t sent = send(method_fd_, framed.data(), framed.size(), MSG_NOSIGNAL);
  }
  if (target_fd_ >= 0) {
    [[maybe_unused]] const ssize_t sent = send(target_fd_, framed.data(), framed.size(), MSG_NOSIGNAL);
  }
}

}  // namespace turnout
