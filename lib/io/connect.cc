// Opens the active kinds of streams.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "lib/io/address.h"
#include "lib/io/daemon.h"
#include "lib/io/fd_stream.h"
#include "lib/io/resolver.h"

namespace turnout::io {

namespace {

constexpr Duration kBusyRetry = std::chrono::milliseconds(10);

// A listener with a full backlog answers EAGAIN; the kernel offers nothing to wait on, so this asks again.
void connect_unix(const std::shared_ptr<FdCore>& core, const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return core->fail_with(errno);
  const int error = connect_path(fd, path);
  if (error == 0) return core->adopt_connected(fd);
  if (error == EINPROGRESS) return core->adopt_connecting(fd);
  close(fd);
  if (error != EAGAIN) return core->fail_with(error);
  auto retry = std::make_shared<Handle>();
  *retry = core->loop().after(kBusyRetry, [core, path, retry]() mutable {
    const auto self = core;
    if (!self->closed()) connect_unix(self, path);
  });
}

int open_tcp(const sockaddr* address, socklen_t size, std::optional<uint8_t> dscp, bool* connecting) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (dscp) mark_packets(fd, address->sa_family, *dscp);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  *connecting = false;
  if (connect(fd, address, size) == 0) return fd;
  const int error = errno;
  *connecting = error == EINPROGRESS;
  if (*connecting) return fd;
  close(fd);
  return -error;
}

void connect_tcp(const std::shared_ptr<FdCore>& core, const SocketAddress& address, std::optional<uint8_t> dscp) {
  bool connecting = false;
  const int fd = open_tcp(address.get(), address.size, dscp, &connecting);
  if (fd < 0) core->fail_with(-fd);
  else if (connecting) core->adopt_connecting(fd);
  else core->adopt_connected(fd);
}

void resolve_and_connect(const std::shared_ptr<FdCore>& core, const Endpoint& where, std::optional<uint8_t> dscp) {
  if (const auto address = numeric_address(where)) return connect_tcp(core, *address, dscp);
  resolve(core->loop().impl().inbox, where, [weak = std::weak_ptr(core), dscp](const std::optional<SocketAddress>& found) {
    const auto self = weak.lock();
    if (!self || self->closed()) return;
    if (!found) return self->fail_with(ENXIO);
    connect_tcp(self, *found, dscp);
  });
}

}  // namespace

bool is_active_name(std::string_view name) {
  return name.starts_with("unix:") || name.starts_with("tcp:") || name.starts_with("ssl:");
}

Result<std::unique_ptr<Stream>> Stream::connect(Loop& loop, std::string_view name, uint16_t default_port,
                                                std::optional<uint8_t> dscp) {
  auto core = std::make_shared<FdCore>(loop);
  if (name.starts_with("unix:")) {
    connect_unix(core, in_run_dir(name.substr(5)));
  } else if (name.starts_with("tcp:") || name.starts_with("ssl:")) {
    const auto where = parse_active(name.substr(4), default_port);
    if (!where) return fail(where);
    std::unique_ptr<TlsChannel> channel;
    if (name.starts_with("ssl:")) channel = TlsChannel::create(loop.tls(), TlsChannel::Side::kConnect, where->host);
    if (name.starts_with("ssl:") && !channel) {
      core->fail_with(ENOPROTOOPT);
    } else {
      if (channel) core->seal(std::move(channel), std::string(name));
      resolve_and_connect(core, *where, dscp);
    }
  } else {
    return fail_errno(name, EAFNOSUPPORT);
  }
  return std::unique_ptr<Stream>(std::make_unique<FdStream>(std::move(core), std::string(name)));
}

}  // namespace turnout::io
