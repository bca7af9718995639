// Keys, masks and actions as netlink attributes and back.
#include <gtest/gtest.h>
#include <linux/openvswitch.h>

#include <array>
#include <cstring>
#include <fstream>

#include "lib/datapath/action_text.h"
#include "lib/datapath/kernel/action_codec.h"
#include "lib/datapath/kernel/key_codec.h"
#include "lib/datapath/key_text.h"

namespace turnout::datapath::kernel {
namespace {

flow::Match parse(const char* text) {
  auto match = parse_flow(text);
  EXPECT_TRUE(match) << text;
  return match.value_or(flow::Match{});
}

// What a kernel says of any key: these are never wildcards there.
flow::FlowKey through(const flow::FlowKey& key) {
  AttributeWriter out;
  encode_key(key, out);
  auto back = decode_key(out.bytes());
  EXPECT_TRUE(back) << back.error().message;
  return back.value_or(flow::FlowKey{});
}

class KernelKey : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelKey, ComesBackAsItWent) {
  const flow::FlowKey key = parse(GetParam()).key;
  EXPECT_EQ(format_key(through(key)), format_key(key));
  EXPECT_TRUE(flow::equal(through(key), key)) << GetParam();
}

TEST_P(KernelKey, MaskComparesNoLessAfterwards) {
  const flow::Match match = parse(GetParam());
  AttributeWriter out;
  encode_mask(match.key, match.mask, out);
  auto back = decode_mask(match.key, out.bytes());
  ASSERT_TRUE(back) << back.error().message;
  for (size_t i = 0; i < flow::kKeyWords; ++i)
    EXPECT_EQ(flow::words(match.mask)[i] & ~flow::words(*back)[i], 0u) << GetParam() << " word " << i;
}

INSTANTIATE_TEST_SUITE_P(Flows, KernelKey, ::testing::Values(
    "in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"
    "ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0x20,ttl=64,frag=no),tcp(src=1000,dst=80),tcp_flags(syn|ack)",
    "in_port(2),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"
    "ipv4(src=10.0.0.0/255.0.0.0,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=later)",
    "in_port(2),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"
    "ipv4(src=10.0.0.1,dst=10.0.0.2,proto=1,tos=0,ttl=1,frag=first),icmp(type=8,code=0)",
    "in_port(3),eth(src=02:00:00:00:00:01,dst=33:33:00:00:00:01),eth_type(0x86dd),"
    "ipv6(src=fe80::1,dst=ff02::1,label=0x12345,proto=58,tclass=0xc0,hlimit=255,frag=no),icmpv6(type=135,code=0),"
    "nd(target=fe80::2,sll=02:00:00:00:00:01,tll=00:00:00:00:00:00)",
    "in_port(3),eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),"
    "arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)",
    "in_port(4),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x8100),vlan(vid=5,pcp=3),"
    "encap(eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=132,tos=0,ttl=64,frag=no),sctp(src=1,dst=2))",
    "in_port(4),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x88a8),vlan(vid=5,pcp=0),"
    "encap(eth_type(0x8100),vlan(vid=6,pcp=1),encap(eth_type(0x86dd),ipv6(src=::1,dst=::2,label=0,proto=17,tclass=0,hlimit=1,frag=no),udp(src=1,dst=2)))",
    "in_port(5),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x1234)",
    "skb_priority(7),skb_mark(0x9),recirc_id(0x3),dp_hash(0x11),ct_state(+est+trk),ct_zone(5),ct_mark(0x7),"
    "ct_label(0x1),in_port(5),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"
    "ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2)"));

TEST(KernelMask, LeavesOutWhatIsNotCompared) {
  const flow::Match match = parse("in_port(1),eth(),eth_type(0x0800),ipv4(src=10.0.0.0/255.0.0.0,frag=no)");
  AttributeWriter out;
  encode_mask(match.key, match.mask, out);
  bool has_ethernet = false, has_ipv4 = false;
  for (AttributeReader reader(out.bytes()); auto a = reader.next();) {
    has_ethernet |= a->type == OVS_KEY_ATTR_ETHERNET;
    has_ipv4 |= a->type == OVS_KEY_ATTR_IPV4;
  }
  EXPECT_FALSE(has_ethernet);
  EXPECT_TRUE(has_ipv4);
}

TEST(KernelMask, MissingMaskComparesEverything) {
  auto mask = decode_mask({}, {});
  ASSERT_TRUE(mask);
  for (size_t i = 0; i < flow::kKeyWords; ++i) EXPECT_EQ(flow::words(*mask)[i], ~uint64_t{0});
}

TEST(KernelKeyErrors, TruncatedAttributeIsRefused) {
  AttributeWriter out;
  out.put(OVS_KEY_ATTR_IPV4, uint32_t{0});
  EXPECT_FALSE(decode_key(out.bytes()));
  out = {};
  out.put(OVS_KEY_ATTR_IN_PORT, uint32_t{1});
  auto bytes = out.bytes();
  EXPECT_FALSE(decode_key(bytes.first(bytes.size() - 1)));
}

TEST(KernelKeyErrors, NestsOfTagsAreBounded) {
  AttributeWriter out;
  for (int i = 0; i < 40; ++i) {
    out.put(OVS_KEY_ATTR_ETHERTYPE, Be16{0x8100});
    out.put(OVS_KEY_ATTR_VLAN, Be16{0x1001});
    out.nest(OVS_KEY_ATTR_ENCAP);   // each to the end of the one outside: lengths are set below
  }
  std::vector<uint8_t> bytes(out.bytes().begin(), out.bytes().end());
  for (size_t at = 16; at < bytes.size(); at += 20) {
    const auto length = static_cast<uint16_t>(bytes.size() - at);
    std::memcpy(bytes.data() + at, &length, sizeof length);
  }
  EXPECT_FALSE(decode_key(bytes));
}

constexpr const char* kTunnels[] = {
    "tun_id=0x1234,src=1.1.1.1,dst=2.2.2.2,tos=0x4,ttl=64,tp_src=1,tp_dst=4789,flags(oam|df|csum|key)",
    "tun_id=0x5,ipv6_src=fe80::1,ipv6_dst=fe80::2,ttl=64,flags(key)",
    "dst=2.2.2.2,ttl=64,vxlan(gbp(id=7,flags=0x8)),flags(0)",
    "tun_id=0x5,dst=2.2.2.2,ttl=64,geneve({class=0xffff,type=0x80,len=4,0xa}{class=0x1,type=0,len=0}),flags(df|key)",
    "tun_id=0x5,dst=2.2.2.2,ttl=64,erspan(ver=1,idx=0xfffff),flags(df|key)",
    "tun_id=0x5,dst=2.2.2.2,ttl=64,erspan(ver=2,dir=1,hwid=0x3f),flags(df|key)"};

TEST(KernelTunnel, KeysMasksAndSetsComeBack) {
  for (const std::string text : kTunnels) {
    const flow::Match match = parse(("tunnel(" + text + "),in_port(1),eth(),eth_type(0x1234)").c_str());
    EXPECT_EQ(through(match.key).tunnel, match.key.tunnel) << text;
    AttributeWriter out;
    encode_mask(match.key, match.mask, out);
    const auto mask = decode_mask(match.key, out.bytes());
    ASSERT_TRUE(mask) << text;
    EXPECT_NE(format_flow(match.key, *mask).find("tunnel(" + text + ")"), std::string::npos) << format_flow(match.key, *mask);

    const auto actions = parse_actions("set(tunnel(" + text + "))");
    ASSERT_TRUE(actions) << text;
    AttributeWriter set;
    encode_actions(*actions, 0, set);
    const auto back = decode_actions(set.bytes());
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, *actions) << text;
  }
}

