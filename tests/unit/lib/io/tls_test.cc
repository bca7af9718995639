// ssl: and pssl: streams: two programs, each with a loop and TLS settings of its own, and peers that misbehave.
#include "lib/io/tls.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "lib/io/stream.h"
#include "lib/io/tls_context.h"
#include "tests/support/certificates.h"

namespace turnout::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One end of a connection and what it saw.
struct End {
  void take(std::unique_ptr<Stream> opened) {
    stream = std::move(opened);
    stream->start({[this] { connected = true; }, [this](std::string_view bytes) { received += bytes; },
                   [this](const Error& e) { closed = e.code; }, [this] { ++drained; }});
  }
  std::unique_ptr<Stream> stream;
  std::string received;
  bool connected = false;
  std::optional<int> closed;
  int drained = 0;
};

struct TlsTest : testing::Test {
  TlsTest() : server_loop(server_clock), client_loop(client_clock) {
    std::string pattern = testing::TempDir() + "turnout_tls_XXXXXX";
    directory = mkdtemp(pattern.data());
    authority.emplace(directory, "ca");
    stranger.emplace(directory, "stranger");
    authority->issue("server", "the server");
    authority->issue("client", "alice");
    server_loop.tls().configure(settings("server"));
    client_loop.tls().configure(settings("client"));
  }
  ~TlsTest() override {
    client.stream.reset();
    server.stream.reset();
    listener.reset();
    std::filesystem::remove_all(directory);
  }
  std::string file(const std::string& name) const { return directory + "/" + name; }
  TlsSettings settings(const std::string& who) const {
    TlsSettings s;
    s.private_key = file(who + "-key.pem");
    s.certificate = file(who + ".pem");
    s.ca_cert = file("ca.pem");
    return s;
  }
  void listen(const std::string& name = "pssl:0:127.0.0.1") {
    auto opened = Listener::listen(server_loop, name, [this](std::unique_ptr<Stream> stream) {
      ++accepted;
      accepted_name = stream->peer_common_name();
      server.take(std::move(stream));
    });
    ASSERT_TRUE(opened) << opened.error().message;
    listener = std::move(*opened);
  }
  void connect(const std::string& host = "ssl:127.0.0.1") {
    auto opened = Stream::connect(client_loop, host + ":" + std::to_string(listener->bound_port()));
    ASSERT_TRUE(opened) << opened.error().message;
    client.take(std::move(*opened));
  }
  bool until(const std::function<bool()>& done, seconds patience = seconds(20)) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!done()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      server_loop.run_until(done, milliseconds(1));
      client_loop.run_until(done, milliseconds(1));
    }
    return true;
  }
  void talk() {
    ASSERT_TRUE(until([&] { return server.connected && client.connected; }));
    client.stream->send("hello ");
    client.stream->send("world");
    ASSERT_TRUE(until([&] { return server.received == "hello world"; }));
    server.stream->send("answer");
    ASSERT_TRUE(until([&] { return client.received == "answer"; }));
    EXPECT_EQ(client.stream->backlog(), 0u);
  }
  // The client is refused, at the latest when the server has judged it.
  void expect_refused(int code) {
    ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
    EXPECT_EQ(*client.closed, code);
    EXPECT_EQ(accepted, 0);
  }
  // A client of TLS 1.3 learns that the server refused its certificate when its own handshake is done already.
  static constexpr int kRefusedLate = EIO;

  Clock server_clock, client_clock;
  Loop server_loop, client_loop;
  std::string directory;
  std::optional<test::Authority> authority, stranger;
  std::unique_ptr<Listener> listener;
  End server, client;
  int accepted = 0;
  std::string accepted_name;
};

TEST_F(TlsTest, TalksBothWaysAndKnowsThePeersName) {
  listen();
  connect();
  talk();
  EXPECT_EQ(accepted_name, "alice");
  EXPECT_EQ(client.stream->peer_common_name(), "the server");
  EXPECT_TRUE(server.stream->name().starts_with("ssl:127.0.0.1:"));
}

