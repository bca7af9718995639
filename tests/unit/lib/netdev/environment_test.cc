// Devices on real links, in a network namespace of the test's own. Needs root; skipped without.
#include "lib/netdev/registry.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "lib/netdev/ingress_drop.h"
#include "lib/netlink/link.h"

namespace turnout::netdev {
namespace {

const std::vector<uint8_t> kArpFrame = [] {
  std::vector<uint8_t> f(60);
  std::fill_n(f.begin(), 6, 0xff);
  f[6] = 2, f[11] = 1, f[12] = 0x08, f[13] = 0x06;
  return f;
}();

net::Batch batch_of(const std::vector<uint8_t>& frame) {
  net::PacketRef p = net::PacketPool::local().allocate();
  p->assign(frame);
  net::Batch b;
  b.push_back(std::move(p));
  return b;
}

// Sends the frame until it arrives, skipping what the kernel says by itself (router solicitations). A link that has just
// come up drops what is sent until the kernel has activated its queue.
bool passes(Device& from, Device& to, const std::vector<uint8_t>& frame) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  net::Batch batch;
  while (std::chrono::steady_clock::now() < deadline) {
    from.send(batch_of(frame));
    pollfd p{to.readiness_fd(), POLLIN, 0};
    poll(&p, 1, 100);
    batch.clear();
    to.receive(batch, net::kBatchMax);
    for (const auto& packet : batch)
      if (std::equal(frame.begin(), frame.end(), packet->bytes().begin(), packet->bytes().end())) return true;
  }
  return false;
}

class EnvironmentTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { entered_ = geteuid() == 0 && unshare(CLONE_NEWNET) == 0; }
  void SetUp() override {
    if (!entered_) GTEST_SKIP() << "needs root and network namespaces";
    char name[] = "/tmp/environment_test_XXXXXX";
    directory_ = mkdtemp(name);
    links_ = std::move(*netlink::LinkSocket::open());
    environment_ = std::make_unique<Environment>(loop_, directory_);
  }
  void TearDown() override {
    if (environment_) environment_->remove_all();
    environment_.reset();
    if (links_) {
      const auto left = *links_->list();
      for (const auto& link : left)
        if (link.name != "lo") (void)links_->remove(link.ifindex).has_value();
    }
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  void veth() {
    ASSERT_TRUE(links_->create_veth("va", "vb"));
    for (const char* name : {"va", "vb"}) ASSERT_TRUE(links_->set_up(links_->get(name)->ifindex, true));
  }
  std::unique_ptr<Device> open(const std::string& name, const std::string& type) {
    auto device = environment_->open({name, type, {}, {}});
    EXPECT_TRUE(device) << device.error().message;
    return device ? std::move(*device) : nullptr;
  }
  void restart() {
    environment_.reset();
    environment_ = std::make_unique<Environment>(loop_, directory_);
  }

  static bool entered_;
  io::Loop loop_;
  std::string directory_;
  std::unique_ptr<netlink::LinkSocket> links_;
  std::unique_ptr<Environment> environment_;
};
bool EnvironmentTest::entered_ = false;

TEST_F(EnvironmentTest, FramesPassBetweenTheEndsOfAVethPair) {
  veth();
  auto a = open("va", "system"), b = open("vb", "");
  EXPECT_TRUE(passes(*a, *b, kArpFrame));
  EXPECT_TRUE(a->link_state().present);
  EXPECT_TRUE(a->link_state().carrier);
  EXPECT_EQ(a->link_state().driver_name, "veth");
  EXPECT_GE(a->statistics()->tx_packets, 1u);
}

TEST_F(EnvironmentTest, AVlanTagComesBackInPlace) {
  veth();
  auto a = open("va", "system"), b = open("vb", "system");
  auto tagged = kArpFrame;
  const uint8_t tag[] = {0x81, 0x00, 0x20, 0x2a};
  tagged.insert(tagged.begin() + 12, tag, tag + 4);
  EXPECT_TRUE(passes(*a, *b, tagged));
}

TEST_F(EnvironmentTest, AMissingDeviceSaysSo) {
  auto device = environment_->open({"nosuch0", "system", {}, {}});
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ENODEV);
}

