// recvmmsg and sendmmsg with arrays made once; buffers come from the thread's packet pool.
#include "lib/netdev/port_socket.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/counters.h"
#include "lib/net/virtio_net.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

namespace turnout::netdev {

namespace {
Counter bad_metadata{"netdev_rx_bad_metadata"};
Counter send_refused{"netdev_tx_refused"};

// What a burst may queue: enough for TCP's window of large segments, and some ten milliseconds of small frames.
constexpr int kReceiveBuffer = 4 << 20;
constexpr int kSendBuffer = 8 << 20;
// A batch of 64 kB segments should stay in the second-level cache between receive() and send(): 16 of them do, and TCP
// through the switch is a tenth faster than with 64.
constexpr size_t kLargeFrame = 4096;
constexpr size_t kLargeBatch = 16;
constexpr size_t kVlanHeader = 4;
constexpr size_t kMacs = 12;

using VirtioHeader = std::array<uint8_t, net::kVirtioNetHeader>;

// The arrays of one direction, one set per thread: the buffers in them come from the thread's pool, and warm arrays
// serve all of its ports.
struct ReceiveArrays {
  ReceiveArrays() { net::PacketPool::local(); }   // made first, so destroyed after the buffers below
  std::array<mmsghdr, net::kBatchMax> messages{};
  std::array<iovec, net::kBatchMax> vectors{};
  alignas(cmsghdr) std::array<std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))>, net::kBatchMax> control{};
  std::array<net::PacketRef, net::kBatchMax> packets;   // buffers that the last call left unused wait here
};
struct SendArrays {
  std::array<mmsghdr, net::kBatchMax> messages{};
  std::array<std::array<iovec, 2>, net::kBatchMax> vectors{};
  std::array<VirtioHeader, net::kBatchMax> headers{};
};

void set_buffer(int fd, int force_option, int option, int size) {
  if (setsockopt(fd, SOL_SOCKET, force_option, &size, sizeof size) < 0)
    setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
}

Status set_flag(int fd, int option, const char* name) {
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, option, &on, sizeof on) < 0) return fail_errno(name, errno);
  return {};
}

Status configure(int fd, int ifindex) {
  if (Status s = set_flag(fd, PACKET_VNET_HDR, "PACKET_VNET_HDR"); !s) return s;
  if (Status s = set_flag(fd, PACKET_AUXDATA, "PACKET_AUXDATA"); !s) return s;
  if (Status s = set_flag(fd, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING"); !s) return s;
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, kReceiveBuffer);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, kSendBuffer);
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = ifindex;
  promiscuous.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0)
    return fail_errno("promiscuous mode", errno);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = __builtin_bswap16(ETH_P_ALL);
  address.sll_ifindex = ifindex;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return fail_errno("bind", errno);
  return {};
}

const tpacket_auxdata* auxiliary(msghdr& header) {
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  if (!c || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) return nullptr;
  return reinterpret_cast<const tpacket_auxdata*>(CMSG_DATA(c));
}

void restore_vlan(net::Packet& packet, const tpacket_auxdata& aux) {
  const uint16_t tpid = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q;
  const uint8_t tag[kVlanHeader] = {static_cast<uint8_t>(tpid >> 8), static_cast<uint8_t>(tpid),
                                    static_cast<uint8_t>(aux.tp_vlan_tci >> 8), static_cast<uint8_t>(aux.tp_vlan_tci)};
  std::memcpy(packet.insert(kMacs, kVlanHeader), tag, sizeof tag);
}
}  // namespace

struct PortSocket::Impl {
  int fd = -1;
  PortCounters counters;
  size_t burst = net::kBatchMax;      // frames to ask for: fewer while they are large

  ~Impl() {
    if (fd >= 0) close(fd);
  }

