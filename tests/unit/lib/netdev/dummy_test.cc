// Dummy devices: injecting, recording, the texts of their commands.
#include "lib/netdev/dummy.h"

#include <gtest/gtest.h>

namespace turnout::netdev {
namespace {

const std::string kHex = "ffffffffffff5054000000010806";

class DummyTest : public testing::Test {
 protected:
  DummyTest() { device_ = std::move(*registry_.open({"p1", "dummy", {}, {}})); }
  std::string receive_error(std::vector<std::string> words) {
    Status s = registry_.receive("p1", words, {});
    return s ? "" : s.error().message;
  }
  io::Loop loop_;
  DummyRegistry registry_{loop_};
  std::unique_ptr<Device> device_;
};

TEST_F(DummyTest, InjectedFramesAreReceivedInOrder) {
  ASSERT_TRUE(registry_.receive("p1", std::vector<std::string>{kHex, kHex + "00"}, {}));
  net::Batch batch;
  ASSERT_EQ(device_->receive(batch, 64), 2u);
  EXPECT_EQ(batch[0]->size(), 14u);
  EXPECT_EQ(batch[1]->size(), 15u);
  EXPECT_EQ(device_->statistics()->rx_packets, 2u);
}

TEST_F(DummyTest, SentFramesAreRecorded) {
  net::Batch batch;
  batch.push_back(net::PacketPool::local().allocate());
  batch[0]->assign(std::vector<uint8_t>(60, 7));
  device_->send(batch);
  auto sent = registry_.take_sent("p1");
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].size(), 60u);
}

TEST_F(DummyTest, ErrorsHaveTheReferencesTexts) {
  EXPECT_EQ(receive_error({"zz"}), "syntax error at zz");
  EXPECT_EQ(receive_error({"0011"}), "syntax error at 0011");
  EXPECT_EQ(receive_error({"--qid", "3", kHex}), "bad rx queue id.");
  EXPECT_EQ(receive_error({"--qid"}), "syntax error at --qid");
  EXPECT_EQ(receive_error({kHex, "--len", "100"}), "syntax error at --len");
  EXPECT_EQ(registry_.set_admin_state("nx", "up").error().message, "Unknown Dummy Interface");
  EXPECT_EQ(registry_.set_admin_state({}, "foo").error().message, "Invalid Admin State");
  EXPECT_EQ(registry_.set_ip4("p1", "1.2.3.4/40").error().message,
            "1.2.3.4/40: IPv4 network prefix bits not between 0 and 32, inclusive");
  EXPECT_EQ(registry_.set_ip6("p1", "foo").error().message, "foo: invalid IPv6 address");
  EXPECT_EQ(*registry_.connection_state("p1"), "p1: unknown\n");
}

}  // namespace
}  // namespace turnout::netdev
