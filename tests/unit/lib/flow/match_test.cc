// Relations between matches and the compact form.
#include "lib/flow/match.h"

#include <gtest/gtest.h>

#include "lib/flow/text.h"

namespace turnout::flow {
namespace {

Match m(std::string_view text) { return parse_match(text).value(); }

TEST(Match, CoversWhatIsNarrower) {
  EXPECT_TRUE(m("ip").covers(m("tcp")));
  EXPECT_FALSE(m("tcp").covers(m("ip")));
  EXPECT_FALSE(m("tcp").covers(m("udp")));
  EXPECT_TRUE(Match{}.covers(m("tcp")));
  EXPECT_TRUE(m("tcp").covers(m("tcp")));
}

TEST(Match, OverlapsUnlessACommonBitDiffers) {
  EXPECT_TRUE(m("ip,nw_src=10.0.0.0/8").overlaps(m("tcp")));
  EXPECT_FALSE(m("tcp").overlaps(m("udp")));
}

TEST(MiniMatch, ExpandsToWhatItWasMadeFrom) {
  for (const char* text : {"", "tcp,tp_dst=80", "reg31=7,in_port=3", "ipv6,ipv6_src=fe80::/64"}) {
    const MiniMatch mini(m(text));
    EXPECT_TRUE(mini.expand() == m(text)) << text;
    EXPECT_TRUE(mini == MiniMatch(m(text)));
  }
  EXPECT_FALSE(MiniMatch(m("tcp")) == MiniMatch(m("udp")));
  EXPECT_TRUE(MiniMatch(m("tcp")).same_mask(MiniMatch(m("udp"))));
}

TEST(MiniMatch, MatchesLikeTheMatch) {
  EXPECT_TRUE(MiniMatch(m("tcp")).matches(m("tcp,tp_dst=80").key));
  EXPECT_FALSE(MiniMatch(m("udp")).matches(m("tcp,tp_dst=80").key));
}

}  // namespace
}  // namespace turnout::flow
