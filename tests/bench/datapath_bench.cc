// What one packet costs in the userspace datapath beside input and output: a device that hands out the same frames again
// and again, a device that throws them away, and the flows between them. Prints nanoseconds a packet.
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "lib/base/rcu.h"
#include "lib/datapath/userspace/userspace.h"

namespace turnout::datapath {
namespace {

class Device : public netdev::Device {
 public:
  explicit Device(std::string name) : name_(std::move(name)) {}
  ~Device() override { close(ready_); }
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "system"; }
  int readiness_fd() const override { return ready_; }
  size_t receive(net::Batch& batch, size_t room) override {
    if (!left) return 0;
    const size_t n = std::min<size_t>({room, batch_size, left});
    for (size_t i = 0; i < n; ++i) batch.push_back(frame(next_++));
    left -= n;
    return n;
  }
  void send(const net::Batch& batch) override { sent += batch.size(); }
  netdev::Capabilities capabilities() const override { return {}; }
  netdev::LinkState link_state() const override { return {}; }
  Result<netdev::Statistics> statistics() const override { return netdev::Statistics{}; }
  Status set_admin_up(bool) override { return {}; }
  Status set_mtu(int) override { return {}; }
  Status set_mac(const net::Mac&) override { return {}; }

  size_t left = 0, sent = 0, batch_size = 32;
  uint32_t connections = 1;

 private:
  // UDP over IPv4 in 64 bytes; the source port says which connection.
  net::PacketRef frame(uint32_t i) {
    net::PacketRef packet = net::PacketPool::local().allocate();
    packet->reset();
    packet->set_size(60);
    uint8_t* d = packet->data();
    static constexpr uint8_t kHeaders[] = {2,    0, 0, 0, 0,  2,  2, 0, 0,  0, 0, 1, 8,  0, 0x45, 0, 0, 46, 0, 0, 0,
                                           0,    64, 17, 0, 0, 10, 0, 0, 1,  10, 0, 0, 2, 0, 0,    0, 9, 0, 26, 0, 0};
    std::memcpy(d, kHeaders, sizeof kHeaders);
    const uint32_t connection = i % connections;
    d[34] = static_cast<uint8_t>(connection >> 8);
    d[35] = static_cast<uint8_t>(connection);
    d[29] = static_cast<uint8_t>(connection >> 16);
    return packet;
  }
  std::string name_;
  int ready_ = eventfd(0, EFD_CLOEXEC);
  uint32_t next_ = 0;
};

struct Sink : UpcallSink {
  UpcallReply upcall(const Upcall& upcall) override {
    UpcallReply reply;
    reply.actions = {Output{DpPort{2}}};
    reply.install = true;
    TURNOUT_MASK_ALL(reply.mask, in_port);
    TURNOUT_MASK_ALL(reply.mask, recirc_id);
    TURNOUT_MASK_ALL(reply.mask, eth_dst);
    TURNOUT_MASK_ALL(reply.mask, eth_src);
    TURNOUT_MASK_ALL(reply.mask, eth_type);
    if (per_connection) TURNOUT_MASK_ALL(reply.mask, tp_src);
    (void)upcall;
    return reply;
  }
  void flow_installed(const Ufid&, bool) override {}
  bool per_connection = false;
};

void measure(const char* what, uint32_t connections, bool per_connection, size_t packets) {
  Sink sink;
  sink.per_connection = per_connection;
  UserspaceOptions options;
  options.threads = 0;
  auto datapath = make_userspace(std::move(options));
  datapath->set_upcall_sink(&sink);
  auto in = std::make_unique<Device>("in"), out = std::make_unique<Device>("out");
  Device& source = *in;
  source.connections = connections;
  (void)datapath->add_port(std::move(in), DpPort{1});
  (void)datapath->add_port(std::move(out), DpPort{2});
  source.left = std::max<size_t>(connections * 2, 10000);
  datapath->quiesce();
  source.left = packets;
  const auto start = std::chrono::steady_clock::now();
  datapath->quiesce();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  const Totals t = datapath->totals();
  std::printf("%-52s %7.1f ns a packet   cached %5.1f %%\n", what, took.count() / static_cast<double>(packets),
              100.0 * static_cast<double>(t.cache_hits) / static_cast<double>(t.hit + t.missed));
}

void measure_misses(size_t packets) {
  Sink sink;
  sink.per_connection = true;
  UserspaceOptions options;
  options.threads = 0;
  options.flow_limit = packets * 2;
  auto datapath = make_userspace(std::move(options));
  datapath->set_upcall_sink(&sink);
  auto in = std::make_unique<Device>("in");
  Device& source = *in;
  source.connections = 65536;
  (void)datapath->add_port(std::move(in), DpPort{1});
  (void)datapath->add_port(std::make_unique<Device>("out"), DpPort{2});
  source.left = packets;
  const auto start = std::chrono::steady_clock::now();
  datapath->quiesce();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  std::printf("%-52s %7.1f ns a packet\n", "miss, upcall that costs nothing, flow installed", took.count() / static_cast<double>(packets));
}

}  // namespace
}  // namespace turnout::datapath

int main(int argc, char** argv) {
  using namespace turnout::datapath;
  turnout::RcuThread rcu;
  const size_t packets = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 5'000'000;
  measure("one connection, one flow", 1, false, packets);
  measure("1000 connections, one flow", 1000, false, packets);
  measure("1000 connections, 1000 flows", 1000, true, packets);
  measure("50000 connections, one flow (cache too small)", 50000, false, packets);
  measure("50000 connections, 50000 flows (cache too small)", 50000, true, packets);
  measure_misses(50000);
}
