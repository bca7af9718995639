// Opens the passive kinds: listeners that hand out accepted streams.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>

#include "lib/base/log.h"
#include "lib/io/address.h"
#include "lib/io/daemon.h"
#include "lib/io/exit_files.h"
#include "lib/io/fd_stream.h"

namespace turnout::io {

namespace {

Log log{"stream"};

constexpr int kBacklog = 512;
constexpr int kAcceptsPerTurn = 32;

std::string peer_name(std::string_view kind, const sockaddr_storage& peer, socklen_t size) {
  char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
  getnameinfo(reinterpret_cast<const sockaddr*>(&peer), size, host, sizeof host, port, sizeof port,
              NI_NUMERICHOST | NI_NUMERICSERV);
  return std::string(kind) + format_endpoint({host, port});
}

class FdListener : public Listener {
 public:
  FdListener(Loop& loop, int fd, std::string name, std::string path, Accept accept)
      : loop_(loop), fd_(fd), name_(std::move(name)), path_(std::move(path)), accept_(std::move(accept)) {
    if (!path_.empty()) remove_at_exit(path_);
    watch();
  }
  ~FdListener() override {
    watch_.reset();
    pause_.reset();
    close(fd_);
    if (!path_.empty()) remove_now(path_);
  }
  uint16_t bound_port() const override {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) != 0) return 0;
    if (own.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&own)->sin_port);
    if (own.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&own)->sin6_port);
    return 0;
  }
  const std::string& name() const override { return name_; }

 private:
  void watch() {
    watch_ = loop_.watch(fd_, Loop::kReadable, [this](unsigned) { accept_some(); });
  }
  bool is_tls() const { return name_.starts_with("pssl:"); }
  void accept_some();
  void begin_handshake(int fd, const sockaddr_storage& peer, socklen_t size);
  void handshake_done(FdStream* stream);
  std::unique_ptr<FdStream> adopt(int fd, const sockaddr_storage& peer, socklen_t size);

  Loop& loop_;
  int fd_;
  std::string name_, path_;
  Accept accept_;
  Handle watch_, pause_;
  unsigned accepted_ = 0;
  std::list<std::unique_ptr<FdStream>> shaking_;   // in their TLS handshake
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

void FdListener::accept_some() {
  const std::weak_ptr<bool> alive = alive_;
  for (int i = 0; i < kAcceptsPerTurn && !alive.expired(); ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && is_tls()) {
      begin_handshake(fd, peer, size);
      continue;
    }
    if (fd >= 0) {
      const Accept accept = accept_;  // the callback may destroy this listener
      accept(adopt(fd, peer, size));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    static LogRateLimit limit{20};
    log.limited(limit, LogLevel::kErr, "{}: accept failed ({})", name_, strerror(errno));
    watch_.reset();  // out of descriptors, for example: do not spin
    pause_ = loop_.after(std::chrono::seconds(1), [this] { watch(); });
    return;
  }
}

std::unique_ptr<FdStream> FdListener::adopt(int fd, const sockaddr_storage& peer, socklen_t size) {
  std::string name;
  auto core = std::make_shared<FdCore>(loop_);
  if (path_.empty()) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    name = peer_name(is_tls() ? "ssl:" : "tcp:", peer, size);
    if (is_tls()) {
      auto channel = TlsChannel::create(loop_.tls(), TlsChannel::Side::kAccept, {});
      if (!channel) {
        static LogRateLimit limit{5};
        log.limited(limit, LogLevel::kErr, "{}: connection of {} refused: TLS is not configured", name_, name);
        close(fd);
        return nullptr;
      }
      core->seal(std::move(channel), name);
    }
  } else {
    name = "unix#" + std::to_string(accepted_++);
  }
  core->adopt_connected(fd);
  return std::make_unique<FdStream>(std::move(core), std::move(name));
}

void FdListener::begin_handshake(int fd, const sockaddr_storage& peer, socklen_t size) {
  auto adopted = adopt(fd, peer, size);
  if (!adopted) return;
  FdStream* const stream = adopted.get();
  shaking_.push_back(std::move(adopted));
  Stream::Handler handler;
  handler.connected = [this, stream] { handshake_done(stream); };
  handler.closed = [this, stream](const Error& error) {
    static LogRateLimit limit{20};
    log.limited(limit, LogLevel::kWarn, "{}: connection dropped ({})", stream->name(), error.message);
    std::erase_if(shaking_, [stream](const auto& other) { return other.get() == stream; });
  };
  stream->start(std::move(handler));
}

void FdListener::handshake_done(FdStream* stream) {
  const auto at = std::find_if(shaking_.begin(), shaking_.end(), [stream](const auto& other) { return other.get() == stream; });
  std::unique_ptr<Stream> ready = std::move(*at);
  shaking_.erase(at);
  stream->core().hand_over();
  const Accept accept = accept_;  // the callback may destroy this listener
  accept(std::move(ready));
}

Result<int> listen_unix(const std::string& path) {
  struct stat existing;
  if (lstat(path.c_str(), &existing) == 0 && S_ISSOCK(existing.st_mode)) unlink(path.c_str());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail_errno(path, errno);
  const mode_t old = umask(0);
  umask(old | 0007);  // owner and group only
  int error = bind_path(fd, path);
  umask(old);
  if (error == 0 && ::listen(fd, kBacklog) != 0) error = errno;
  if (error == 0) return fd;
  close(fd);
  return fail_errno(path, error);
}

Result<int> listen_tcp(const std::string& name, const Endpoint& where, std::optional<uint8_t> dscp) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_family = where.host.empty() ? AF_INET : AF_UNSPEC;
  if (getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(), where.port.c_str(), &hints, &found)) {
    return fail(name + ": bad IP address \"" + where.host + "\"", EAFNOSUPPORT);
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (dscp) mark_packets(fd, found->ai_family, *dscp);
  const bool ok = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0;
  const int error = errno;
  freeaddrinfo(found);
  if (ok) return fd;
  if (fd >= 0) close(fd);
  return fail_errno(name, error);
}

}  // namespace

bool is_passive_name(std::string_view name) {
  return name.starts_with("punix:") || name.starts_with("ptcp:") || name.starts_with("pssl:");
}

Result<std::unique_ptr<Listener>> Listener::listen(Loop& loop, std::string_view name, Accept accept,
                                                   uint16_t default_port, std::optional<uint8_t> dscp) {
  const std::string text(name);
  std::string path;
  int fd = -1;
  if (name.starts_with("punix:")) {
    path = in_run_dir(name.substr(6));
    const auto opened = listen_unix(path);
    if (!opened) return fail(opened);
    fd = *opened;
  } else if (name.starts_with("ptcp:") || name.starts_with("pssl:")) {
    const auto where = parse_passive(name.substr(5), default_port);
    if (!where) return fail(where);
    const auto opened = listen_tcp(text, *where, dscp);
    if (!opened) return fail(opened);
    fd = *opened;
  } else {
    return fail_errno(name, EAFNOSUPPORT);
  }
  return std::unique_ptr<Listener>(
      std::make_unique<FdListener>(loop, fd, text, std::move(path), std::move(accept)));
}

}  // namespace turnout::io
