// Datapath flow syntax as the reference reads and prints it.
#include "lib/datapath/key_text.h"

#include <gtest/gtest.h>

#include <fstream>

namespace turnout::datapath {
namespace {

std::vector<std::string> golden() {
  std::ifstream file(std::string(TURNOUT_SOURCE_DIR) + "/tests/golden/flow/key.txt");
  EXPECT_TRUE(file.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

TEST(KeyText, PrintsLikeTheReference) {
  const auto lines = golden();
  for (size_t i = 0; i + 2 < lines.size(); i += 3) {
    auto match = parse_flow(lines[i], [](std::string_view name) { return name == "p1" ? std::optional(DpPort{1}) : std::nullopt; });
    ASSERT_TRUE(match) << lines[i] << ": " << match.error().message;
    match->mask.recirc_id = ~0u;   // a datapath always compares it
    EXPECT_EQ(format_flow(match->key, match->mask), lines[i + 1]) << lines[i];
    KeyTextOptions verbose;
    verbose.verbose = true;
    std::string expected = lines[i + 2], got = format_flow(match->key, match->mask, verbose);
    EXPECT_EQ(got, expected) << lines[i];
  }
}

TEST(KeyText, WhatIsPrintedIsReadBack) {
  const auto lines = golden();
  for (size_t i = 1; i + 1 < lines.size(); i += 3) {
    const auto match = parse_flow(lines[i]);
    ASSERT_TRUE(match) << lines[i];
    EXPECT_EQ(format_flow(match->key, match->mask), lines[i]);
  }
}

TEST(KeyText, PortNamesOnRequest) {
  KeyTextOptions options;
  options.port_name = [](DpPort) { return std::optional<std::string>("p1"); };
  const auto number = [](std::string_view name) { return name == "p1" ? std::optional(DpPort{1}) : std::nullopt; };
  const auto match = parse_flow("in_port(p1),eth()", number);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->key.in_port, 1u);
  EXPECT_EQ(format_flow(match->key, match->mask, options), "in_port(p1),eth()");
}

TEST(KeyText, EthernetAddressesThatAreNotComparedAreLeftOut) {
  const auto match = parse_flow("in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(frag=no)");
  ASSERT_TRUE(match);
  EXPECT_EQ(format_flow(match->key, match->mask), "in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(frag=no)");
}

TEST(KeyText, FrameWithoutATypeIsWrittenAsZero) {
  const std::string text = "in_port(1),eth(dst=01:80:c2:00:00:00),eth_type(0/0xffff)";
  const auto match = parse_flow(text);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->key.eth_type.host(), flow::kEthTypeNone);
  EXPECT_EQ(format_flow(match->key, match->mask), text);
}

TEST(KeyText, TwoTagsNestTwice) {
  const std::string text = "in_port(1),eth(),eth_type(0x88a8),vlan(vid=5,pcp=0),encap(eth_type(0x8100),vlan(vid=6,pcp=1),encap(eth_type(0x0800),ipv4(frag=no)))";
  const auto match = parse_flow(text);
  ASSERT_TRUE(match);
  EXPECT_EQ(format_flow(match->key, match->mask), text);
}

TEST(KeyText, FrameThatEndsWithinItsTagHasAnEmptyOne) {
  const std::string text = "in_port(1),eth(),eth_type(0x8100),vlan(vid=0,cfi=0),encap()";
  const auto match = parse_flow(text);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->key.eth_type, Be16{0x8100});
  EXPECT_EQ(match->key.vlans[0], flow::VlanTag{});
  EXPECT_EQ(format_flow(match->key, match->mask), text);
}

TEST(KeyText, TagBeyondTheLimitIsAPlainType) {
  const std::string text = "in_port(1),eth(),eth_type(0x8100),vlan(vid=5),encap(eth_type(0x8100))";
  const auto match = parse_flow(text);
  ASSERT_TRUE(match);
  EXPECT_EQ(format_flow(match->key, match->mask), text);
}

TEST(KeyText, FrameWithoutATypeBehindATagHasNone) {
  auto match = parse_flow("in_port(1),eth(),eth_type(0x8100),vlan(vid=5),encap(eth_type(0/0xffff))");
  ASSERT_TRUE(match);
  EXPECT_EQ(format_flow(match->key, match->mask), "in_port(1),eth(),eth_type(0x8100),vlan(vid=5),encap()");
}

TEST(KeyText, NshWithoutContextsWritesZeros) {
  flow::Match match{};
  match.key.eth_type = Be16{0x894f};
  TURNOUT_MASK_ALL(match.mask, eth_type);
  const std::string type = "eth(),eth_type(0x894f),";
  EXPECT_EQ(format_flow(match.key, match.mask), type + "nsh(c1=0x0,c2=0x0,c3=0x0,c4=0x0)");
  match.key.nsh[2] = 1;
  EXPECT_EQ(format_flow(match.key, match.mask), type + "nsh()");
  match.mask.nsh[2] = 0xff;
  EXPECT_EQ(format_flow(match.key, match.mask), type + "nsh(mdtype=1)");
}

TEST(KeyText, ErrorsNameThePlace) {
  for (const auto& [text, place] : std::vector<std::pair<std::string, std::string>>{
           {"in_port(1),foo(1)", "foo(1)"},
           {"in_port(bogus),eth()", "in_port(bogus),eth()"},
           {"eth(src=50:54:00:00:00:zz)", "eth(src=50:54:00:00:00:zz)"},
           {"in_port(1),eth_type(0x0800,ipv4(frag=no)", "eth_type(0x0800,ipv4(frag=no)"},
           {"ipv4(src=1.2.3.4,foo=3)", "ipv4(src=1.2.3.4,foo=3)"},
           {"ipv4(proto=256)", "ipv4(proto=256)"},
           {"hello", "hello"}}) {
    const auto match = parse_flow(text);
    ASSERT_FALSE(match) << text;
    EXPECT_EQ(match.error().message, "syntax error at " + place);
  }
}

TEST(KeyText, UfidRoundTrips) {
  const std::string text = "ufid:5487646e-d5d0-4da2-87da-8fd4cd141036";
  ASSERT_TRUE(parse_ufid(text));
  EXPECT_EQ(format_ufid(*parse_ufid(text)), text);
  EXPECT_FALSE(parse_ufid("ufid:5487646e-d5d0-4da2-87da"));
}

TEST(KeyText, AKernelsMetadataComesInTheOrderOfItsMessages) {
  const auto match = parse_flow("in_port(1),eth(),eth_type(0x0806)");
  ASSERT_TRUE(match);
  const KeyTextOptions options{.verbose = true, .kernel_order = true};
  EXPECT_TRUE(format_flow(match->key, match->mask, options)
                  .starts_with("recirc_id(0/0),dp_hash(0/0),skb_priority(0/0),in_port(1),skb_mark(0/0),ct_state(0/0),ct_zone(0/0),"
                               "ct_mark(0/0),ct_label(0/0),eth(src="));
  auto typed = *match;
  TURNOUT_MASK_ALL(typed.mask, packet_type);
  EXPECT_EQ(format_flow(typed.key, typed.mask, {.kernel_order = true}), "in_port(1),eth(),eth_type(0x0806)");
}

}  // namespace
}  // namespace turnout::datapath