TEST_F(TlsTest, TalksOverIPv6) {
  auto opened = Listener::listen(server_loop, "pssl:0:[::1]", [this](std::unique_ptr<Stream> s) { server.take(std::move(s)); });
  if (!opened && opened.error().code == EADDRNOTAVAIL) GTEST_SKIP() << "no IPv6 on this host";
  ASSERT_TRUE(opened) << opened.error().message;
  listener = std::move(*opened);
  connect("ssl:[::1]");
  talk();
}

TEST_F(TlsTest, ByeIsAGoodClose) {
  listen();
  connect();
  talk();
  client.stream->send("last words");
  client.stream->close();
  ASSERT_TRUE(until([&] { return server.closed.has_value(); }));
  EXPECT_EQ(*server.closed, 0);
  EXPECT_EQ(server.received, "hello worldlast words");
}

// More than a record and more than the kernel takes at once, in pieces of every size, with reading turned off meanwhile.
TEST_F(TlsTest, CarriesMegabytesUnderBackPressure) {
  listen();
  connect();
  ASSERT_TRUE(until([&] { return server.connected && client.connected; }));
  server.stream->set_reading(false);
  std::string sent;
  for (size_t size = 1, i = 0; sent.size() < (20u << 20); size = size * 3 % 300007 + 1, ++i) {
    std::string piece(size, static_cast<char>('a' + i % 26));
    sent += piece;
    client.stream->send(std::move(piece));
  }
  client_loop.poll();
  EXPECT_GT(client.stream->backlog(), 0u);
  EXPECT_TRUE(server.received.empty());
  server.stream->set_reading(true);
  ASSERT_TRUE(until([&] { return server.received.size() == sent.size(); }));
  EXPECT_TRUE(server.received == sent);
  ASSERT_TRUE(until([&] { return client.stream->backlog() == 0; }));
  EXPECT_GE(client.drained, 1);
}

