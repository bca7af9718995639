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
           {"1 2", "1,2"}}) {
    const auto actions = parse_actions(in);
    ASSERT_TRUE(actions) << in << ": " << actions.error().message;
    EXPECT_EQ(format_actions(*actions), out);
  }
}

TEST(ActionText, BadInputIsRefused) {
  for (const char* bad : {"push_vlan(vid=5),1", "push_vlan(vid=5", "bogus", "1,drop", "userspace()", "userspace(pid=x)",
                          "push_vlan(vid=4096,pcp=0)", "userspace(pid=0,slow_path(bogus))", "trunc(x)", ")", "4294967296"})
    EXPECT_FALSE(parse_actions(bad)) << bad;
}

TEST(ActionText, PortNamesBothWays) {
  const auto number = [](std::string_view name) { return name == "p2" ? std::optional(DpPort{2}) : std::nullopt; };
  const auto actions = parse_actions("p2,3", number);
  ASSERT_TRUE(actions);
  EXPECT_EQ(format_actions(*actions, [](DpPort p) { return p.value == 2 ? std::optional<std::string>("p2") : std::nullopt; }), "p2,3");
}

}  // namespace
}  // namespace turnout::datapath
