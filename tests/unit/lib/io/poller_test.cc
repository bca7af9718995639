// Registrations of the epoll set: who is called, and who no more.
#include "lib/io/poller.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>

namespace turnout::io {
namespace {

struct Target : Pollable {
  void ready(unsigned events) override {
    ++calls;
    last = events;
    if (then) then();
  }
  int calls = 0;
  unsigned last = 0;
  std::function<void()> then;
};

struct PollerTest : testing::Test {
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0); }
  void TearDown() override {
    for (int fd : ends)
      if (fd >= 0) close(fd);
  }
  Poller::Id add(int fd, const std::shared_ptr<Target>& target, unsigned events) {
    const auto id = poller.add(fd, target);
    EXPECT_EQ(poller.want(id, events), 0);
    return id;
  }
  int turn() {
    int calls = 0;
    poller.wait(0);
    while (poller.dispatch_one()) ++calls;
    return calls;
  }
  void write_to(int fd) { ASSERT_EQ(write(fd, "x", 1), 1); }

  Poller poller;
  int ends[2] = {-1, -1};
  std::shared_ptr<Target> a = std::make_shared<Target>(), b = std::make_shared<Target>();
};

TEST_F(PollerTest, ReadyAsLongAsItHolds) {
  add(ends[0], a, EPOLLIN);
  EXPECT_EQ(turn(), 0);
  write_to(ends[1]);
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(a->last, unsigned{EPOLLIN});
  char byte;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(turn(), 0);
}

TEST_F(PollerTest, ThePeersEndWakesWhatIsWaitedForAndNothingElse) {
  const auto id = add(ends[0], a, EPOLLIN);
  EXPECT_EQ(poller.want(id, 0), 0);
  close(std::exchange(ends[1], -1));
  EXPECT_EQ(turn(), 0);   // or a paused connection would keep the loop busy
  EXPECT_EQ(poller.want(id, EPOLLOUT), 0);
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(a->last, unsigned{EPOLLOUT});
}

TEST_F(PollerTest, RemovedTargetIsNotCalledInTheSameTurn) {
  const auto first = add(ends[0], a, EPOLLOUT);
  const auto second = add(ends[1], b, EPOLLOUT);
  a->then = [&] { poller.remove(second); };
  b->then = [&] { poller.remove(first); };
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(a->calls + b->calls, 1);
}

TEST_F(PollerTest, NewRegistrationInTheSamePlaceHearsNothingOfTheOldOne) {
  const auto first = add(ends[0], a, EPOLLOUT);
  const auto second = add(ends[1], b, EPOLLOUT);
  const auto late = std::make_shared<Target>();
  const auto replace = [&] {
    poller.remove(first);
    poller.remove(second);
    add(ends[0], late, EPOLLIN);
    add(ends[1], late, EPOLLIN);
  };
  a->then = b->then = replace;
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(late->calls, 0);
}

TEST_F(PollerTest, TargetLivesUntilItIsRemovedAndThroughItsOwnCall) {
  const std::weak_ptr<Target> watch = a;
  const auto id = add(ends[0], a, EPOLLOUT);
  a->then = [&] {
    poller.remove(id);
    EXPECT_FALSE(watch.expired());
  };
  a.reset();
  EXPECT_EQ(turn(), 1);
  EXPECT_TRUE(watch.expired());
}

TEST_F(PollerTest, AgainCallsOnceWithoutTheKernel) {
  const auto id = add(ends[0], a, EPOLLIN);
  poller.again(id);
  poller.again(id);
  EXPECT_TRUE(poller.has_more());
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(turn(), 0);
}

TEST_F(PollerTest, AgainIsForWhatIsStillWaitedFor) {
  const auto id = add(ends[0], a, EPOLLIN);
  poller.again(id);
  EXPECT_EQ(poller.want(id, 0), 0);
  EXPECT_EQ(turn(), 0);
}

TEST_F(PollerTest, RegularFileIsAlwaysReady) {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const auto id = add(file, a, EPOLLIN);
  EXPECT_EQ(turn(), 1);
  EXPECT_EQ(turn(), 1);
  poller.remove(id);
  EXPECT_EQ(turn(), 0);
  close(file);
}

TEST_F(PollerTest, DescriptorThatIsNoneIsRefused) {
  const auto id = poller.add(-1, a);
  EXPECT_EQ(poller.want(id, EPOLLIN), EBADF);
}

}  // namespace
}  // namespace turnout::io
