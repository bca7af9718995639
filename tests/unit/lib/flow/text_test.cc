// Match text as the reference prints it.
#include "lib/flow/text.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/flow/golden_lines.h"

namespace turnout::flow {
namespace {

TEST(MatchText, PrintsLikeTheReference) {
  const auto lines = golden_lines("match.txt");
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    std::string in = lines[i];
    int32_t priority = kDefaultPriority;
    if (in.starts_with("priority=")) {
      priority = std::stoi(in.substr(9));
      in.erase(0, in.find(',') + 1);
    }
    const auto match = parse_match(in);
    ASSERT_TRUE(match) << in << ": " << match.error().message;
    EXPECT_EQ(format_match(*match, priority), lines[i + 1]) << in;
    const std::string text = format_match(*match);
    const auto again = parse_match(text);
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    EXPECT_EQ(format_match(*again), text);
  }
}

TEST(MatchText, EmptyMatchOfDefaultPriorityPrintsNothing) { EXPECT_EQ(format_match({}), ""); }

TEST(MatchText, PortNamesAreUsedWhereGiven) {
  const PortNumberOf number = [](std::string_view name) { return name == "eth0" ? std::optional(OfPort{7}) : std::nullopt; };
  const PortNameOf name = [](OfPort p) { return p == OfPort{7} ? std::optional<std::string>("eth0") : std::nullopt; };
  const auto match = parse_match("in_port=eth0", number);
  ASSERT_TRUE(match);
  EXPECT_EQ(format_match(*match, kDefaultPriority, name), "in_port=eth0");
  EXPECT_EQ(format_match(*match), "in_port=7");
}

TEST(MatchText, BadInputSaysWhichFieldAndValue) {
  for (const char* bad : {"nosuch=1", "dl_vlan=4096", "nw_src=1.2.3", "nw_src=1.2.3.4/33", "tcp_flags=bogus", "in_port=bogus",
                          "dl_src=1:2:3", "ct_state=+trk+bogus", "nw_tos=3", "nw_frag=maybe", "packet_type=(1)", "nw_proto=300",
                          "nw_proto=6/7", "metadata=", "reg0=0x123456789", "bogus", "tun_metadata0=1"}) {
    const auto match = parse_match(bad);
    ASSERT_FALSE(match) << bad;
    EXPECT_FALSE(match.error().message.empty());
  }
}

}  // namespace
}  // namespace turnout::flow
