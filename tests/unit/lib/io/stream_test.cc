// Streams and listeners over unix sockets and TCP.
#include "lib/io/stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "lib/io/address.h"
#include "lib/io/pidfile.h"

namespace turnout::io {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct StreamTest : testing::Test {
  void SetUp() override {
    directory = testing::TempDir() + "turnout_io_" + std::to_string(getpid());
    std::filesystem::create_directories(directory);
  }
  void TearDown() override {
    client.reset();
    server.reset();
    listener.reset();
    std::filesystem::remove_all(directory);
  }
  void listen(const std::string& name) {
    auto opened = Listener::listen(loop, name, [this](std::unique_ptr<Stream> stream) {
      server = std::move(stream);
      server->start({{}, [this](std::string_view bytes) { at_server += bytes; },
                     [this](const Error& e) { server_closed = e.code; }, {}});
    });
    ASSERT_TRUE(opened) << opened.error().message;
    listener = std::move(*opened);
  }
  void connect(const std::string& name) {
    auto opened = Stream::connect(loop, name);
    ASSERT_TRUE(opened) << opened.error().message;
    client = std::move(*opened);
    client->start({[this] { connected = true; }, [this](std::string_view bytes) { at_client += bytes; },
                   [this](const Error& e) { client_closed = e.code; }, [this] { ++drained; }});
  }
  void talk() {
    client->send("hello ");
    client->send("world");
    ASSERT_TRUE(loop.run_until([&] { return at_server == "hello world"; }, kPatience));
    server->send("answer");
    ASSERT_TRUE(loop.run_until([&] { return at_client == "answer"; }, kPatience));
    EXPECT_TRUE(connected);
    EXPECT_EQ(client->backlog(), 0u);
  }

  Loop loop;
  std::string directory;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> client, server;
  std::string at_server, at_client;
  bool connected = false;
  int drained = 0;
  std::optional<int> client_closed, server_closed;
};

TEST_F(StreamTest, UnixSocketsCarryBytesBothWays) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  EXPECT_EQ(server->name(), "unix#0");
  listener.reset();
  EXPECT_FALSE(std::filesystem::exists(directory + "/s"));
}

TEST_F(StreamTest, PathsLongerThanASocketAddressWork) {
  const std::string deep = directory + "/" + std::string(120, 'd');
  std::filesystem::create_directories(deep);
  listen("punix:" + deep + "/s");
  connect("unix:" + deep + "/s");
  talk();
}

TEST_F(StreamTest, TcpOnAPortOfTheKernelsChoice) {
  listen("ptcp:0:127.0.0.1");
  ASSERT_NE(listener->bound_port(), 0);
  connect("tcp:127.0.0.1:" + std::to_string(listener->bound_port()));
  talk();
  EXPECT_TRUE(server->name().starts_with("tcp:127.0.0.1:"));
}

TEST_F(StreamTest, MissingSocketIsReportedThroughClosed) {
  connect("unix:" + directory + "/nosuch");
  EXPECT_FALSE(client_closed);
  ASSERT_TRUE(loop.run_until([&] { return client_closed.has_value(); }, kPatience));
  EXPECT_EQ(*client_closed, ENOENT);
  EXPECT_FALSE(connected);
}

TEST_F(StreamTest, RefusedTcpIsReportedThroughClosed) {
  listen("ptcp:0:127.0.0.1");
  const auto port = std::to_string(listener->bound_port());
  listener.reset();
  connect("tcp:127.0.0.1:" + port);
  ASSERT_TRUE(loop.run_until([&] { return client_closed.has_value(); }, kPatience));
  EXPECT_EQ(*client_closed, ECONNREFUSED);
}

TEST_F(StreamTest, GoodEndHasCodeZero) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  server.reset();
  ASSERT_TRUE(loop.run_until([&] { return client_closed.has_value(); }, kPatience));
  EXPECT_EQ(*client_closed, 0);
}

TEST_F(StreamTest, LargeDataWaitsInTheBacklogAndArrivesWhole) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  at_server.clear();
  server->set_reading(false);
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) client->send(block);
  for (int i = 0; i < 10; ++i) loop.poll();
  EXPECT_GT(client->backlog(), 0u);
  EXPECT_TRUE(at_server.empty());
  const int before = drained;
  server->set_reading(true);
  ASSERT_TRUE(loop.run_until([&] { return at_server.size() == 8 * block.size(); }, kPatience));
  EXPECT_EQ(client->backlog(), 0u);
  EXPECT_EQ(drained, before + 1);
}

TEST_F(StreamTest, WhatIsSentInOneTurnArrivesTogether) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  std::vector<std::string> pieces;
  server->start({{}, [&](std::string_view bytes) { pieces.emplace_back(bytes); }, {}, {}});
  loop.post([&] {
    client->send("one ");
    loop.post([&] { client->send("two"); });
  });
  ASSERT_TRUE(loop.run_until([&] { return !pieces.empty(); }, kPatience));
  EXPECT_EQ(pieces, (std::vector<std::string>{"one two"}));
}

