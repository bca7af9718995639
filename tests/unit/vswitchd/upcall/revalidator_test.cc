// Upcalls and revalidation over a fake datapath, on warped time.
#include "vswitchd/upcall/revalidator.h"

#include <gtest/gtest.h>

#include "tests/support/fabricated_bridges.h"
#include "tests/unit/vswitchd/upcall/fake_datapath.h"
#include "vswitchd/upcall/backend.h"
#include "vswitchd/upcall/flow_limit.h"

namespace turnout::upcall {
namespace {

using namespace std::chrono_literals;
using translate::frame, translate::kA, translate::kB, translate::plain_port;

class RevalidatorTest : public testing::Test {
 protected:
  RevalidatorTest() {
    clock.stop();
    auto fake = std::make_unique<FakeDatapath>();
    dp = fake.get();
    backend = std::make_unique<Backend>(loop, std::move(fake));
    sw.set_fail_mode(ofproto::FailMode::kStandalone, false);
    backend->snapshots().put_bridge({"br0", sw.shared_tables(), sw.miss_rule(), macs, false});
    for (unsigned n : {1, 2, 3}) backend->snapshots().put_bundle("br0", plain_port(n));
    backend->snapshots().publish();
    ageing = backend->adopt(macs);
  }
  void wait_round() {
    bool done = false;
    backend->revalidator().wait([&] { done = true; });
    ASSERT_TRUE(loop.run_until([&] { return done; }, 30s));
  }
  std::string actions(const datapath::Ufid& ufid) {
    const auto flow = dp->get_flow(ufid);
    return flow ? datapath::format_actions(flow->actions) : "gone";
  }
  uint64_t rule_packets() { return sw.tables().find(0, {}, 0)->packets(); }

  Clock clock;
  RcuThread rcu;
  io::Loop loop{clock};
  ofproto::Switch sw{"br0", 1, clock};
  std::shared_ptr<l2::MacTable> macs = std::make_shared<l2::MacTable>();
  FakeDatapath* dp = nullptr;
  std::unique_ptr<Backend> backend;
  io::Handle ageing;
};

TEST_F(RevalidatorTest, AFloodBecomesUnicastWhenTheDestinationIsLearned) {
  const auto flood = dp->miss(frame(1, kA, kB));
  EXPECT_EQ(actions(flood.ufid), "2,3");
  dp->miss(frame(2, kB, kA));
  wait_round();
  EXPECT_EQ(actions(flood.ufid), "2");
}

TEST_F(RevalidatorTest, StatisticsReachTheRuleAndKeepTheAddressYoung) {
  const auto flow = dp->miss(frame(1, kA, kB));
  EXPECT_EQ(rule_packets(), 1u);
  loop.warp(200s, 1s);
  EXPECT_EQ(dp->size(), 0u) << "idle for longer than 10 s";
  const auto again = dp->miss(frame(1, kA, kB));
  for (int i = 0; i < 50; ++i) {
    loop.warp(9s, 1s);
    dp->hit(again.ufid, 10, clock.now());
  }
  wait_round();
  EXPECT_EQ(rule_packets(), 2u + 500u);
  EXPECT_EQ(macs->lookup(net::Mac::from_u64(kA), 0), l2::BundleId{1});
  loop.warp(400s, 1s);
  EXPECT_EQ(macs->size(), 0u);
  EXPECT_EQ(flow.ufid, again.ufid);
}

TEST_F(RevalidatorTest, AChangedConfigurationChangesFlows) {
  const auto flow = dp->miss(frame(1, kA, kB));
  backend->snapshots().remove_bundle("br0", l2::BundleId{3});
  backend->snapshots().publish();
  wait_round();
  EXPECT_EQ(actions(flow.ufid), "2");
}

TEST_F(RevalidatorTest, PurgeDeletesAllAndPaysFirst) {
  const auto flow = dp->miss(frame(1, kA, kB));
  dp->hit(flow.ufid, 5, clock.now());
  backend->revalidator().purge();
  EXPECT_EQ(dp->size(), 0u);
  EXPECT_EQ(backend->handler().flows().size(), 0u);
  EXPECT_EQ(rule_packets(), 6u);
}

TEST_F(RevalidatorTest, FlowsThatTheDatapathLostAreForgotten) {
  dp->miss(frame(1, kA, kB));
  wait_round();
  dp->flush_flows();
  wait_round();
  EXPECT_EQ(backend->handler().flows().size(), 0u);
}

TEST_F(RevalidatorTest, AtTheFlowLimitPacketsAreForwardedWithoutAFlow) {
  backend->revalidator().set_flow_limit(1);
  EXPECT_TRUE(dp->miss(frame(1, kA, kB)).install);
  const auto reply = dp->miss(frame(2, kB, kA));
  EXPECT_FALSE(reply.install);
  EXPECT_EQ(datapath::format_actions(reply.actions), "1");
}

TEST_F(RevalidatorTest, SeveralThreadsShareTheFlows) {
  RevalidatorSettings settings;
  settings.threads = 3;
  backend->revalidator().configure(settings);
  for (unsigned i = 0; i < 100; ++i) dp->miss(frame(1, kA + i, kB + i));
  wait_round();
  uint64_t sum = 0;
  for (uint64_t keys : backend->revalidator().report().keys_per_thread) sum += keys;
  EXPECT_EQ(sum, 100u);
}

TEST_F(RevalidatorTest, WholeFlowsAreReadWhereTerseDumpsAreOff) {
  const auto flow = dp->miss(frame(1, kA, kB));
  wait_round();
  const auto whole_dumps = [&] {
    const unsigned before = dp->whole_dumps();
    wait_round();
    return dp->whole_dumps() - before;
  };
  EXPECT_EQ(whole_dumps(), 0u) << "nothing has changed";
  Revalidator::set_terse_dumps(false);
  EXPECT_EQ(whole_dumps(), 1u);
  Revalidator::set_terse_dumps(true);
  EXPECT_EQ(whole_dumps(), 0u);
  EXPECT_EQ(actions(flow.ufid), "2,3");
}

TEST(FlowLimit, GrowsWhileRoundsAreShortAndShrinksWhenLong) {
  EXPECT_EQ(adapt_flow_limit(10'000, 200'000, 1), 11'000u);
  EXPECT_EQ(adapt_flow_limit(199'900, 200'000, 1), 200'000u);
  EXPECT_EQ(adapt_flow_limit(10'000, 200'000, 1500), 7'500u);
  EXPECT_EQ(adapt_flow_limit(1'200, 200'000, 5000), kLeastFlowLimit);
}

}  // namespace
}  // namespace turnout::upcall