  static void prepare(ReceiveArrays& rx, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (!rx.packets[i]) rx.packets[i] = net::PacketPool::local().allocate();
      net::Packet& p = *rx.packets[i];
      p.reset(net::kHeadroom - net::kVirtioNetHeader);
      rx.vectors[i] = {p.data(), p.tailroom()};
      msghdr& h = rx.messages[i].msg_hdr;
      h = {};
      h.msg_iov = &rx.vectors[i];
      h.msg_iovlen = 1;
      h.msg_control = rx.control[i].data();
      h.msg_controllen = rx.control[i].size();
    }
  }

  // The frame of message i, or false if it cannot be used.
  static bool finish(ReceiveArrays& rx, size_t i) {
    net::Packet& p = *rx.packets[i];
    const size_t length = rx.messages[i].msg_len;
    if (length < net::kVirtioNetHeader + ETH_HLEN || rx.messages[i].msg_hdr.msg_flags & MSG_TRUNC) return false;
    p.set_size(length);
    const std::span<const uint8_t> header(p.data(), net::kVirtioNetHeader);
    p.pull(net::kVirtioNetHeader);
    if (net::decode_virtio_net(header, p) != net::VirtioNetError::kNone) return false;
    const tpacket_auxdata* aux = auxiliary(rx.messages[i].msg_hdr);
    if (aux && aux->tp_status & TP_STATUS_VLAN_VALID) restore_vlan(p, *aux);
    return true;
  }
};

PortSocket::PortSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PortSocket::~PortSocket() = default;
int PortSocket::fd() const { return impl_->fd; }
const PortCounters& PortSocket::counters() const { return impl_->counters; }

Result<std::unique_ptr<PortSocket>> PortSocket::open(int ifindex) {
  auto impl = std::make_unique<Impl>();
  // Protocol 0: nothing arrives before bind() has named the link.
  impl->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (impl->fd < 0) return fail_errno("packet socket", errno);
  if (Status s = configure(impl->fd, ifindex); !s) return fail(s);
  return std::unique_ptr<PortSocket>(new PortSocket(std::move(impl)));
}

size_t PortSocket::receive(net::Batch& batch, size_t room) {
  thread_local ReceiveArrays rx;
  const size_t want = std::min(room, impl_->burst);
  if (!want) return 0;
  Impl::prepare(rx, want);
  const int got = recvmmsg(impl_->fd, rx.messages.data(), static_cast<unsigned>(want), MSG_DONTWAIT, nullptr);
  if (got <= 0) return 0;      // nothing there; or the link went down or away, which the socket says once
  size_t kept = 0, bytes = 0;
  for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
    bytes += rx.messages[i].msg_len;
    if (!Impl::finish(rx, i)) {
      impl_->counters.rx_errors.fetch_add(1, std::memory_order_relaxed);
      bad_metadata.add();
      continue;
    }
    batch.push_back(std::move(rx.packets[i]));
    ++kept;
  }
  impl_->burst = bytes > kLargeFrame * static_cast<size_t>(got) ? kLargeBatch : net::kBatchMax;
  return kept;
}

namespace {
bool link_is_gone(int code) { return code == ENETDOWN || code == ENXIO || code == ENODEV; }
}  // namespace

void PortSocket::send(const net::Batch& batch) {
  thread_local SendArrays tx;
  for (size_t first = 0; first < batch.size(); first += net::kBatchMax) {
    const size_t count = std::min(batch.size() - first, net::kBatchMax);
    for (size_t i = 0; i < count; ++i) {
      net::Packet& p = *batch[first + i];
      tx.headers[i] = net::encode_virtio_net(p);
      tx.vectors[i] = {iovec{tx.headers[i].data(), tx.headers[i].size()}, iovec{p.data(), p.size()}};
      tx.messages[i].msg_hdr = {};
      tx.messages[i].msg_hdr.msg_iov = tx.vectors[i].data();
      tx.messages[i].msg_hdr.msg_iovlen = 2;
    }
    for (size_t done = 0; done < count;) {
      const int sent = sendmmsg(impl_->fd, &tx.messages[done], static_cast<unsigned>(count - done), MSG_DONTWAIT);
      if (sent > 0) {
        done += static_cast<size_t>(sent);
        continue;
      }
      if (errno == EINTR) continue;
      const size_t lost = link_is_gone(errno) ? count - done : 1;   // otherwise this frame only
      impl_->counters.tx_dropped.fetch_add(lost, std::memory_order_relaxed);
      send_refused.add(lost);
      done += lost;
    }
  }
}

void PortSocket::read_losses() {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  if (getsockopt(impl_->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
    impl_->counters.ring_lost.fetch_add(stats.tp_drops, std::memory_order_relaxed);   // reading resets them
}

}  // namespace turnout::netdev
