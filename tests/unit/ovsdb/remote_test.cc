// Remotes and sessions on a clock that only the test moves: probes, back-off, clients that do not read, live changes.
#include "ovsdb/server/remote.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Peer {
  explicit Peer(std::unique_ptr<io::Stream> opened) : stream(std::move(opened)) {
    stream->start({[this] { connected = true; }, [this](std::string_view bytes) { received += bytes; },
                   [this](const Error&) { closed = true; }, {}});
  }
  bool take(std::string_view text) {   // whether it came, and forgets it
    const size_t at = received.find(text);
    if (at != std::string::npos) received.erase(0, at + text.size());
    return at != std::string::npos;
  }
  std::unique_ptr<io::Stream> stream;
  std::string received;
  bool connected = false, closed = false;
};

struct RemoteTest : testing::Test {
  RemoteTest() : loop(server_clock), peer_loop(peer_clock), server(loop) { loop.stop_time(); }

  void listen(RemoteOptions options = {}) {
    remote = std::make_unique<Remote>(server, "ptcp:0:127.0.0.1", std::move(options), [] {});
  }
  // A connection of which the kernel holds a fixed amount; that of TCP grows with what it is given, up to tens of megabytes.
  void listen_locally() {
    path = testing::TempDir() + "turnout_remote_" + std::to_string(getpid());
    remote = std::make_unique<Remote>(server, "punix:" + path, RemoteOptions{.probe_interval = Duration(0)}, [] {});
  }
  std::unique_ptr<Peer> connect() {
    auto stream = io::Stream::connect(peer_loop, path.empty() ? "tcp:127.0.0.1:" + std::to_string(remote->status().bound_port) : "unix:" + path);
    auto peer = std::make_unique<Peer>(std::move(*stream));
    const size_t before = remote->status().n_connections;
    EXPECT_TRUE(until([&] { return peer->connected && remote->status().n_connections == before + 1; }));
    return peer;
  }
  bool until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    bool met = false;
    const auto once = [&] { return met || (met = done()); };   // what takes something may hold only once
    while (!once()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      loop.run_until(once, milliseconds(1));
      peer_loop.run_until(once, milliseconds(1));
    }
    return true;
  }
  // Whether the server still answers that peer: what it had to say before has been said then.
  bool answers(Peer& peer) {
    peer.stream->send(R"({"method":"list_dbs","params":[],"id":"alive"})");
    const bool answered = until([&] { return peer.closed || peer.take(R"("id":"alive")"); });
    EXPECT_TRUE(answered) << peer.received;
    return answered && !peer.closed;
  }
  // Whether so much waits even after all that can be sent was sent.
  bool stalls_at(uint64_t bytes) {
    loop.poll();
    return backlog() > bytes;
  }
  uint64_t backlog() const {
    uint64_t bytes = 0;
    server.report_memory([&](std::string_view what, uint64_t amount) { if (what == "backlog") bytes = amount; });
    return bytes;
  }

  Clock server_clock, peer_clock;
  io::Loop loop, peer_loop;
  Server server;
  std::unique_ptr<Remote> remote;
  std::string path;   // of a local one
};

constexpr std::string_view kProbe = R"("method":"echo")";
constexpr const char* kProbeAnswer = R"({"id":"echo","result":[],"error":null})";

TEST_F(RemoteTest, SilentPeerIsProbedAndDroppedWhenItDoesNotAnswer) {
  listen();
  auto peer = connect();
  loop.warp(milliseconds(4900), seconds(1));
  EXPECT_TRUE(answers(*peer));
  EXPECT_FALSE(peer->take(kProbe));
  loop.warp(seconds(5), seconds(1));
  ASSERT_TRUE(until([&] { return peer->take(kProbe); }));
  EXPECT_TRUE(remote->status().connected);
  loop.warp(seconds(5), seconds(1));
  ASSERT_TRUE(until([&] { return peer->closed; }));
  EXPECT_EQ(remote->status().n_connections, 0u);
}

TEST_F(RemoteTest, PeerThatAnswersProbesStays) {
  listen();
  auto peer = connect();
  for (int round = 0; round < 5; ++round) {
    loop.warp(seconds(5), seconds(1));
    ASSERT_TRUE(until([&] { return peer->take(kProbe); })) << round;
    peer->stream->send(kProbeAnswer);
    ASSERT_TRUE(answers(*peer)) << round;
  }
}

TEST_F(RemoteTest, ProbeIntervalChangesWithoutDisconnecting) {
  listen();
  auto peer = connect();
  EXPECT_TRUE(remote->reconfigure({.probe_interval = Duration(0)}));
  loop.warp(seconds(100), seconds(1));
  EXPECT_TRUE(answers(*peer));
  EXPECT_FALSE(peer->take(kProbe));
  EXPECT_TRUE(remote->reconfigure({.probe_interval = seconds(1)}));
  loop.warp(seconds(1), seconds(1));
  EXPECT_TRUE(until([&] { return peer->take(kProbe); }));
}

