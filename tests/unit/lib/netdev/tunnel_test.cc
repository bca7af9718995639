// Options of tunnels: what is taken, what is refused and in which words; the texts of the control commands.
#include <gtest/gtest.h>

#include <cerrno>

#include "lib/netdev/tunnel.h"

namespace turnout::netdev {
namespace {

using Options = std::map<std::string, std::string>;

TunnelConfig good(std::string_view type, const Options& options) {
  auto parsed = parse_tunnel("t", type, options);
  if (!parsed) ADD_FAILURE() << parsed.error().message;
  return parsed ? parsed->config : TunnelConfig{find_tunnel_kind(type)};
}
std::string error_of(std::string_view type, const Options& options) {
  const auto parsed = parse_tunnel("t", type, options);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, EINVAL);
  return parsed.error().message;
}
std::string shown(std::string_view type, const Options& options) { return tunnel_options_text(good(type, options)); }
std::string listed(std::string_view type, const Options& options) { return tunnel_line("t", good(type, options), DpPort{2}); }

TEST(Tunnel, ErrorsAreInTheWordsOfTheReference) {
  EXPECT_EQ(error_of("vxlan", {}), "t: vxlan type requires valid 'remote_ip' argument");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "no..x"}}), "t: bad vxlan 'remote_ip'\nt: vxlan type requires valid 'remote_ip' argument");
  EXPECT_EQ(error_of("geneve", {{"remote_ip", "::"}}), "t: geneve type requires valid 'remote_ip' argument");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "224.0.0.1"}}), "t: multicast remote_ip=224.0.0.1 not allowed");
  EXPECT_EQ(error_of("geneve", {{"remote_ip", "ff02::1"}}), "t: multicast remote_ip=ff02::1 not allowed");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.3"}, {"local_ip", "flow"}}), "t: vxlan type requires 'remote_ip=flow' with 'local_ip=flow'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "fd00::2"}, {"local_ip", "10.0.0.2"}}), "t: 'remote_ip' and 'local_ip' has to be of the same address family");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"packet_type", "legacy_l3"}}),
            "t: legacy_l3 configured on VXLAN (without GPE) tunnel that cannot carry L3 traffic");
  EXPECT_EQ(error_of("geneve", {{"remote_ip", "10.0.0.4"}, {"packet_type", "legacy_l3"}}),
            "t: legacy_l3 configured on geneve tunnel that cannot carry L3 traffic");
  EXPECT_EQ(error_of("lisp", {{"remote_ip", "10.0.0.4"}, {"packet_type", "legacy_l2"}}),
            "t: legacy_l2 configured on lisp tunnel that cannot carry L2 traffic");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"packet_type", "xx"}}), "t: unknown packet_type 'xx'");
  EXPECT_EQ(error_of("erspan", {{"remote_ip", "10.0.0.4"}, {"erspan_ver", "3"}}), "t: invalid erspan version: 3");
  EXPECT_EQ(error_of("erspan", {{"remote_ip", "10.0.0.4"}, {"erspan_ver", "1"}, {"erspan_idx", "0xfffff0"}}), "t: invalid erspan index: 0xfffff0");
  EXPECT_EQ(error_of("erspan", {{"remote_ip", "10.0.0.4"}, {"erspan_ver", "2"}, {"erspan_dir", "2"}}), "t: invalid erspan direction: 2");
  EXPECT_EQ(error_of("erspan", {{"remote_ip", "10.0.0.4"}, {"erspan_ver", "2"}, {"erspan_hwid", "0xff"}}), "t: invalid erspan hardware ID: 0xff");
}