TEST_F(TlsTest, ReadingStopsBetweenRecordsAndLosesNothing) {
  listen();
  connect();
  talk();
  size_t calls = 0;
  std::string heard;
  server.stream->start({{}, [&](std::string_view bytes) {
                          heard += bytes;
                          ++calls;
                          server.stream->set_reading(false);
                        }, {}, {}});
  client.stream->send(std::string(200'000, 'x'));
  while (heard.size() < 200'000) {
    const size_t before = calls;
    ASSERT_TRUE(until([&] { return calls > before; }));
    ASSERT_EQ(calls, before + 1);
    server.stream->set_reading(true);
  }
  EXPECT_GT(calls, 5u);
}

TEST_F(TlsTest, ClientOfAnotherAuthorityIsRefused) {
  stranger->issue("mallory", "mallory");
  client_loop.tls().configure(settings("mallory"));
  listen();
  connect();
  expect_refused(kRefusedLate);
}

TEST_F(TlsTest, ServerOfAnotherAuthorityIsRefused) {
  stranger->issue("fake", "the server");
  server_loop.tls().configure(settings("fake"));
  listen();
  connect();
  expect_refused(EPROTO);
  EXPECT_FALSE(client.connected);
}

TEST_F(TlsTest, ExpiredCertificateIsRefused) {
  authority->issue("old", "alice", -20, -10);
  client_loop.tls().configure(settings("old"));
  listen();
  connect();
  expect_refused(kRefusedLate);
}

TEST_F(TlsTest, ClientWithoutCertificateIsRefused) {
  listen();
  const std::string command = "timeout 10 openssl s_client -connect 127.0.0.1:" + std::to_string(listener->bound_port()) +
                              " -CAfile " + file("ca.pem") + " </dev/null >/dev/null 2>&1; touch " + file("done");
  ASSERT_EQ(std::system(("(" + command + ") &").c_str()), 0);
  ASSERT_TRUE(until([&] { return std::filesystem::exists(file("done")); }));
  EXPECT_EQ(accepted, 0);
}

TEST_F(TlsTest, UnverifiedPeerHasNoName) {
  TlsSettings lax = settings("server");
  lax.ca_cert = "none";
  server_loop.tls().configure(lax);
  stranger->issue("mallory", "alice");
  client_loop.tls().configure(settings("mallory"));
  listen();
  connect();
  talk();
  EXPECT_EQ(accepted_name, "");
}

// ---- peers that do not speak TLS ----
struct TlsPlainPeerTest : TlsTest {
  void connect_plainly() {
    listen();
    connect("tcp:127.0.0.1");
    ASSERT_TRUE(until([&] { return client.connected; }));
  }
};

TEST_F(TlsPlainPeerTest, PlaintextIsDropped) {
  connect_plainly();
  client.stream->send("{\"method\":\"list_dbs\",\"params\":[],\"id\":1}");
  expect_refused(client.closed.value_or(0));
}

TEST_F(TlsPlainPeerTest, GarbageIsDropped) {
  connect_plainly();
  std::string garbage = "\x16\x03\x01\x02\x00";
  for (int i = 0; i < 4000; ++i) garbage += static_cast<char>(i * 7919 >> 3);
  client.stream->send(garbage);
  expect_refused(client.closed.value_or(0));
}

TEST_F(TlsPlainPeerTest, HandshakeThatTakesForEverIsDropped) {
  connect_plainly();
  client.stream->send(std::string("\x16\x03\x01\x02\x00\x01", 6));   // the beginning of a hello, and no more
  server_loop.stop_time();
  ASSERT_FALSE(until([&] { return client.closed.has_value(); }, seconds(1)));   // lets it be accepted
  server_loop.warp(seconds(9), seconds(1));
  EXPECT_FALSE(client.closed);
  server_loop.warp(seconds(2), seconds(1));
  expect_refused(0);
}

TEST_F(TlsPlainPeerTest, ListenerGoesAmidAHandshake) {
  connect_plainly();
  client.stream->send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  until([&] { return client.closed.has_value(); }, seconds(1));
  listener.reset();
  ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
}

TEST_F(TlsTest, PeerOfAnActiveStreamThatIsNoTlsServer) {
  auto opened = Listener::listen(server_loop, "ptcp:0:127.0.0.1", [this](std::unique_ptr<Stream> s) {
    server.take(std::move(s));
    server.stream->send("HTTP/1.0 400 Bad Request\r\n\r\n");
  });
  ASSERT_TRUE(opened);
  listener = std::move(*opened);
  connect();
  ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, EPROTO);
}

// ---- settings ----
TEST_F(TlsTest, WithoutKeysNothingConnects) {
  client_loop.tls().configure({});
  listen();
  connect();
  expect_refused(ENOPROTOOPT);
}

TEST_F(TlsTest, KeyOfAnotherCertificateIsRefused) {
  TlsSettings mixed = settings("client");
  mixed.private_key = file("server-key.pem");
  client_loop.tls().configure(mixed);
  listen();
  connect();
  expect_refused(ENOPROTOOPT);
}

TEST_F(TlsTest, MissingFilesAreRefused) {
  for (std::string TlsSettings::*member : {&TlsSettings::private_key, &TlsSettings::certificate, &TlsSettings::ca_cert}) {
    TlsSettings broken = settings("client");
    broken.*member = file("nowhere.pem");
    client_loop.tls().configure(broken);
    client.closed.reset();
    listen();
    connect();
    expect_refused(ENOPROTOOPT);
  }
}

TEST_F(TlsTest, ChangedFilesAreReadAgain) {
  listen();
  connect();
  talk();
  EXPECT_EQ(accepted_name, "alice");
  authority->issue("client", "bob");
  connect();
  ASSERT_TRUE(until([&] { return accepted == 2; }));
  EXPECT_EQ(accepted_name, "bob");
}

TEST_F(TlsTest, FilesThatTurnBadLeaveTheGoodOnesInUse) {
  listen();
  connect();
  talk();
  std::filesystem::resize_file(file("client-key.pem"), 10);
  connect();
  ASSERT_TRUE(until([&] { return accepted == 2; }));
  EXPECT_EQ(accepted_name, "alice");
}

TEST_F(TlsTest, BootstrapKeepsTheAuthorityOfTheFirstPeerAndDropsIt) {
  TlsSettings generous = settings("server");
  generous.peer_ca_cert = file("ca.pem");
  server_loop.tls().configure(generous);
  TlsSettings trusting = settings("client");
  trusting.ca_cert = file("learned.pem");
  trusting.bootstrap_ca_cert = true;
  client_loop.tls().configure(trusting);
  listen();
  connect();
  ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, EPROTO);
  EXPECT_TRUE(std::filesystem::exists(file("learned.pem")));
  client = {};
  server = {};
  connect();
  talk();
  // From now on it is what counts.
  client = {};
  server = {};
  stranger->issue("server", "the server");
  server_loop.tls().configure(settings("server"));
  connect();
  ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
  EXPECT_FALSE(client.connected);
}