TEST_F(StreamTest, AnswersToManyRequestsInOneReadLeaveTogether) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  server->start({{}, [&](std::string_view bytes) { for (char c : bytes) server->send(std::string(2, c)); }, {}, {}});
  std::vector<std::string> pieces;
  client->start({{}, [&](std::string_view bytes) { pieces.emplace_back(bytes); }, {}, {}});
  client->send("abc");
  ASSERT_TRUE(loop.run_until([&] { return !pieces.empty(); }, kPatience));
  EXPECT_EQ(pieces, (std::vector<std::string>{"aabbcc"}));
}

TEST_F(StreamTest, BusyPeerLeavesAnotherItsTurn) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  const std::unique_ptr<Stream> busy = std::move(server);
  size_t flood = 0;
  busy->start({{}, [&](std::string_view bytes) { flood += bytes.size(); busy->send("more"); }, {}, {}});
  // Whoever hears "more" sends more: this never ends, and is never idle.
  client->start({{}, [&](std::string_view) { if (client->backlog() < 8u << 20) client->send(std::string(1 << 20, 'x')); }, {}, {}});
  for (int i = 0; i < 8; ++i) client->send(std::string(1 << 20, 'x'));
  at_server.clear();
  auto opened = Stream::connect(loop, "unix:" + directory + "/s");
  ASSERT_TRUE(opened);
  const std::unique_ptr<Stream> modest = std::move(*opened);
  modest->start({{}, {}, {}, {}});
  modest->send("here");
  ASSERT_TRUE(loop.run_until([&] { return at_server == "here"; }, kPatience));
  EXPECT_LT(flood, 8u << 20);   // heard before the other was done with what it had sent at first
}

TEST_F(StreamTest, PausedStreamHearsOfThePeersEndWhenItReadsAgain) {
  listen("punix:" + directory + "/s");
  connect("unix:" + directory + "/s");
  talk();
  at_server.clear();
  server->set_reading(false);
  client->send("last words");
  loop.poll();
  client.reset();
  loop.poll();     // would not return if the end kept the loop busy
  EXPECT_FALSE(server_closed);
  server->set_reading(true);
  ASSERT_TRUE(loop.run_until([&] { return server_closed.has_value(); }, kPatience));
  EXPECT_EQ(at_server, "last words");
  EXPECT_EQ(*server_closed, 0);
}

TEST_F(StreamTest, HostNamesAreLookedUpAndStreamsMayGoMeanwhile) {
  listen("ptcp:0:127.0.0.1");
  const std::string name = "tcp:localhost:" + std::to_string(listener->bound_port());
  for (int i = 0; i < 3; ++i) {
    auto opened = Stream::connect(loop, name);
    ASSERT_TRUE(opened);
    (*opened)->start({{}, {}, {}, {}});
  }
  connect(name);
  ASSERT_TRUE(loop.run_until([&] { return connected || client_closed; }, kPatience));
  // Where the name means ::1 first, nobody listens there.
  EXPECT_TRUE(connected || *client_closed == ECONNREFUSED);
}

TEST_F(StreamTest, CallbackMayDestroyItsStream) {
  listen("punix:" + directory + "/s");
  auto opened = Stream::connect(loop, "unix:" + directory + "/s");
  ASSERT_TRUE(opened);
  client = std::move(*opened);
  client->start({[this] { client.reset(); }, {}, {}, {}});
  ASSERT_TRUE(loop.run_until([&] { return server_closed.has_value(); }, kPatience));
}

TEST_F(StreamTest, BadNamesFailAtOnce) {
  for (const char* name : {"foo:bar", "", "tcp:", "tcp:1.2.3.4:x", "tcp:1.2.3.4:70000", "tcp:[::1", "ssl:"}) {
    EXPECT_FALSE(Stream::connect(loop, name)) << name;
  }
  for (const char* name : {"foo:bar", "", "ptcp:x", "ptcp:0:nohost", "pssl:70000", "punix:/nosuch/dir/s"}) {
    EXPECT_FALSE(Listener::listen(loop, name, {})) << name;
  }
}

TEST(Endpoint, PortsAndBracketsAreOptional) {
  EXPECT_EQ(format_endpoint(*parse_active("1.2.3.4", 6640)), "1.2.3.4:6640");
  EXPECT_EQ(format_endpoint(*parse_active("[fe80::1]:99", 6640)), "[fe80::1]:99");
  EXPECT_EQ(parse_passive("", 6640)->port, "6640");
  EXPECT_EQ(parse_passive("7:[::1]", 6640)->host, "::1");
}

TEST_F(StreamTest, PidfileNamesALiveOwnerOnly) {
  const std::string path = directory + "/p.pid";
  EXPECT_EQ(read_locked_pidfile(path).error().code, ENOENT);
  auto fd = write_pidfile(path, false);
  ASSERT_TRUE(fd);
  close(*fd);  // the lock goes with it
  EXPECT_EQ(read_locked_pidfile(path).error().code, ESRCH);
  ASSERT_TRUE(write_pidfile(path, false));
}

}  // namespace
}  // namespace turnout::io
