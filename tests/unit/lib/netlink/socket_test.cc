// Batches of requests on rtnetlink, whose questions anybody may ask; bursts of datagrams; dumps that threads share.
#include "lib/netlink/socket.h"

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "lib/netlink/burst.h"
#include "lib/netlink/dump.h"

namespace turnout::netlink {
namespace {

constexpr int kLoopback = 1, kNoSuchLink = 0x7ffffff0;

void add_get_link(std::vector<uint8_t>& bytes, int ifindex) {
  struct { nlmsghdr header; ifinfomsg link; } message{};
  message.header = {sizeof message, RTM_GETLINK, NLM_F_REQUEST, 0, 0};
  message.link.ifi_index = ifindex;
  const size_t at = bytes.size();
  bytes.resize(at + NLMSG_ALIGN(sizeof message));
  std::memcpy(bytes.data() + at, &message, sizeof message);
}

struct Outcome {
  std::map<size_t, int> answered, failed;                // by message: an interface index, an error code
  Status status;
};
Outcome exchange(Socket& socket, std::vector<uint8_t> bytes) {
  Outcome o;
  o.status = socket.exchange(
      bytes, [&](size_t i, const nlmsghdr& m) { o.answered[i] = reinterpret_cast<const ifinfomsg*>(NLMSG_DATA(&m))->ifi_index; },
      [&](size_t i, Status s) { o.failed[i] = s ? 0 : s.error().code; });
  return o;
}

TEST(Exchange, TellsEachMessagesAnswerAndError) {
  auto socket = Socket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  std::vector<uint8_t> bytes;
  for (int ifindex : {kLoopback, kNoSuchLink, kLoopback}) add_get_link(bytes, ifindex);
  const Outcome o = exchange(**socket, bytes);
  EXPECT_TRUE(o.status);
  EXPECT_EQ(o.answered, (std::map<size_t, int>{{0, kLoopback}, {2, kLoopback}}));
  EXPECT_EQ(o.failed, (std::map<size_t, int>{{1, ENODEV}}));
}

TEST(Exchange, EndsWhenTheLastMessageFails) {
  auto socket = Socket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  std::vector<uint8_t> bytes;
  for (int ifindex : {kLoopback, kNoSuchLink}) add_get_link(bytes, ifindex);
  for (int round = 0; round < 3; ++round) {
    const Outcome o = exchange(**socket, bytes);
    EXPECT_TRUE(o.status);
    EXPECT_EQ(o.failed, (std::map<size_t, int>{{1, ENODEV}}));
  }
}

TEST(Exchange, OfNothingIsNothing) {
  auto socket = Socket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  EXPECT_TRUE(exchange(**socket, {}).status);
}

TEST(Exchange, OfMoreThanTheBufferHoldsFailsAndTheSocketGoesOn) {
  auto socket = Socket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket);
  std::vector<uint8_t> many, one;
  for (int i = 0; i < 8000; ++i) add_get_link(many, kLoopback);
  add_get_link(one, kLoopback);
  const Outcome o = exchange(**socket, many);            // 256 kB; libnl's sockets send 64
  ASSERT_FALSE(o.status);
  EXPECT_EQ(o.status.error().code, EMSGSIZE);
  EXPECT_EQ(exchange(**socket, one).answered.size(), 1u);
}

class BurstTest : public testing::Test {
 protected:
  BurstTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0); }
  ~BurstTest() override { close(fds[0]), close(fds[1]); }
  void send(const std::string& text) { ASSERT_EQ(write(fds[0], text.data(), text.size()), static_cast<ssize_t>(text.size())); }
  std::string text(const Burst& burst, size_t i) {
    const auto bytes = burst[i];
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  int fds[2];
};

TEST_F(BurstTest, ReadsWhatWaitsInOneCall) {
  Burst burst(4, 16);
  for (const char* t : {"one", "two", "three"}) send(t);
  ASSERT_TRUE(burst.read(fds[1]));
  ASSERT_EQ(burst.size(), 3u);
  EXPECT_FALSE(burst.is_full());
  EXPECT_EQ(text(burst, 0), "one");
  EXPECT_EQ(text(burst, 2), "three");
}

TEST_F(BurstTest, IsFullWhenMoreMayWait) {
  Burst burst(2, 16);
  for (const char* t : {"one", "two", "three"}) send(t);
  ASSERT_TRUE(burst.read(fds[1]));
  EXPECT_TRUE(burst.is_full());
  ASSERT_TRUE(burst.read(fds[1]));
  ASSERT_EQ(burst.size(), 1u);
  EXPECT_EQ(text(burst, 0), "three");
}

TEST_F(BurstTest, DoesNotWait) {
  Burst burst(2, 16);
  const Status s = burst.read(fds[1]);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code, EAGAIN);
  EXPECT_EQ(burst.size(), 0u);
}

TEST_F(BurstTest, GivesNothingOfWhatIsTooLong) {
  Burst burst(2, 4);
  send("much too long");
  send("fits");
  ASSERT_TRUE(burst.read(fds[1]));
  EXPECT_EQ(text(burst, 0), "");
  EXPECT_EQ(text(burst, 1), "fits");
}

Message list_families() {
  Message message(GENL_ID_CTRL, NLM_F_REQUEST);
  const genlmsghdr header{CTRL_CMD_GETFAMILY, 1, 0};
  message.header(&header, sizeof header);
  return message;
}
// All that a message says.
std::string words_of(const nlmsghdr& m) {
  return {static_cast<const char*>(NLMSG_DATA(&m)), m.nlmsg_len - NLMSG_HDRLEN};
}

TEST(Dump, GivesEachMessageToOneOfTheThreads) {
  auto socket = Socket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket);
  std::multiset<std::string> expected;
  ASSERT_TRUE((*socket)->dump(list_families(), [&](const nlmsghdr& m) { expected.insert(words_of(m)); }));
  ASSERT_FALSE(expected.empty());
  for (int again = 0; again < 3; ++again) {              // the socket is as before
    Dump dump(**socket, list_families());
    EXPECT_TRUE(dump.is_settled());
    std::mutex mutex;
    std::multiset<std::string> seen;
    const auto read = [&] {
      EXPECT_TRUE(dump.read([&](const nlmsghdr& m) {
        std::lock_guard lock(mutex);
        seen.insert(words_of(m));
      }));
    };
    std::thread one(read), other(read);
    one.join();
    other.join();
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(dump.is_settled());
  }
}

TEST(Dump, TellsOneThreadThatItFailed) {
  auto socket = Socket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket);
  Message unknown(GENL_ID_CTRL, NLM_F_REQUEST);
  const genlmsghdr header{0xee, 1, 0};
  unknown.header(&header, sizeof header);
  Dump dump(**socket, std::move(unknown));
  const Status first = dump.read([](const nlmsghdr&) {});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, EOPNOTSUPP);
  EXPECT_TRUE(dump.read([](const nlmsghdr&) {}));
  EXPECT_FALSE(dump.is_settled());
}

}  // namespace
}  // namespace turnout::netlink