TEST_F(TlsTest, BootstrapNeedsAnAuthorityInTheChain) {
  TlsSettings trusting = settings("client");
  trusting.ca_cert = file("learned.pem");
  trusting.bootstrap_ca_cert = true;
  client_loop.tls().configure(trusting);
  TlsSettings terse = settings("server");
  terse.ca_cert = "none";   // shows its own certificate only: it knows no other
  server_loop.tls().configure(terse);
  listen();
  connect();
  ASSERT_TRUE(until([&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, EPROTO);
  EXPECT_FALSE(std::filesystem::exists(file("learned.pem")));
}

TEST_F(TlsTest, VersionsWithNothingInCommonDoNotConnect) {
  TlsSettings modern = settings("server"), old = settings("client");
  modern.protocols = "TLSv1.3";
  old.protocols = "TLSv1.2";
  server_loop.tls().configure(modern);
  client_loop.tls().configure(old);
  listen();
  connect();
  expect_refused(EPROTO);
  modern.protocols = "TLSv1.2+";
  server_loop.tls().configure(modern);
  client = {};
  connect();
  talk();
}

TEST_F(TlsTest, CiphersOfBothVersionsAreChosen) {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    TlsSettings choosy = settings("client");
    choosy.protocols = version;
    choosy.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    choosy.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
    client_loop.tls().configure(choosy);
    TlsSettings other = settings("server");
    other.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    other.ciphersuites = "TLS_AES_128_GCM_SHA256";
    server_loop.tls().configure(other);
    accepted = 0;
    client = {};
    listen();
    connect();
    expect_refused(EPROTO);
  }
}

TEST(TlsProtocols, ListsAndRanges) {
  const auto range = [](std::string_view text) {
    const ProtocolRange r = parse_protocols(text);
    return std::pair(r.lowest, r.highest);
  };
  const std::pair all(TLS1_2_VERSION, TLS1_3_VERSION), two(TLS1_2_VERSION, TLS1_2_VERSION), three(TLS1_3_VERSION, TLS1_3_VERSION);
  EXPECT_EQ(range(""), all);
  EXPECT_EQ(range("TLSv1.2"), two);
  EXPECT_EQ(range("TLSv1.3"), three);
  EXPECT_EQ(range("TLSv1.3,TLSv1.2"), all);
  EXPECT_EQ(range("TLSv1.2 TLSv1.3"), all);
  EXPECT_EQ(range("TLSv1.2+"), all);
  EXPECT_EQ(range("TLSv1.3+"), three);
  EXPECT_EQ(range("TLSv1.2-TLSv1.3"), all);
  EXPECT_EQ(range("TLSv1.2-TLSv1.2"), two);
  EXPECT_EQ(range("TLSv1,TLSv1.1,TLSv1.2"), two);   // what is too old is left out
  EXPECT_EQ(range("nonsense"), all);
  EXPECT_EQ(range("TLSv1.3-TLSv1.2"), all);
}

}  // namespace
}  // namespace turnout::io