TEST(Tunnel, NumbersThatMeanNothingAreRefused) {
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"key", "xx"}}), "t: bad vxlan 'in_key'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"in_key", "1"}, {"out_key", "-1"}}), "t: bad vxlan 'out_key'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"key", "16777216"}}), "t: in_key 16777216 does not fit into the 24 bits of vxlan");
  EXPECT_EQ(error_of("gre", {{"remote_ip", "10.0.0.4"}, {"key", "0x100000000"}}), "t: in_key 0x100000000 does not fit into the 32 bits of gre");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"dst_port", "65536"}}), "t: bad vxlan 'dst_port'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"dst_port", "0"}}), "t: bad vxlan 'dst_port'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"local_ip", "xx"}}), "t: bad vxlan 'local_ip'");
  EXPECT_EQ(error_of("vxlan", {{"remote_ip", "10.0.0.4"}, {"egress_pkt_mark", "xx"}}), "t: bad vxlan 'egress_pkt_mark'");
  EXPECT_EQ(error_of("gre", {{"remote_ip", "fd00::1"}}), "t: gre needs IPv4 addresses");
  EXPECT_EQ(error_of("ip6gre", {{"remote_ip", "10.0.0.1"}}), "t: ip6gre needs IPv6 addresses");
}

TEST(Tunnel, WhatIsPassedOverIsSaid) {
  const auto parsed = parse_tunnel("t", "vxlan", {{"remote_ip", "10.0.0.4"}, {"tos", "5"}, {"ttl", "xx"}, {"exts", "gbp,foo"}, {"foo", "1"}, {"seq", "true"}});
  ASSERT_TRUE(parsed);
  const std::vector<std::string> expected = {"t: unknown vxlan argument 'foo'", "t: unknown vxlan argument 'seq'", "t: invalid TOS 5",
                                             "t: invalid TTL xx", "t: unknown extension 'foo'"};
  EXPECT_EQ(parsed->warnings, expected);
  EXPECT_TRUE(parsed->config.gbp);
  EXPECT_EQ(parsed->config.tos, 0);
}

TEST(Tunnel, ShownAreOptionsThatAreNotAtTheirDefaults) {
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "10.0.0.81"}, {"key", "0"}, {"ttl", "64"}, {"tos", "0"}, {"df_default", "true"}, {"csum", "false"}, {"dst_port", "4789"}}),
            "key=0, remote_ip=10.0.0.81");
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "10.0.0.3"}, {"key", "5"}, {"dst_port", "4790"}, {"tos", "inherit"}, {"ttl", "inherit"}, {"df_default", "false"}, {"csum", "true"}}),
            "csum=true, df_default=false, dst_port=4790, key=5, remote_ip=10.0.0.3, tos=inherit, ttl=inherit");
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "10.0.0.3"}, {"key", "flow"}, {"tos", "0x20"}, {"ttl", "33"}, {"egress_pkt_mark", "7"}}),
            "egress_pkt_mark=7, key=flow, remote_ip=10.0.0.3, tos=0x20, ttl=33");
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "10.0.0.4"}, {"local_ip", "10.0.0.1"}, {"in_key", "4"}, {"out_key", "flow"}}),
            "in_key=4, local_ip=10.0.0.1, out_key=flow, remote_ip=10.0.0.4");
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "10.0.0.80"}, {"key", "3"}, {"out_key", "flow"}}), "in_key=3, out_key=flow, remote_ip=10.0.0.80");
  EXPECT_EQ(shown("gre", {{"remote_ip", "10.0.0.47"}, {"seq", "true"}, {"packet_type", "legacy_l3"}}), "packet_type=legacy_l3, remote_ip=10.0.0.47, seq=true");
  EXPECT_EQ(shown("erspan", {{"remote_ip", "10.0.0.51"}, {"erspan_ver", "2"}, {"erspan_dir", "1"}, {"erspan_hwid", "0x7"}, {"key", "2"}}),
            "erspan_dir=1, erspan_hwid=0x7, erspan_ver=2, key=2, remote_ip=10.0.0.51");
  EXPECT_EQ(shown("erspan", {{"remote_ip", "10.0.0.53"}, {"erspan_ver", "1"}}), "erspan_idx=0x0, erspan_ver=1, remote_ip=10.0.0.53");
  EXPECT_EQ(shown("bareudp", {{"remote_ip", "10.0.0.57"}}), "remote_ip=10.0.0.57");
}

