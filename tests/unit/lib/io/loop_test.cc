// Deadlines, warps, posted work and watched descriptors.
#include "lib/io/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <thread>
#include <vector>

namespace turnout::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct StoppedLoop : testing::Test {
  StoppedLoop() : loop(clock) { loop.stop_time(); }
  Clock clock;
  Loop loop;
  std::vector<int> order;
};

TEST_F(StoppedLoop, DeadlinesRunInOrderOfTime) {
  const Handle a = loop.after(milliseconds(30), [&] { order.push_back(3); });
  const Handle b = loop.after(milliseconds(10), [&] { order.push_back(1); });
  const Handle c = loop.after(milliseconds(20), [&] { order.push_back(2); });
  loop.poll();
  EXPECT_TRUE(order.empty());
  loop.warp(milliseconds(25), milliseconds(25));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  loop.warp(milliseconds(25), milliseconds(5));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(StoppedLoop, CancelledDeadlineNeverRuns) {
  Handle a = loop.after(milliseconds(10), [&] { order.push_back(1); });
  a.reset();
  loop.warp(seconds(1), seconds(1));
  EXPECT_TRUE(order.empty());
}

TEST_F(StoppedLoop, WorkMayReplaceItsOwnHandle) {
  Handle a;
  a = loop.after(milliseconds(10), [&] {
    order.push_back(1);
    a = loop.after(milliseconds(10), [&] { order.push_back(2); });
  });
  loop.warp(milliseconds(30), milliseconds(10));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(StoppedLoop, PeriodIsOncePerStepHoweverLarge) {
  const Handle a = loop.every(milliseconds(10), [&] { order.push_back(1); });
  loop.warp(milliseconds(100), milliseconds(10));
  EXPECT_EQ(order.size(), 10u);
  loop.warp(milliseconds(100), milliseconds(100));
  EXPECT_EQ(order.size(), 11u);
}

TEST_F(StoppedLoop, RoundsFollowEveryStep) {
  Handle round = loop.on_warp([&] { order.push_back(9); });
  const Handle a = loop.after(milliseconds(15), [&] { order.push_back(1); });
  loop.warp(milliseconds(20), milliseconds(10));
  EXPECT_EQ(order, (std::vector<int>{9, 1, 9}));
  round.reset();
  loop.warp(milliseconds(20), milliseconds(10));
  EXPECT_EQ(order.size(), 3u);
}

TEST_F(StoppedLoop, WarpWithTurnsOfTheLoopEndsWithDone) {
  int turns = 0;
  bool done = false;
  const Handle a = loop.every(milliseconds(10), [&] { loop.post([&] { ++turns; }); });
  loop.warp(milliseconds(30), milliseconds(10), [&] { done = true; });
  EXPECT_FALSE(done);
  EXPECT_TRUE(loop.run_until([&] { return done && turns == 3; }, seconds(10)));
}

TEST(Loop, RealDeadlinesFire) {
  Loop loop;
  bool fired = false;
  const Handle a = loop.after(milliseconds(1), [&] { fired = true; });
  EXPECT_TRUE(loop.run_until([&] { return fired; }, seconds(10)));
}

TEST(Loop, WorkPostedByAnotherThreadRunsInOrder) {
  Loop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 3; ++i) loop.post([&, i] { order.push_back(i); });
  });
  EXPECT_TRUE(loop.run_until([&] { return order.size() == 3; }, seconds(10)));
  other.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(Loop, ReadableIsCalledAsLongAsItHolds) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  ASSERT_EQ(write(fds[1], "abc", 3), 3);
  int calls = 0;
  Handle watch = loop.watch(fds[0], Loop::kReadable, [&](unsigned) {
    char byte;
    ASSERT_EQ(read(fds[0], &byte, 1), 1);
    if (++calls == 3) watch.reset();
  });
  EXPECT_TRUE(loop.run_until([&] { return calls == 3; }, seconds(10)));
  EXPECT_EQ(write(fds[1], "d", 1), 1);  // the descriptors are still ours, and open
  close(fds[0]);
  close(fds[1]);
}

