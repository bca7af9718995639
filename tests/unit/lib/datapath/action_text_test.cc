// Datapath actions as the reference reads and prints them.
#include "lib/datapath/action_text.h"

#include <gtest/gtest.h>

#include <fstream>

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
           {"userspace(pid=5,userdata(0102030405))", "userspace(pid=5,userdata(0102030405000000))"},
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
           {"set(tunnel(tun_id=0x1,src=1.1.1.1,dst=2.2.2.2,ttl=64,tp_src=1,tp_dst=4789,flags(df|csum|key)))",
            "set(tunnel(tun_id=0x1,src=1.1.1.1,dst=2.2.2.2,ttl=64,tp_src=1,tp_dst=4789,flags(df|csum|key)))"},
           {"set(tunnel(tun_id=0x5,dst=2.2.2.2,tos=4,ttl=64,flags(df|csum)))", "set(tunnel(tun_id=0x5,dst=2.2.2.2,tos=0x4,ttl=64,flags(df|csum|key)))"},
           {"set(tunnel(ipv6_dst=fe80::2,ttl=64,flags(0)))", "set(tunnel(ipv6_dst=fe80::2,ttl=64,flags(0)))"},
           {"set(tunnel(dst=2.2.2.2,ttl=64,vxlan(gbp(id=1)),flags(key)))", "set(tunnel(dst=2.2.2.2,ttl=64,vxlan(gbp(id=1,flags=0)),flags(0)))"},
           {"set(tunnel(dst=2.2.2.2,ttl=64,geneve({class=0xffff,type=0x80,len=4,0xa}{class=0,type=0,len=8,0xabcdef}{class=0,type=0,len=0}),flags(0)))",
            "set(tunnel(dst=2.2.2.2,ttl=64,geneve({class=0xffff,type=0x80,len=4,0xa}{class=0,type=0,len=8,0xabcdef}{class=0,type=0,len=0}),flags(0)))"},
           {"set(tunnel(dst=2.2.2.2,ttl=64,erspan(ver=1,idx=0x7),flags(0)))", "set(tunnel(dst=2.2.2.2,ttl=64,erspan(ver=1,idx=0x7),flags(0)))"},
           {"set(tunnel(dst=2.2.2.2,ttl=64,erspan(ver=2,dir=1,hwid=0x7),flags(0)))", "set(tunnel(dst=2.2.2.2,ttl=64,erspan(ver=2,dir=1,hwid=0x7),flags(0)))"},
           {"set(tunnel(dst=2.2.2.2,ttl=64,gtpu(flags=0x30,msgtype=255),flags(0)))", "set(tunnel(dst=2.2.2.2,ttl=64,gtpu(flags=0x30,msgtype=255),flags(0)))"},
           {"1 2", "1,2"}}) {
    const auto actions = parse_actions(in);
    ASSERT_TRUE(actions) << in << ": " << actions.error().message;
    EXPECT_EQ(format_actions(*actions), out);
  }
}

// Lines "INPUT" or "INPUT => PRINTED"; what is printed reads as what prints the same (a share has one decimal in print).
TEST(ActionText, GoldenTexts) {
  std::ifstream file(TURNOUT_SOURCE_DIR "/tests/golden/datapath/actions.txt");
  ASSERT_TRUE(file);
  size_t texts = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t arrow = line.find(" => ");
    const std::string in = line.substr(0, arrow), out = arrow == std::string::npos ? in : line.substr(arrow + 4);
    const auto actions = parse_actions(in);
    ASSERT_TRUE(actions) << in << ": " << actions.error().message;
    EXPECT_EQ(format_actions(*actions), out);
    const auto again = parse_actions(out);
    ASSERT_TRUE(again) << out;
    EXPECT_EQ(format_actions(*again), out);
    ++texts;
  }
  EXPECT_GT(texts, 100u);
}

TEST(ActionText, ActionsStaySmall) { EXPECT_LE(sizeof(Action), 48u); }

TEST(ActionText, CopiesShareWhatIsLarge) {
  const auto actions = parse_actions("ct(commit,helper=ftp),set(ipv4(src=1.2.3.4))");
  ASSERT_TRUE(actions);
  const ActionList copy = *actions;
  EXPECT_EQ(&*std::get<TrackConnection>(copy[0]).spec, &*std::get<TrackConnection>((*actions)[0]).spec);
  EXPECT_EQ(std::get<Set>(copy[1]).fields, std::get<Set>((*actions)[1]).fields);
}

TEST(ActionText, BadInputIsRefused) {
  for (const char* bad : {"push_vlan(vid=5),1", "push_vlan(vid=5", "bogus", "1,drop", "userspace()", "userspace(pid=x)",
                          "push_vlan(vid=4096,pcp=0)", "userspace(pid=0,slow_path(bogus))", "trunc(x)", ")", "4294967296",
                          "meter()", "meter(x)", "ct_clear()", "clone", "clone(1", "clone(1,drop)", "clone(1,bogus)",
                          "sample(sample=101%,actions(1))", "sample(sample=-1%,actions(1))", "sample(actions(1),sample=5%)",
                          "sample(sample=5,actions(1))", "sample(sample=5%)", "sample(sample=x%,actions(1))",
                          "set(tunnel(dst=1.1.1.1/255.0.0.0,ttl=1))", "set(tunnel(dst=1.1.1.1,bogus=1))", "set(tunnel(dst=1.1.1.1)",
                          "set(tunnel(geneve({class=1,type=1,len=3,0})))", "set(tunnel(geneve({class=1,type=1,len=4,0x1234567890})))",
                          "set(tunnel(geneve({len=124,0}{len=124,1}{len=124,2})))", "set(tunnel(geneve({len=4,class=1})))",
                          "set(tunnel(erspan(ver=2,idx=1)))", "set(tunnel(erspan(ver=1,dir=1)))", "set(tunnel(flags(bogus)))",
                          "set(tcp(src=70000))", "set(tcp(src=1, dst=2))", "set(bogus(1))", "set(tcp(src=1),udp(src=1))", "set()", "set(encap())",
                          "ct(commit,force_commit)", "ct(helper=averyveryverylonghelper)", "ct(nat(src,dst))", "ct(zone=70000)", "ct(bogus)",
                          "ct(commit,nat(src=10.0.0.5-10.0.0.1))", "ct(commit,nat(src=1.1.1.1,hash,random))", "ct(nat(src=1.1.1.1:9-8))",
                          "push_mpls(label=1,tc=1,ttl=1,bos=1)", "push_mpls(label=0x100000,tc=0,ttl=1,bos=1,eth_type=0x8847)",
                          "push_eth(src=02:00:00:00:00:01)", "pop_eth()", "pop_nsh", "pop_mpls()", "push_nsh(mdtype=3)", "push_nsh(ttl=64)",
                          "push_nsh(mdtype=1,md2=0x12)", "push_nsh(mdtype=2,c1=5)", "hash(bogus(1))", "hash(l4())", "dec_ttl(drop)", "psample()",
                          "psample(group=1,cookie=0x)", "lb_output(x)", "tnl_pop()", "tnl_push(tnl_port(1))",
                          "tnl_push(tnl_port(1),header(size=5,type=9,data(01020304)),out_port(2))", "userspace(pid=1,sFlow(vid=4096,pcp=0,output=1))",
                          "userspace(pid=1,tunnel_out_port=1,actions)", "userspace(pid=1,bogus)", "userspace(pid=1,slow_path(128))",
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