TEST_F(RemoteTest, ConnectionsBecomeReadOnlyAndBack) {
  listen();
  auto peer = connect();
  const auto lock_is_refused = [&](const char* name) {
    peer->stream->send(std::string(R"({"method":"lock","params":[")") + name + R"("],"id":"l"})");
    EXPECT_TRUE(until([&] { return peer->received.find("\"id\":\"l\"") != std::string::npos && peer->received.back() == '}'; }));
    const bool refused = peer->received.find("read only") != std::string::npos;
    peer->received.clear();
    return refused;
  };
  EXPECT_FALSE(lock_is_refused("a"));
  EXPECT_TRUE(remote->reconfigure({.read_only = true}));
  EXPECT_TRUE(lock_is_refused("b"));
  EXPECT_TRUE(remote->reconfigure({}));
  EXPECT_FALSE(lock_is_refused("c"));
}

TEST_F(RemoteTest, AnotherCodePointNeedsAnotherSocket) {
  listen();
  EXPECT_FALSE(remote->reconfigure({.dscp = uint8_t{48}}));
}

TEST_F(RemoteTest, ClientThatNeverReadsIsDroppedAndHurtsNobody) {
  listen_locally();
  auto deaf = connect(), other = connect();
  deaf->stream->set_reading(false);
  const std::string request = R"({"method":"echo","params":[")" + std::string(100'000, 'x') + R"("],"id":1})";
  for (int i = 0; i < 300; ++i) deaf->stream->send(request);
  ASSERT_TRUE(until([&] { return stalls_at(128u << 10); }));
  // It is not read from any more: what waits does not grow.
  ASSERT_TRUE(answers(*other));
  const uint64_t stalled = backlog();
  ASSERT_TRUE(answers(*other));
  EXPECT_EQ(backlog(), stalled);
  EXPECT_LT(stalled, 1u << 20);
  loop.warp(seconds(59), seconds(1));
  EXPECT_TRUE(answers(*other));
  EXPECT_EQ(remote->status().n_connections, 2u);
  loop.warp(seconds(120), seconds(1));
  ASSERT_TRUE(until([&] { return remote->status().n_connections == 1; }));
  EXPECT_TRUE(answers(*other));
}

TEST_F(RemoteTest, SlowClientThatReadsAgainGetsEverything) {
  listen_locally();
  auto slow = connect();
  slow->stream->set_reading(false);
  const std::string request = R"({"method":"echo","params":[")" + std::string(100'000, 'x') + R"("],"id":1})";
  for (int i = 0; i < 100; ++i) slow->stream->send(request);
  ASSERT_TRUE(until([&] { return stalls_at(128u << 10); }));
  loop.warp(seconds(30), seconds(1));
  slow->stream->set_reading(true);
  ASSERT_TRUE(until([&] { return slow->received.size() > 100u * 100'000; }));
  loop.warp(seconds(200), seconds(1));
  EXPECT_TRUE(answers(*slow));
}

TEST_F(RemoteTest, ReconnectsWithGrowingPausesUpToTheMaximum) {
  int accepted = 0;
  auto listener = io::Listener::listen(peer_loop, "ptcp:0:127.0.0.1", [&](std::unique_ptr<io::Stream>) { ++accepted; });   // and gone
  ASSERT_TRUE(listener);
  remote = std::make_unique<Remote>(server, "tcp:127.0.0.1:" + std::to_string((*listener)->bound_port()),
                                    RemoteOptions{.max_backoff = seconds(3)}, [] {});
  int expected = 0;
  for (const seconds pause : {seconds(1), seconds(2), seconds(3), seconds(3)}) {
    ++expected;
    ASSERT_TRUE(until([&] { return accepted == expected && remote->status().state == "BACKOFF"; })) << expected;
    loop.warp(pause - milliseconds(1), seconds(1));
    EXPECT_EQ(remote->status().state, "BACKOFF");
    loop.warp(milliseconds(1), seconds(1));
  }
}

TEST_F(RemoteTest, WhatCannotBeUnderstoodCannotBeReached) {
  for (const char* target : {"nonsense:1", "tcp:", "ssl:1.2.3.4:99999"}) {
    Remote odd(server, target, {}, [] {});
    EXPECT_TRUE(odd.is_active());
    EXPECT_EQ(odd.status().state, "BACKOFF") << target;
    EXPECT_EQ(odd.status().last_error, "Address family not supported by protocol") << target;
  }
}

TEST_F(RemoteTest, GoesWithItsConnections) {
  listen();
  auto peer = connect();
  remote.reset();
  EXPECT_TRUE(until([&] { return peer->closed; }));
}

}  // namespace
}  // namespace turnout::ovsdb::server