TEST(KernelTunnel, MasksOfOptionsComeBack) {
  const std::string text = "tunnel(tun_id=0x5/0xf,src=1.0.0.0/255.0.0.0,dst=2.2.2.2,ttl=64,"
                           "geneve({class=0xffff,type=0x80/0xf0,len=4,0xa/0xff}),flags(-df+csum+key))";
  const flow::Match match = parse((text + ",in_port(1),eth(),eth_type(0x1234)").c_str());
  EXPECT_NE(format_flow(match.key, match.mask).find(text), std::string::npos) << format_flow(match.key, match.mask);
  AttributeWriter out;
  encode_mask(match.key, match.mask, out);
  const auto mask = decode_mask(match.key, out.bytes());
  ASSERT_TRUE(mask);
  EXPECT_EQ(mask->tunnel.options_length, ~0u);
  EXPECT_EQ(std::memcmp(mask->tunnel.options, match.mask.tunnel.options, sizeof mask->tunnel.options), 0);
}

TEST(KernelTunnel, AMaskTellsAPacketWithoutAKeyFromOneWith) {
  flow::Match match{};
  match.key.tunnel.ipv4_dst = *net::parse_ipv4("2.2.2.2");
  TURNOUT_MASK_ALL(match.mask, tunnel.id);
  match.mask.tunnel.flags = flow::kTunnelKey;
  AttributeWriter out;
  encode_mask(match.key, match.mask, out);
  const auto mask = decode_mask(match.key, out.bytes());
  ASSERT_TRUE(mask);
  EXPECT_EQ(mask->tunnel.id, ~Be64{});
  EXPECT_TRUE(mask->tunnel.flags & flow::kTunnelKey);
}

