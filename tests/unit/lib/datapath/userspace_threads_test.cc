// The userspace datapath with packet threads: traffic while ports and threads come and go.
#include <gtest/gtest.h>

#include <dirent.h>

#include <thread>

#include "tests/unit/lib/datapath/lab.h"

namespace turnout::datapath {
namespace {

template <typename F>
bool eventually(F holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds())
    if (std::chrono::steady_clock::now() > deadline) return false;
    else std::this_thread::yield();
  return true;
}

// Answers with a flow from each port to the other of its pair.
UpcallReply cross(const Upcall& upcall) {
  const uint32_t in = upcall.key.in_port;
  return install({Output{DpPort{in % 2 ? in + 1 : in - 1}}});
}

TEST(PacketThreads, ForwardBetweenPortsOfDifferentThreads) {
  Lab lab(2);
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = cross;
  for (int i = 0; i < 500; ++i) {
    a->inject(ethernet(2, 1));
    b->inject(ethernet(1, 2));
  }
  EXPECT_TRUE(a->wait_sent(500));
  EXPECT_TRUE(b->wait_sent(500));
  EXPECT_EQ(lab.dp->totals().hit + lab.dp->totals().missed, 1000u);
}

TEST(PacketThreads, RedistributionLosesNothing) {
  Lab lab(1);
  std::vector<std::shared_ptr<FakeDevice::Wire>> wires;
  for (int i = 0; i < 8; ++i) wires.push_back(lab.add("p" + std::to_string(i)));
  lab.sink.answer = cross;
  std::atomic<bool> stop{false};
  size_t injected = 0;
  std::thread traffic([&] {
    while (!stop || injected < 100) {
      for (auto& wire : wires) wire->inject(ethernet(2, 1));
      ++injected;
    }
  });
  for (unsigned n : {3u, 1u, 2u, 0u, 4u, 2u}) lab.dp->set_threads(n);
  stop = true;
  traffic.join();
  for (auto& wire : wires) EXPECT_TRUE(wire->wait_sent(injected));
  EXPECT_EQ(lab.dp->totals().hit + lab.dp->totals().missed, injected * wires.size());
}

TEST(PacketThreads, NobodyTouchesADeviceAfterItsPortIsDeleted) {
  Lab lab(2);
  auto a = lab.add("a");
  lab.sink.answer = [](const Upcall&) { return install({Output{DpPort{2}}, Output{DpPort{1}}}); };
  std::atomic<bool> stop{false};
  a->keep_sent = false;
  std::thread traffic([&] {
    while (!stop) a->inject(ethernet(2, 1));
  });
  for (int i = 0; i < 50; ++i) {
    auto b = lab.add("b");
    EXPECT_EQ(lab.last, DpPort{2});
    b->inject(ethernet(1, 2));
    EXPECT_TRUE(b->wait_sent(1));
    EXPECT_TRUE(lab.dp->del_port(DpPort{2}));
    EXPECT_TRUE(b->gone);
    EXPECT_FALSE(b->touched_after_gone);
    lab.dp->flush_flows();
  }
  stop = true;
  traffic.join();
}

TEST(PacketThreads, FlowsChangeUnderTraffic) {
  Lab lab(2);
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall& upcall) {
    return install({Output{DpPort{3 - upcall.key.in_port}}}, [](flow::FlowMask& m) { TURNOUT_MASK_ALL(m, eth_src); });
  };
  std::thread traffic([&] {
    for (int i = 0; i < 20000; ++i) (i & 1 ? a : b)->inject(ethernet(2, static_cast<uint8_t>(i)));
  });
  for (int i = 0; i < 200; ++i) {
    std::vector<FlowEntry> flows;
    lab.dp->each_flow([&](const FlowEntry& f) { flows.push_back(f); });
    for (size_t n = 0; n < flows.size(); ++n) {
      if (n % 2) lab.dp->del_flow(flows[n].ufid);
      else (void)lab.dp->put_flow(flows[n], true);
    }
    if (i % 50 == 0) lab.dp->flush_flows();
  }
  traffic.join();
  EXPECT_TRUE(a->wait_sent(10000));
  EXPECT_TRUE(b->wait_sent(10000));
}

TEST(PacketThreads, FiveHundredPortsNeedNoMoreThreads) {
  Lab lab(2);
  std::vector<std::shared_ptr<FakeDevice::Wire>> wires;
  for (int i = 0; i < 500; ++i) wires.push_back(lab.add("p" + std::to_string(i)));
  lab.sink.answer = cross;
  for (auto& wire : wires) wire->inject(ethernet(2, 1));
  for (auto& wire : wires) EXPECT_TRUE(wire->wait_sent(1));
  for (uint32_t i = 1; i <= 500; ++i) EXPECT_TRUE(lab.dp->del_port(DpPort{i}));
  EXPECT_EQ(lab.dp->ports().size(), 1u);
}

// A device that is gone may stay readable: its readiness fd is never drained here.
class StuckDevice : public FakeDevice {
 public:
  StuckDevice(std::shared_ptr<Wire> wire, std::atomic<uint64_t>& looks) : FakeDevice("stuck", "system", wire), looks_(looks) {}
  size_t receive(net::Batch&, size_t) override { return ++looks_, 0; }

 private:
  std::atomic<uint64_t>& looks_;
};

TEST(PacketThreads, ADeviceThatIsAlwaysReadyDoesNotBurnTheCpu) {
  Lab lab(1);
  std::atomic<uint64_t> looks{0};
  auto wire = std::make_shared<FakeDevice::Wire>();
  wire->inject(ethernet(1, 2));
  ASSERT_TRUE(lab.dp->add_port(std::make_unique<StuckDevice>(wire, looks), {}));
  ASSERT_TRUE(eventually([&] { return looks >= 64; }));
  auto a = lab.add("a");
  lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install({Output{DpPort{3}}}); };
  const uint64_t before = looks;
  for (int i = 0; i < 100; ++i) a->inject(ethernet(2, 1));
  ASSERT_TRUE(eventually([&] { return lab.dp->totals().hit >= 99; }));
  EXPECT_LT(looks - before, 1000u);
}

}  // namespace
}  // namespace turnout::datapath
