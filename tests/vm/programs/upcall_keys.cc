// Sends frames into a port of a kernel datapath, one at a time, and compares the key of the upcall that each causes with what
// lib/flow extracts from the same bytes, as far as a kernel's keys have attributes for it (they have none for the type of
// an IGMP message, for what a neighbour discovery packet reserves …). The datapath stands already; nobody else takes its upcalls.
//
// usage: upcall_keys DISPATCH DATAPATH PORT PEER < FRAMES
//   DISPATCH  per-cpu or per-vport: how the kernel is to choose a socket for an upcall
//   PEER      the other end of PORT's pair
//   FRAMES    as hexadecimal, one a line
// Prints a line a frame: "same HEX", "none HEX" (no upcall came), or "differs HEX KERNEL | EXTRACTED".
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/datapath/kernel/kernel.h"
#include "lib/datapath/kernel/key_codec.h"
#include "lib/datapath/key_text.h"
#include "lib/flow/extract.h"

namespace {

using namespace turnout;
using Bytes = std::vector<uint8_t>;
constexpr auto kPatience = std::chrono::seconds(3);

// Remembers the key of one frame.
class Sink final : public datapath::UpcallSink {
 public:
  datapath::UpcallReply upcall(const datapath::Upcall& upcall) override {
    std::lock_guard lock(mutex_);
    if (std::ranges::equal(upcall.packet.bytes(), wanted_)) {
      key_ = upcall.key;
      came_.notify_all();
    }
    return {};
  }
  void flow_installed(const datapath::Ufid&, bool) override {}

  void expect(const Bytes& frame) {
    std::lock_guard lock(mutex_);
    wanted_ = frame;
    key_.reset();
  }
  std::optional<flow::FlowKey> wait() {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, kPatience, [&] { return key_.has_value(); });
    return key_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  Bytes wanted_;
  std::optional<flow::FlowKey> key_;
};

std::optional<Bytes> parse_hex(const std::string& text) {
  Bytes bytes;
  if (text.size() % 2) return std::nullopt;
  for (size_t i = 0; i < text.size(); i += 2) {
    char* end = nullptr;
    const std::string pair = text.substr(i, 2);
    bytes.push_back(static_cast<uint8_t>(std::strtoul(pair.c_str(), &end, 16)));
    if (*end) return std::nullopt;
  }
  return bytes;
}

int packet_socket(const char* device) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device));
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return -1;
  return fd;
}

flow::FlowKey extracted(const Bytes& frame, DpPort port) {
  auto packet = net::PacketPool::local().allocate();
  packet->assign(frame);
  packet->in_port = port;
  flow::FlowKey key;
  flow::extract(*packet, key);
  datapath::kernel::AttributeWriter attributes;
  datapath::kernel::encode_key(key, attributes);
  return datapath::kernel::decode_key(attributes.bytes()).value_or(key);
}

std::string verdict(const std::optional<flow::FlowKey>& kernel, const flow::FlowKey& ours, const std::string& hex) {
  if (!kernel) return "none " + hex;
  if (std::memcmp(&*kernel, &ours, sizeof ours) == 0) return "same " + hex;
  return "differs " + hex + " " + datapath::format_key(*kernel) + " | " + datapath::format_key(ours);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::cerr << "usage: upcall_keys DISPATCH DATAPATH PORT PEER < FRAMES\n", 2;
  using Options = datapath::KernelOptions;
  Options options;
  options.dispatch = std::string_view(argv[1]) == "per-vport" ? Options::Dispatch::kByVport : Options::Dispatch::kByCpu;
  options.handlers = 2;
  options.name = argv[2];
  options.make = Options::Make::kStanding;
  options.outlives_object = true;
  auto dp = datapath::make_kernel(options);
  if (!dp) return std::cerr << dp.error().message << "\n", 1;
  DpPort port = kDpPortNone;
  for (const auto& p : (*dp)->ports())
    if (p.name == argv[3]) port = p.number;
  const int fd = packet_socket(argv[4]);
  if (port == kDpPortNone || fd < 0) return std::cerr << "no such port or peer\n", 1;
  flow::set_vlan_limit(2);           // which a kernel always looks at
  Sink sink;
  (*dp)->set_upcall_sink(&sink);
  if ((*dp)->dispatch_mode() != argv[1]) return std::cerr << "the module dispatches " << (*dp)->dispatch_mode() << "\n", 1;
  for (std::string hex; std::getline(std::cin, hex);) {
    const auto frame = parse_hex(hex);
    if (!frame) return std::cerr << "not hexadecimal: " << hex << "\n", 1;
    sink.expect(*frame);
    if (send(fd, frame->data(), frame->size(), 0) < 0) std::cout << "refused " << hex << std::endl;
    else std::cout << verdict(sink.wait(), extracted(*frame, port), hex) << std::endl;
  }
  dp->reset();
  return 0;
}