TEST(Tunnel, ListedAsTheReferenceLists) {
  EXPECT_EQ(listed("vxlan", {{"remote_ip", "10.0.0.4"}, {"local_ip", "10.0.0.1"}, {"in_key", "4"}, {"out_key", "flow"}}),
            "port 2: t (vxlan: 10.0.0.1->10.0.0.4, key=0x4, legacy_l2, dp port=2, out_key=flow, ttl=64)");
  EXPECT_EQ(listed("vxlan", {{"remote_ip", "flow"}, {"local_ip", "flow"}, {"key", "9"}}), "port 2: t (vxlan: flow->flow, key=0x9, legacy_l2, dp port=2, ttl=64)");
  EXPECT_EQ(listed("vxlan", {{"remote_ip", "10.0.0.79"}, {"in_key", "flow"}}),
            "port 2: t (vxlan: ::->10.0.0.79, key=flow, legacy_l2, dp port=2, out_key=none, ttl=64)");
  EXPECT_EQ(listed("vxlan", {{"remote_ip", "10.0.0.3"}, {"key", "5"}, {"tos", "inherit"}, {"ttl", "inherit"}, {"df_default", "false"}, {"csum", "true"}}),
            "port 2: t (vxlan: ::->10.0.0.3, key=0x5, legacy_l2, dp port=2, ttl=inherit, tos=inherit, df=false, csum=true)");
  EXPECT_EQ(listed("geneve", {{"remote_ip", "10.0.0.3"}, {"packet_type", "ptap"}}), "port 2: t (geneve: ::->10.0.0.3, key=0, ptap, dp port=2, ttl=64)");
}

TEST(Tunnel, ChecksumsAreOnWhereUdpOverIpv6NeedsThem) {
  EXPECT_FALSE(good("vxlan", {{"remote_ip", "10.0.0.3"}}).wants_checksum());
  EXPECT_TRUE(good("vxlan", {{"remote_ip", "fd00::1"}}).wants_checksum());
  EXPECT_FALSE(good("ip6gre", {{"remote_ip", "fd00::1"}}).wants_checksum());
  EXPECT_FALSE(good("vxlan", {{"remote_ip", "fd00::1"}, {"csum", "false"}}).wants_checksum());
  EXPECT_EQ(shown("vxlan", {{"remote_ip", "fd00::1"}, {"csum", "false"}}), "csum=false, remote_ip=fd00::1");
}

TEST(Tunnel, DevicesHaveTheNamesThatEverybodyUses) {
  EXPECT_EQ(good("vxlan", {{"remote_ip", "10.0.0.3"}}).device_name(), "vxlan_sys_4789");
  EXPECT_EQ(good("geneve", {{"remote_ip", "10.0.0.3"}, {"dst_port", "65535"}}).device_name(), "genev_sys_65535");
  EXPECT_EQ(good("gre", {{"remote_ip", "10.0.0.3"}}).device_name(), "gre_sys");
  EXPECT_EQ(good("ip6erspan", {{"remote_ip", "fd00::3"}, {"erspan_ver", "1"}}).device_name(), "ip6erspan_sys");
}

TEST(Tunnel, TwoThatReceiveTheSameAreNoticed) {
  const Options base = {{"remote_ip", "10.0.0.3"}, {"key", "5"}};
  const auto with = [&](const char* name, const char* value) {
    Options more = base;
    more[name] = value;
    return good("vxlan", more);
  };
  const TunnelConfig one = good("vxlan", base);
  EXPECT_TRUE(same_packets(one, with("tos", "inherit")));
  EXPECT_TRUE(same_packets(one, with("out_key", "6")));
  EXPECT_FALSE(same_packets(one, with("in_key", "6")));
  EXPECT_FALSE(same_packets(one, with("local_ip", "10.0.0.1")));
  EXPECT_FALSE(same_packets(one, with("dst_port", "4790")));
  EXPECT_FALSE(same_packets(one, good("geneve", base)));
  EXPECT_TRUE(same_packets(good("vxlan", {{"remote_ip", "10.0.0.3"}}), good("vxlan", {{"remote_ip", "10.0.0.3"}, {"key", "0"}})));
  EXPECT_FALSE(same_device_settings(one, with("exts", "gbp")));
  Options elsewhere = base;
  elsewhere.insert({{"exts", "gbp"}, {"dst_port", "4790"}});
  EXPECT_TRUE(same_device_settings(one, good("vxlan", elsewhere)));
}

}  // namespace
}  // namespace turnout::netdev