TEST_F(EnvironmentTest, AnInternalPortTakesNoForeignDevice) {
  ASSERT_TRUE(links_->create_veth("va", "vb"));
  auto device = environment_->open({"va", "internal", {}, {}});
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, EEXIST);
}

TEST_F(EnvironmentTest, AnInternalPortOutlivesTheProcessThatMadeIt) {
  auto tap = open("int0", "internal");
  environment_->flush();
  const int ifindex = tap->link_state().ifindex;
  tap.reset();
  restart();
  ASSERT_TRUE(links_->get("int0"));
  tap = open("int0", "internal");
  EXPECT_EQ(tap->link_state().ifindex, ifindex);
  tap.reset();
  environment_->remove("int0");
  environment_->flush();
  EXPECT_FALSE(links_->get("int0"));
}

TEST_F(EnvironmentTest, AnInternalPortIsFollowedIntoANamespaceAndFoundThereAgain) {
  auto tap = open("int0", "internal");
  environment_->flush();
  netlink::Netns elsewhere;
  std::thread([&] {
    unshare(CLONE_NEWNET);
    elsewhere = std::move(*netlink::Netns::open("/proc/thread-self/ns/net"));
  }).join();
  ASSERT_TRUE(links_->move(tap->link_state().ifindex, elsewhere));
  ASSERT_TRUE(loop_.run_until([&] { return !environment_->monitor().exists("int0"); }, std::chrono::seconds(5)));
  EXPECT_TRUE(tap->set_mtu(1400));
  EXPECT_EQ(tap->link_state().mtu, 1400);
  EXPECT_TRUE(tap->set_admin_up(true));
  EXPECT_TRUE(tap->link_state().admin_up);
}

TEST_F(EnvironmentTest, OrphansAreRemovedInOneBatch) {
  std::vector<std::unique_ptr<Device>> taps;
  for (int i = 0; i < 20; ++i) taps.push_back(open("int" + std::to_string(i), "internal"));
  environment_->flush();
  taps.clear();
  restart();
  environment_->remove_orphans();
  EXPECT_FALSE(links_->get("int0"));
  EXPECT_FALSE(links_->get("int19"));
}

TEST_F(EnvironmentTest, AVanishedLinkIsReportedAndReceivesNothing) {
  veth();
  auto a = open("va", "system");
  bool vanished = false;
  auto listening = environment_->monitor().listen([&](const std::string& name, DeviceEvent event) {
    vanished |= name == "va" && event == DeviceEvent::kVanished;
  });
  ASSERT_TRUE(links_->remove(links_->get("va")->ifindex));
  ASSERT_TRUE(loop_.run_until([&] { return vanished; }, std::chrono::seconds(5)));
  EXPECT_FALSE(a->link_state().present);
  net::Batch batch;
  EXPECT_EQ(a->receive(batch, 8), 0u);
  a->send(batch_of(kArpFrame));
}

TEST_F(EnvironmentTest, PromiscuousModeEndsWithThePort) {
  veth();
  auto a = open("va", "system");
  a.reset();
  EXPECT_FALSE(links_->get("va")->flags & IFF_PROMISC);
}

TEST_F(EnvironmentTest, EveryDropMechanismComesAndGoes) {
  veth();
  IngressDropper dropper;
  for (const char* mechanism : {"tcx", "nftables", "tc"}) {
    auto drop = dropper.install(links_->get("va")->ifindex, "va", mechanism);
    if (!drop) continue;                       // this kernel lacks it
    EXPECT_EQ((*drop)->mechanism(), mechanism);
    drop->reset();
    auto again = dropper.install(links_->get("va")->ifindex, "va", mechanism);
    EXPECT_TRUE(again) << mechanism << ": " << again.error().message;
  }
}

}  // namespace
}  // namespace turnout::netdev
