// /dev/net/tun with offload metadata. tuntap.txt of the kernel's documentation.
#include "lib/netdev/tap_socket.h"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/net/virtio_net.h"

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

namespace turnout::netdev {

namespace {
constexpr unsigned kUdpSegments = 0x20 | 0x40;       // TUN_F_USO4, TUN_F_USO6 since Linux 6.2
constexpr size_t kLargeFrame = 4096, kLargeBatch = 16;  // as for packet sockets: stay in the cache

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), size_t{IFNAMSIZ - 1}));
  return request;
}
}  // namespace

TapSocket::TapSocket(TapSocket&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)), udp_segments_(o.udp_segments_), burst_(o.burst_),
      rx_errors_(o.rx_errors()), tx_dropped_(o.tx_dropped()) {}

TapSocket::~TapSocket() {
  if (fd_ >= 0) close(fd_);
}

Result<TapSocket> TapSocket::open(const std::string& name, Open how) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail_errno("/dev/net/tun", errno);
  TapSocket tap(fd, false);
  ifreq request = request_for(name);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (how == Open::kCreate ? IFF_TUN_EXCL : 0));
  if (ioctl(fd, TUNSETIFF, &request) < 0) {
    int code = errno;
    if (how == Open::kCreate && (code == EBUSY || code == EINVAL)) code = EEXIST;   // EINVAL: a link that is no tap
    return fail_errno(name, code);
  }
  const unsigned offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  tap.udp_segments_ = ioctl(fd, TUNSETOFFLOAD, offload | kUdpSegments) == 0;
  if (!tap.udp_segments_ && ioctl(fd, TUNSETOFFLOAD, offload) < 0) return fail_errno(name + ": TUNSETOFFLOAD", errno);
  int header = net::kVirtioNetHeader;
  if (ioctl(fd, TUNSETVNETHDRSZ, &header) < 0) return fail_errno(name + ": TUNSETVNETHDRSZ", errno);
  return tap;
}

// A deleted tap's descriptor is ready for ever. Another file takes over its number, which drops it from every epoll set.
void TapSocket::fall_silent() {
  const int quiet = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (quiet < 0) return;
  dup3(quiet, fd_, O_CLOEXEC);
  close(quiet);
}

size_t TapSocket::receive(net::Batch& batch, size_t room) {
  const size_t want = std::min(room, burst_);
  size_t kept = 0, bytes = 0;
  while (kept < want) {
    net::PacketRef packet = net::PacketPool::local().allocate();
    packet->reset(net::kHeadroom - net::kVirtioNetHeader);
    const ssize_t n = read(fd_, packet->data(), packet->tailroom());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EBADFD) fall_silent();
    if (n < 0) break;
    bytes += static_cast<size_t>(n);
    packet->set_size(static_cast<size_t>(n));
    const std::span<const uint8_t> header(packet->data(), std::min(static_cast<size_t>(n), net::kVirtioNetHeader));
    const bool whole = static_cast<size_t>(n) >= net::kVirtioNetHeader + ETH_HLEN;
    if (whole) packet->pull(net::kVirtioNetHeader);
    if (!whole || net::decode_virtio_net(header, *packet) != net::VirtioNetError::kNone) {
      rx_errors_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    batch.push_back(std::move(packet));
    ++kept;
  }
  if (kept) burst_ = bytes > kLargeFrame * kept ? kLargeBatch : net::kBatchMax;
  return kept;
}

void TapSocket::send(const net::Batch& batch) {
  for (const net::PacketRef& packet : batch) {
    auto header = net::encode_virtio_net(*packet);
    const iovec parts[2] = {{header.data(), header.size()}, {packet->data(), packet->size()}};
    ssize_t n;
    do n = writev(fd_, parts, 2);
    while (n < 0 && errno == EINTR);
    if (n < 0) tx_dropped_.fetch_add(1, std::memory_order_relaxed);   // down (EIO), deleted, or out of memory
  }
}

Status TapSocket::set_persistent(bool persistent) {
  if (ioctl(fd_, TUNSETPERSIST, persistent ? 1 : 0) < 0) return fail_errno("TUNSETPERSIST", errno);
  return {};
}

Status TapSocket::set_mac(const net::Mac& mac) {
  ifreq request{};
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, mac.bytes.data(), mac.bytes.size());
  if (ioctl(fd_, SIOCSIFHWADDR, &request) < 0) return fail_errno("setting the MAC address", errno);
  return {};
}

std::optional<TapSocket::Place> TapSocket::place() const {
  ifreq request{};
  if (ioctl(fd_, TUNGETIFF, &request) < 0) return {};
  const int ns = ioctl(fd_, TUNGETDEVNETNS);
  if (ns < 0) return {};
  fcntl(ns, F_SETFD, FD_CLOEXEC);
  return Place{netlink::Netns(ns), std::string(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ))};
}

}  // namespace turnout::netdev