TEST(Loop, WorkThatPostsItselfLeavesOthersTheirTurn) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  ASSERT_EQ(write(fds[1], "a", 1), 1);
  bool read = false, fired = false;
  std::function<void()> again = [&] { loop.post(again); };
  again();
  const Handle watch = loop.watch(fds[0], Loop::kReadable, [&](unsigned) { read = true; });
  const Handle due = loop.after(milliseconds(1), [&] { fired = true; });
  EXPECT_TRUE(loop.run_until([&] { return read && fired; }, seconds(10)));
  close(fds[0]);
  close(fds[1]);
}

TEST(Loop, WorkThatWorkPostsRunsBeforeTheNextWait) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  std::vector<int> order;
  ASSERT_EQ(write(fds[1], "a", 1), 1);
  const Handle watch = loop.watch(fds[0], Loop::kReadable, [&](unsigned) {
    order.push_back(1);
    loop.post([&] { loop.post([&] { order.push_back(2); }); });
  });
  EXPECT_TRUE(loop.run_until([&] { return order.size() >= 3; }, seconds(10)));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1}));   // the byte is still there, and waits until what it caused is done
  close(fds[0]);
  close(fds[1]);
}

TEST(Loop, DeadlineEndsAWaitThatAConditionDoesNot) {
  Loop loop;
  bool fired = false;
  const Handle due = loop.after(milliseconds(2), [&] { fired = true; });
  EXPECT_FALSE(loop.run_until([] { return false; }, milliseconds(20)));
  EXPECT_TRUE(fired);
}

TEST(Loop, StopIsHeardFromAnotherThread) {
  Loop loop;
  std::thread other([&] { loop.post([&] { std::thread([&] { loop.stop(); }).join(); }); });
  loop.run();
  other.join();
}

TEST(Loop, SeveralWatchesShareADescriptor) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  int first = 0, second = 0;
  Handle a = loop.watch(fds[0], Loop::kReadable, [&](unsigned) { ++first; });
  const Handle b = loop.watch(fds[0], Loop::kReadable, [&](unsigned) { ++second; });
  ASSERT_EQ(write(fds[1], "x", 1), 1);
  EXPECT_TRUE(loop.run_until([&] { return first && second; }, seconds(10)));
  a.reset();
  const int before = first;
  second = 0;
  EXPECT_TRUE(loop.run_until([&] { return second > 0; }, seconds(10)));
  EXPECT_EQ(first, before);
  close(fds[0]);
  close(fds[1]);
}

TEST(Loop, EndedSignalWatchLeavesTheOthers) {
  Loop loop;
  int first = 0, second = 0;
  Handle a = loop.on_signal(SIGUSR2, [&] { ++first; });
  const Handle b = loop.on_signal(SIGUSR2, [&] { ++second; });
  raise(SIGUSR2);
  EXPECT_TRUE(loop.run_until([&] { return first == 1 && second == 1; }, seconds(10)));
  a.reset();
  raise(SIGUSR2);
  EXPECT_TRUE(loop.run_until([&] { return second == 2; }, seconds(10)));
  EXPECT_EQ(first, 1);
}

TEST(Loop, SignalsArriveAsWork) {
  Loop loop;
  int seen = 0;
  const Handle watch = loop.on_signal(SIGUSR1, [&] { ++seen; });
  raise(SIGUSR1);
  EXPECT_TRUE(loop.run_until([&] { return seen == 1; }, seconds(10)));
}

TEST(Loop, HandlesMayOutliveIt) {
  Handle a, b;
  {
    Loop loop;
    a = loop.after(seconds(1), [] {});
    b = loop.every(seconds(1), [] {});
  }
  a.reset();
  b.reset();
}

}  // namespace
}  // namespace turnout::io
