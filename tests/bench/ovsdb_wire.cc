// Blocking sockets and message ends for the database benchmark.
#include "tests/bench/ovsdb_wire.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace bench {

void die(const std::string& what) {
  std::fprintf(stderr, "bench_ovsdb: %s%s%s\n", what.c_str(), errno ? ": " : "", errno ? std::strerror(errno) : "");
  std::exit(1);
}

uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

uint64_t cpu_ns(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/schedstat";
  FILE* file = std::fopen(path.c_str(), "re");
  unsigned long long ns = 0;
  if (!file || std::fscanf(file, "%llu", &ns) != 1) die(path);
  std::fclose(file);
  return ns;
}

Wire::Wire(const std::string& socket_path, int patience_ms) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) die("socket name is too long");
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const uint64_t limit = now_ns() + static_cast<uint64_t>(patience_ms) * 1'000'000;
  while (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    if (now_ns() >= limit) die(socket_path);
    usleep(500);
  }
}

Wire::Wire(Wire&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)), bytes_(std::move(o.bytes_)), start_(o.start_), scanned_(o.scanned_), depth_(o.depth_),
      in_string_(o.in_string_), escaped_(o.escaped_) {}

Wire::~Wire() {
  if (fd_ >= 0) close(fd_);
}

pid_t Wire::peer() const {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0) die("SO_PEERCRED");
  return who.pid;
}

void Wire::send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0) die("send");
    text.remove_prefix(static_cast<size_t>(n));
  }
}

void Wire::read_more() {
  if (start_ == bytes_.size()) {
    bytes_.clear();
    start_ = scanned_ = 0;
  }
  char chunk[65536];
  const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n == 0) errno = 0;
  if (n <= 0) die("the server closed the connection");
  bytes_.append(chunk, static_cast<size_t>(n));
}

std::string_view Wire::buffered() {
  for (; scanned_ < bytes_.size(); ++scanned_) {
    const char c = bytes_[scanned_];
    if (in_string_) {
      if (escaped_) escaped_ = false;
      else if (c == '\\') escaped_ = true;
      else if (c == '"') in_string_ = false;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      const size_t from = std::exchange(start_, scanned_ + 1);
      ++scanned_;
      return std::string_view(bytes_).substr(from, scanned_ - from);
    }
  }
  return {};
}

std::string_view Wire::receive() {
  for (;;) {
    if (const auto message = buffered(); !message.empty()) return message;
    read_more();
  }
}

}  // namespace bench
