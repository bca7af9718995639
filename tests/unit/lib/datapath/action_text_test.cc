// Datapath actions as the reference reads and prints them.
#include "lib/datapath/action_text.h"

#include <gtest/gtest.h>

namespace turnout::datapath {
namespace {

TEST(ActionText, PrintsLikeTheReference) {
  for (const auto& [in, out] : std::vector<std::pair<std::string, std::string>>{
           {"push_vlan(vid=5,pcp=0),3,pop_vlan,2", "push_vlan(vid=5,pcp=0),3,pop_vlan,2"},
           {"push_vlan(tpid=0x88a8,vid=5,pcp=3,cfi=1),1", "push_vlan(tpid=0x88a8,vid=5,pcp=3),1"},
           {"push_vlan(vid=5,pcp=3,cfi=0),1", "push_vlan(vid=5,pcp=3,cfi=0),1"},
           {"drop", "drop"},
           {"", "drop"},
           {"userspace(pid=0,slow_path(cfm))", "userspace(pid=0,slow_path(cfm))"},
           {"userspace(pid=0,slow_path(3))", "userspace(pid=0,slow_path(cfm,bfd))"},
           {"userspace(pid=5,userdata(0102030405000000))", "userspace(pid=5,userdata(0102030405000000))"},
           {"trunc(100),1", "trunc(100),1"},
           {"recirc(5)", "recirc(0x5)"},
           {"meter(0x5),1", "meter(5),1"},
           {"ct_clear,1", "ct_clear,1"},
           {"clone(clone(1),2),3", "clone(clone(1),2),3"},
           {"clone( 1 , 2 )", "clone(1,2)"},
           {"clone()", "clone(drop)"},
           {"sample(sample=50%,actions(1,2))", "sample(sample=50.0%,actions(1,2))"},
           {"sample(sample= 12.34%,actions(1))", "sample(sample=12.3%,actions(1))"},
           {"sample(sample=100%,actions())", "sample(sample=100.0%,actions(drop))"},
           {"check_pkt_len(size=0x10,gt(1),le(push_vlan(vid=1,pcp=0),2))", "check_pkt_len(size=16,gt(1),le(push_vlan(vid=1,pcp=0),2))"},
           {"check_pkt_len(size=5,gt(drop),le())", "check_pkt_len(size=5,gt(drop),le(drop))"},
           {"1 2", "1,2"}}) {
    const auto actions = parse_actions(in);
    ASSERT_TRUE(actions) << in << ": " << actions.error().message;
    EXPECT_EQ(format_actions(*actions), out);
  }
}

TEST(ActionText, BadInputIsRefused) {
  for (const char* bad : {"push_vlan(vid=5),1", "push_vlan(vid=5", "bogus", "1,drop", "userspace()", "userspace(pid=x)",
                          "push_vlan(vid=4096,pcp=0)", "userspace(pid=0,slow_path(bogus))", "trunc(x)", ")", "4294967296",
                          "meter()", "meter(x)", "ct_clear()", "clone", "clone(1", "clone(drop)", "clone(1,bogus)",
                          "sample(sample=101%,actions(1))", "sample(sample=-1%,actions(1))", "sample(actions(1),sample=5%)",
                          "sample(sample=5,actions(1))", "sample(sample=5%)", "sample(sample=x%,actions(1))",
                          "check_pkt_len(size=5,le(1),gt(2))", "check_pkt_len(size=5,gt(1))", "check_pkt_len(size=65536,gt(1),le(2))"})
    EXPECT_FALSE(parse_actions(bad)) << bad;
}

TEST(ActionText, NestingIsBounded) {
  std::string text = "1";
  for (unsigned i = 0; i < 10000; ++i) text = "clone(" + text + ")";
  EXPECT_FALSE(parse_actions(text));
}

TEST(ActionText, PortNamesBothWays) {
  const auto number = [](std::string_view name) { return name == "p2" ? std::optional(DpPort{2}) : std::nullopt; };
  const auto actions = parse_actions("p2,3", number);
  ASSERT_TRUE(actions);
  EXPECT_EQ(format_actions(*actions, [](DpPort p) { return p.value == 2 ? std::optional<std::string>("p2") : std::nullopt; }), "p2,3");
}

}  // namespace
}  // namespace turnout::datapath