TEST(KernelTunnel, TooManyOptionsAreRefused) {
  AttributeWriter out;
  const size_t nest = out.nest(OVS_KEY_ATTR_TUNNEL);
  out.put(OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, std::array<uint8_t, 260>{});
  out.end(nest);
  EXPECT_FALSE(decode_key(out.bytes()));
}

TEST(KernelActions, EveryTextComesBackThroughNetlink) {
  std::ifstream file(TURNOUT_SOURCE_DIR "/tests/golden/datapath/actions.txt");
  ASSERT_TRUE(file);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto actions = parse_actions(line.substr(0, line.find(" => ")));
    ASSERT_TRUE(actions) << line;
    if (!check_actions(*actions) || std::holds_alternative<Drop>(actions->empty() ? Action{} : actions->front())) continue;
    AttributeWriter out;
    encode_actions(*actions, 0, out);
    const auto back = decode_actions(out.bytes());
    ASSERT_TRUE(back) << line << ": " << back.error().message;
    EXPECT_EQ(format_actions(*back), format_actions(*actions));
  }
}

uint16_t type_of(const char* text) {
  AttributeWriter out;
  encode_actions(parse_actions(text).value_or(ActionList{}), 0, out);
  const auto a = AttributeReader(out.bytes()).next();
  return a ? a->type : 0;
}

TEST(KernelActions, SetOfAllBitsHasNoMask) {
  EXPECT_EQ(type_of("set(tcp(src=1,dst=2))"), OVS_ACTION_ATTR_SET);
  EXPECT_EQ(type_of("set(tcp(src=1))"), OVS_ACTION_ATTR_SET_MASKED);
  EXPECT_EQ(type_of("set(ipv6(src=::1,dst=::2,label=5,proto=6,tclass=0,hlimit=1,frag=no))"), OVS_ACTION_ATTR_SET);
  EXPECT_EQ(type_of("set(ipv6(src=::1,dst=::2,label=5,tclass=0,hlimit=1))"), OVS_ACTION_ATTR_SET_MASKED);
  EXPECT_EQ(type_of("set(mpls(label=1,tc=1,ttl=1,bos=1))"), OVS_ACTION_ATTR_SET);
  EXPECT_EQ(type_of("set(ct_label(0x1))"), OVS_ACTION_ATTR_SET);
}

TEST(KernelActions, MaskedValuesAreZeroOutsideTheirMask) {
  AttributeWriter out;
  encode_actions(*parse_actions("set(skb_mark(0x7/0x3))"), 0, out);
  const auto set = AttributeReader(out.bytes()).next();
  ASSERT_TRUE(set);
  const auto mark = AttributeReader(set->payload).next();
  ASSERT_TRUE(mark);
  const auto both = mark->as<std::array<uint32_t, 2>>();
  ASSERT_TRUE(both);
  EXPECT_EQ((*both)[0], 3u);
  EXPECT_EQ((*both)[1], 3u);
}

