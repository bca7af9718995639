// Sends 64-byte Ethernet frames of a private EtherType on a device as fast as it takes them, for some seconds, in
// batches. usage: bench_flood DEVICE DESTINATION_MAC SECONDS FLOWS. Prints how many were sent.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr size_t kFrame = 60;   // 64 with the checksum that a wire would add
constexpr size_t kBatch = 64;
constexpr uint16_t kEtherType = 0x88b5;   // IEEE 802 local experimental

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int open_socket(const char* device, uint8_t source[6]) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) die("socket");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(device));
  if (!address.sll_ifindex) die(device);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) die("bind");
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
  if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) die("SIOCGIFHWADDR");
  std::memcpy(source, request.ifr_hwaddr.sa_data, 6);
  int on = 1;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_flood DEVICE DESTINATION_MAC SECONDS FLOWS\n");
    return 1;
  }
  uint8_t source[6];
  int fd = open_socket(argv[1], source);
  unsigned mac[6];
  if (std::sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6) die("bad MAC");
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<long>(std::atof(argv[3]) * 1000));
  unsigned flows = static_cast<unsigned>(std::atoi(argv[4]));

  std::vector<std::array<uint8_t, kFrame>> frames(kBatch);
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    auto& f = frames[i];
    f.fill(0);
    for (int b = 0; b < 6; ++b) f[static_cast<size_t>(b)] = static_cast<uint8_t>(mac[b]);
    std::memcpy(&f[6], source, 6);
    // More than one flow: source addresses that differ in their last byte.
    if (flows > 1) f[11] = static_cast<uint8_t>(f[11] + i % flows);
    f[12] = kEtherType >> 8;
    f[13] = kEtherType & 0xff;
    parts[i] = {f.data(), f.size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  unsigned long long sent = 0;
  while (std::chrono::steady_clock::now() < end) {
    int n = sendmmsg(fd, messages.data(), kBatch, 0);
    if (n > 0) sent += static_cast<unsigned>(n);
  }
  std::printf("%llu\n", sent);
}
