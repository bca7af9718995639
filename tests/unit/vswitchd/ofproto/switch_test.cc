// Switches: port numbers, the rules they have of their own accord, and their text.
#include "vswitchd/ofproto/switch.h"

#include <gtest/gtest.h>

namespace turnout::ofproto {
namespace {

class SwitchTest : public testing::Test {
 protected:
  SwitchTest() { clock.stop(); }
  Clock clock;
  RcuThread rcu;
  Switch sw{"br0", 1, clock};
  OfPort add(const std::string& name, std::optional<OfPort> wanted = {}) {
    return sw.add_port({{}, name, "dummy", "", DpPort{1}, {}}, wanted).value();
  }
};

TEST_F(SwitchTest, RequestedNumbersAreHonouredAndOthersCountUp) {
  EXPECT_EQ(add("br0"), kOfPortLocal);
  EXPECT_EQ(add("a"), OfPort{1});
  EXPECT_EQ(add("b", OfPort{7}), OfPort{7});
  EXPECT_EQ(add("c", OfPort{7}), OfPort{2});
  EXPECT_EQ(sw.port_text(kOfPortLocal), "LOCAL");
}

TEST_F(SwitchTest, FreedNumbersComeBackLast) {
  add("a");
  sw.remove_port(OfPort{1});
  EXPECT_EQ(add("b"), OfPort{2});
  EXPECT_EQ(add("a", OfPort{1}), OfPort{1});
}

TEST_F(SwitchTest, StandaloneHasTheNormalRule) {
  sw.set_fail_mode(FailMode::kStandalone, false);
  EXPECT_EQ(sw.dump_flows(clock.now()),
            "duration=0s, n_packets=0, n_bytes=0, priority=0,actions=NORMAL\n"
            "table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=2,recirc_id=0,actions=drop\n"
            "table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x1,actions=controller(reason=)\n"
            "table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x2,actions=drop\n"
            "table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x3,actions=drop\n");
}

TEST_F(SwitchTest, SecureHasNoRuleOfItsOwnInTableZero) {
  sw.set_fail_mode(FailMode::kStandalone, false);
  sw.set_fail_mode(FailMode::kSecure, false);
  RcuRead read;
  EXPECT_EQ(sw.tables().lookup(0, sw.tables().version(), {}, nullptr), nullptr);
}

TEST_F(SwitchTest, ChangesShowWithTheCommitOnly) {
  Tables tables;
  tables.add({0, 5, 0, {}, {}, false}, clock.now());
  RcuRead read;
  EXPECT_EQ(tables.lookup(0, tables.version(), {}, nullptr), nullptr);
  tables.commit();
  EXPECT_NE(tables.lookup(0, tables.version(), {}, nullptr), nullptr);
}

}  // namespace
}  // namespace turnout::ofproto