TEST(KernelActions, WhatTheKernelHasNoFormForIsRefused) {
  for (const char* text : {"lb_output(1)", "tnl_pop(1)", "clone(sample(sample=5%,actions(tnl_pop(1))))", "set(nd_ext(nd_reserved=5))",
                           "check_pkt_len(size=5,gt(1),le(lb_output(1)))", "dec_ttl(le_1(lb_output(1)))",
                           "set(tunnel(dst=1.1.1.1,ttl=1,gtpu(flags=0x30,msgtype=255)))"}) {
    const auto actions = parse_actions(text);
    ASSERT_TRUE(actions) << text;
    EXPECT_FALSE(check_actions(*actions)) << text;
  }
  const auto fine = parse_actions("clone(ct(commit)),dec_ttl(le_1(drop)),set(tcp(src=1))");
  ASSERT_TRUE(fine);
  EXPECT_TRUE(check_actions(*fine));
}

TEST(KernelKeys, WhatTheKernelHasNoFormForIsRefused) {
  const flow::Match gtpu = parse("tunnel(dst=1.1.1.1,ttl=1,gtpu(flags=0x30,msgtype=255)),in_port(1),eth(),eth_type(0x1234)");
  EXPECT_FALSE(check_match(gtpu.key, gtpu.mask));
  const flow::Match plain = parse("in_port(1),eth(),eth_type(0x1234)");
  EXPECT_TRUE(check_match(plain.key, plain.mask));
}

TEST(KernelActions, TruncatedPayloadsAreRefused) {
  for (uint16_t type : {OVS_ACTION_ATTR_SET, OVS_ACTION_ATTR_SET_MASKED}) {
    AttributeWriter out;
    const size_t nest = out.nest(type);
    out.put(OVS_KEY_ATTR_IPV4, uint32_t{0});
    out.end(nest);
    EXPECT_FALSE(decode_actions(out.bytes()));
  }
  AttributeWriter ct;
  const size_t nest = ct.nest(OVS_ACTION_ATTR_CT);
  ct.put(OVS_CT_ATTR_MARK, uint32_t{0});
  ct.end(nest);
  EXPECT_FALSE(decode_actions(ct.bytes()));
}

TEST(KernelActions, ComeBackAsTheyWent) {
  const ActionList actions = {Output{DpPort{3}}, PushVlan{Be16{0x8100}, Be16{0x1005}}, PopVlan{}, Truncate{100},
                              Userspace{7, {1, 2, 3}}, Recirculate{9}};
  AttributeWriter out;
  encode_actions(actions, 0, out);
  auto back = decode_actions(out.bytes());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, actions);
}

TEST(KernelActions, ListsInsideActionsComeBack) {
  const ActionList actions = {Meter{7}, ConntrackClear{}, Clone{{PopVlan{}, Clone{{Output{DpPort{2}}}}}},
                              Sample{0x80000000, {Userspace{5, {1, 2, 3, 4}}}},
                              CheckPacketLength{1400, PacketLengthBranches{{Recirculate{9}}, {}}}, Output{DpPort{1}}};
  AttributeWriter out;
  encode_actions(actions, 0, out);
  const auto back = decode_actions(out.bytes());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == actions);
}

TEST(KernelActions, NestingIsBounded) {
  ActionList actions = {PopVlan{}};
  for (unsigned i = 0; i <= kMaxActionNesting; ++i) actions = {Clone{actions}};
  AttributeWriter out;
  encode_actions(actions, 0, out);
  EXPECT_FALSE(decode_actions(out.bytes()));
}

TEST(KernelActions, UserspaceWithoutSocketGetsTheDatapaths) {
  AttributeWriter out;
  encode_actions({Userspace{}}, 42, out);
  auto back = decode_actions(out.bytes());
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<Userspace>(back->front()).pid, 42u);
}

TEST(KernelActions, UnknownKindsAreRefused) {
  AttributeWriter out;
  out.put(OVS_ACTION_ATTR_CT, uint32_t{0});
  EXPECT_FALSE(decode_actions(out.bytes()));
}

}  // namespace
}  // namespace turnout::datapath::kernel
