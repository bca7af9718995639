// Extraction against what the reference makes of the same bytes, and against any bytes at all.
#include "lib/flow/extract.h"

#include <gtest/gtest.h>

#include <random>

#include "lib/base/strings.h"
#include "lib/flow/compose.h"
#include "lib/flow/text.h"
#include "tests/unit/lib/flow/golden_lines.h"

namespace turnout::flow {
namespace {

TEST(FlowKey, EveryWordThatIsNotZeroIsFound) {
  for (unsigned word = 0; word < kKeyWords; ++word) {
    FlowKey key{};
    words(key)[word] = uint64_t{1} << 63;
    WordMap expected;
    expected.set(word);
    EXPECT_EQ(nonzero_words(key), expected) << word;
  }
}

net::PacketRef packet_of(std::span<const uint8_t> bytes) {
  auto p = net::PacketPool::local().allocate();
  p->assign(bytes);
  p->in_port = DpPort{1};
  return p;
}

FlowKey key_of(std::string_view hex) {
  FlowKey key;
  extract(*packet_of(*parse_hex(hex)), key);
  return key;
}

TEST(Extract, SeesWhatTheReferenceSees) {
  const auto lines = golden_lines("extract.txt");
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    const auto parts = split(lines[i], ' ');
    EXPECT_EQ(format_key(key_of(parts[1])), lines[i + 1]) << parts[0];
  }
}

TEST(Extract, MapCoversEveryNonZeroWord) {
  for (const auto& line : golden_lines("extract.txt")) {
    const auto parts = split(line, ' ');
    if (parts.size() != 2) continue;
    FlowKey key;
    const WordMap map = extract(*packet_of(*parse_hex(parts[1])), key);
    nonzero_words(key).each([&](unsigned w) { EXPECT_TRUE(map.test(w)) << parts[0] << " word " << w; });
  }
}

TEST(Extract, SecondTagIsParsedWhereTheLimitAllows) {
  const auto hex = "50540000000250540000000188a8000581000006080045000028000100004006f97bc0a80001c0a80002000a001400000001000000025010006400000000";
  EXPECT_EQ(key_of(hex).eth_type.host(), 0x8100);
  set_vlan_limit(2);
  const FlowKey key = key_of(hex);
  set_vlan_limit(1);
  EXPECT_EQ(key.eth_type.host(), 0x0800);
  EXPECT_EQ(key.vlans[0].tpid.host(), 0x88a8);
  EXPECT_EQ(key.vlans[1].tci.host(), kVlanPresent | 6);
  EXPECT_EQ(key.tp_dst.host(), 20);
}

TEST(Extract, TruncationNeverReadsPastTheEnd) {
  for (const auto& line : golden_lines("extract.txt")) {
    const auto parts = split(line, ' ');
    if (parts.size() != 2) continue;
    const auto bytes = *parse_hex(parts[1]);
    for (size_t n = 0; n < bytes.size(); ++n) {
      FlowKey key;
      extract(*packet_of(std::span(bytes).first(n)), key);
    }
  }
}

TEST(Extract, ComposedFramesGiveTheirKeyBack) {
  for (const auto& line : golden_lines("extract.txt")) {
    const auto parts = split(line, ' ');
    if (parts.size() != 2) continue;
    const FlowKey key = key_of(parts[1]);
    const bool complete = key.nw_ttl || key.arp_sha.as_u64() || key.vlans[0].tpid || key.eth_type.host() == 0x1234;
    // What a header cannot say again: an opcode above 255, options that were left out, a label stack without an end.
    if (!complete || key.nw_frag & kFragLater || parts[0] == "ns_opt14" || parts[0].starts_with("tcp_") ||
        parts[0].starts_with("udp_trunc") || parts[0] == "icmp_trunc" || parts[0] == "vlan_trunc4" || parts[0] == "llc_vlan" ||
        parts[0] == "ip6_pl0" || parts[0] == "ns_dup" || parts[0] == "ip4_icmp6" || parts[0] == "ip6_icmp4" || parts[0] == "ns_trunc")
      continue;
    FlowKey again;
    extract(*packet_of(compose(key)), again);
    again.nd_options_type = key.nd_options_type;
    EXPECT_EQ(format_key(again), format_key(key)) << parts[0];
  }
}

TEST(Extract, RandomBytesNeverHurt) {
  std::mt19937 random(7);
  std::vector<uint8_t> bytes(200);
  const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x0806, 0x894f, 0x0010};
  for (int round = 0; round < 20000; ++round) {
    for (auto& b : bytes) b = static_cast<uint8_t>(random() % 4 ? random() % 8 : random());
    const uint16_t type = types[random() % std::size(types)];
    bytes[12] = static_cast<uint8_t>(type >> 8);
    bytes[13] = static_cast<uint8_t>(type);
    bytes[14] = type == 0x0800 ? 0x45 : bytes[14];
    FlowKey key;
    const WordMap map = extract(*packet_of(std::span(bytes).first(random() % bytes.size())), key);
    nonzero_words(key).each([&](unsigned w) { ASSERT_TRUE(map.test(w)) << w; });
  }
}

}  // namespace
}  // namespace turnout::flow
