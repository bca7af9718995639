// The reconnect state machine on a fake clock.
#include "lib/io/reconnect.h"

#include <gtest/gtest.h>

namespace turnout::io {
namespace {

using Action = Reconnect::Action;
using std::chrono::seconds;

struct ReconnectTest : testing::Test {
  TimePoint now{1'000'000'000};
  Reconnect machine{Reconnect::Settings{}};

  void advance(Duration d) { now = now + d; }
  void fail_once() {
    ASSERT_EQ(machine.run(now), Action::kConnect);
    machine.connecting(now);
    machine.connect_failed(now);
  }
  void succeed() {
    ASSERT_EQ(machine.run(now), Action::kConnect);
    machine.connecting(now);
    machine.connected(now);
  }
};

TEST_F(ReconnectTest, DisabledNeverActs) {
  EXPECT_EQ(machine.run(now), Action::kNone);
  EXPECT_EQ(machine.deadline(), kNever);
}

TEST_F(ReconnectTest, BackoffDoublesUpToTheMaximum) {
  machine.enable(now);
  for (int expected : {1, 2, 4, 8, 8}) {
    fail_once();
    EXPECT_EQ(machine.backoff(), seconds(expected));
    EXPECT_EQ(machine.run(now), Action::kNone);
    EXPECT_EQ(machine.deadline(), now + seconds(expected));
    advance(seconds(expected));
  }
}

TEST_F(ReconnectTest, LongConnectionResetsTheBackoff) {
  machine.enable(now);
  fail_once();
  advance(seconds(1));
  fail_once();
  advance(seconds(2));
  succeed();
  advance(seconds(60));
  machine.disconnected(now);
  EXPECT_EQ(machine.backoff(), seconds(1));
}

TEST_F(ReconnectTest, ShortConnectionsKeepBackingOff) {
  machine.enable(now);
  for (int expected : {1, 2, 4}) {
    succeed();
    machine.disconnected(now);
    EXPECT_EQ(machine.backoff(), seconds(expected));
    advance(seconds(expected));
  }
}

TEST_F(ReconnectTest, SilenceIsProbedAndThenEndsTheConnection) {
  machine.enable(now);
  succeed();
  advance(seconds(5));
  EXPECT_EQ(machine.run(now), Action::kProbe);
  EXPECT_EQ(machine.run(now), Action::kNone);
  advance(seconds(5));
  EXPECT_EQ(machine.run(now), Action::kDisconnect);
}

TEST_F(ReconnectTest, ActivityAnswersTheProbe) {
  machine.enable(now);
  succeed();
  advance(seconds(5));
  EXPECT_EQ(machine.run(now), Action::kProbe);
  advance(seconds(1));
  machine.activity(now);
  advance(seconds(4));
  EXPECT_EQ(machine.run(now), Action::kNone);
  EXPECT_TRUE(machine.is_connected());
}

TEST_F(ReconnectTest, NoProbesWhenTheIntervalIsZero) {
  machine.set_probe_interval(Duration(0));
  machine.enable(now);
  succeed();
  EXPECT_EQ(machine.deadline(), kNever);
}

TEST_F(ReconnectTest, ForceSkipsTheBackoff) {
  machine.enable(now);
  fail_once();
  EXPECT_EQ(machine.run(now), Action::kNone);
  machine.force(now);
  EXPECT_EQ(machine.run(now), Action::kConnect);
}

TEST_F(ReconnectTest, ConnectingGivesUp) {
  machine.enable(now);
  ASSERT_EQ(machine.run(now), Action::kConnect);
  machine.connecting(now);
  EXPECT_EQ(machine.run(now), Action::kNone);
  advance(seconds(1));
  EXPECT_EQ(machine.run(now), Action::kDisconnect);
}

}  // namespace
}  // namespace turnout::io
