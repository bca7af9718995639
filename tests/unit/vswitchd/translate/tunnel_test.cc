// Packets that come and go by tunnels: whose a packet is, what decided, and what is put outside one.
#include <fmt/format.h>

#include "tests/support/fabricated_bridges.h"
#include "vswitchd/translate/encapsulate.h"

namespace turnout::translate {
namespace {

using Options = std::map<std::string, std::string>;

std::shared_ptr<const netdev::TunnelConfig> config(const Options& options, std::string_view type = "vxlan") {
  auto parsed = netdev::parse_tunnel("t", type, options);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return nullptr;
  }
  return std::make_shared<const netdev::TunnelConfig>(parsed->config);
}

Be32 ipv4(std::string_view text) { return *net::parse_ipv4(text); }

class TunnelTest : public FabricatedBridges {
 protected:
  static constexpr unsigned kVxlan = 40;                   // the datapath port of all tunnels here

  TunnelTest() { bridge("br0"); }
  void tunnel(unsigned n, const Options& options, const std::string& on = "br0") {
    InterfaceSpec spec{"t" + std::to_string(n), OfPort{static_cast<uint16_t>(n)}, DpPort{kVxlan}, ""};
    spec.tunnel = config(options);
    spec.counters = counters[n] = std::make_shared<ofproto::PortCounters>();
    writer.put_bundle(on, {l2::BundleId{n}, spec.name, {}, {spec}, false});
  }
  flow::FlowKey tunnelled(const char* src, const char* dst, uint64_t id, uint64_t eth_src = kA, uint64_t eth_dst = kBroadcast) {
    flow::FlowKey key = frame(kVxlan, eth_src, eth_dst);
    key.tunnel.ipv4_src = ipv4(src);
    key.tunnel.ipv4_dst = ipv4(dst);
    key.tunnel.id = Be64{id};
    key.tunnel.flags = flow::kTunnelKey;
    key.tunnel.ttl = 64;
    return key;
  }
  // The interface that a packet is taken for, 0: none.
  unsigned owner(const char* src, const char* dst, uint64_t id) {
    writer.publish();
    RcuRead read;
    looked_at = {};
    const PortRef port = writer.read()->find_input(tunnelled(src, dst, id), &looked_at);
    return port.interface ? port.interface->spec.ofport.value : 0;
  }

  std::map<unsigned, std::shared_ptr<ofproto::PortCounters>> counters;
  flow::FlowMask looked_at{};
};

// The same interfaces and packets as were shown to the reference.
TEST_F(TunnelTest, TheMostSpecificInterfaceGetsThePacket) {
  tunnel(1, {{"remote_ip", "flow"}, {"local_ip", "10.0.0.9"}});
  tunnel(2, {{"remote_ip", "flow"}, {"key", "5"}});
  tunnel(3, {{"remote_ip", "10.0.0.3"}, {"key", "flow"}});
  tunnel(4, {{"remote_ip", "10.0.0.3"}, {"key", "5"}});
  tunnel(5, {{"remote_ip", "10.0.0.3"}, {"key", "5"}, {"local_ip", "10.0.0.1"}});
  tunnel(6, {{"remote_ip", "flow"}, {"key", "6"}, {"local_ip", "10.0.0.1"}});
  tunnel(7, {{"remote_ip", "10.0.0.3"}, {"key", "flow"}, {"local_ip", "10.0.0.1"}});
  tunnel(8, {{"remote_ip", "flow"}, {"key", "flow"}, {"local_ip", "flow"}});
  EXPECT_EQ(owner("10.0.0.3", "10.0.0.1", 5), 5u);
  EXPECT_EQ(owner("10.0.0.3", "10.0.0.2", 5), 4u);
  EXPECT_EQ(owner("10.0.0.4", "10.0.0.1", 5), 2u);
  EXPECT_EQ(owner("10.0.0.3", "10.0.0.1", 6), 6u);
  EXPECT_EQ(owner("10.0.0.3", "10.0.0.2", 6), 3u);
  EXPECT_EQ(owner("10.0.0.4", "10.0.0.1", 6), 6u);
  EXPECT_EQ(owner("10.0.0.4", "10.0.0.2", 6), 8u);
  EXPECT_EQ(owner("10.0.0.4", "10.0.0.9", 0), 1u);
  EXPECT_EQ(owner("10.0.0.3", "10.0.0.1", 7), 7u);
}

TEST_F(TunnelTest, WithoutAnInterfaceForItAPacketIsDropped) {
  port(1);
  tunnel(2, {{"remote_ip", "10.0.0.3"}, {"key", "5"}});
  EXPECT_EQ(run(tunnelled("10.0.0.3", "10.0.0.1", 6)), "drop");
  EXPECT_EQ(t.reason, Reason::kUnknownTunnel);
  EXPECT_EQ(t.mask.tunnel.id, ~Be64{});
  EXPECT_EQ(run(frame(99, kA, kB)), "drop");
  EXPECT_EQ(t.reason, Reason::kUnknownPort);
  EXPECT_EQ(run(tunnelled("10.0.0.3", "10.0.0.1", 5)), "1");
}

TEST_F(TunnelTest, TheMaskHasBothEndsAndTheKeyOnlyWhereItDecides) {
  port(1);
  tunnel(2, {{"remote_ip", "10.0.0.3"}, {"key", "flow"}});
  run(tunnelled("10.0.0.3", "10.0.0.1", 6));
  EXPECT_EQ(t.mask.tunnel.ipv4_src, ~Be32{});
  EXPECT_EQ(t.mask.tunnel.ipv4_dst, ~Be32{});
  EXPECT_FALSE(t.mask.tunnel.id);
  tunnel(3, {{"remote_ip", "10.0.0.4"}, {"key", "7"}});
  run(tunnelled("10.0.0.3", "10.0.0.1", 6));
  EXPECT_EQ(t.mask.tunnel.id, ~Be64{});
  EXPECT_EQ(t.mask.tunnel.flags, flow::kTunnelKey);
  EXPECT_EQ(t.mask.tunnel.tp_src, Be16{});
}

TEST_F(TunnelTest, FloodsToTunnelsAsToPortsAndNeverBack) {
  port(1);
  tunnel(2, {{"remote_ip", "10.0.0.2"}, {"key", "5"}});
  tunnel(3, {{"remote_ip", "10.0.0.3"}, {"key", "5"}, {"local_ip", "10.0.0.1"}});
  port(4);
  EXPECT_EQ(run(frame(1, kA, kBroadcast)),
            "set(tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,tp_dst=4789,flags(df|key))),40,"
            "set(tunnel(tun_id=0x5,src=10.0.0.1,dst=10.0.0.3,ttl=64,tp_dst=4789,flags(df|key))),40,4");
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 5, kB)),
            "1,set(tunnel(tun_id=0x5,src=10.0.0.1,dst=10.0.0.3,ttl=64,tp_dst=4789,flags(df|key))),40,4");
  // Learned: one way only.
  EXPECT_EQ(run(frame(1, kA, kB)), "set(tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,tp_dst=4789,flags(df|key))),40");
  EXPECT_EQ(run(tunnelled("10.0.0.3", "10.0.0.1", 5, 0x505400000009, kA)), "1");
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 5, 0x505400000008, kB)), "drop");
}

TEST_F(TunnelTest, VlanTagsGoInside) {
  port(1, "br0", l2::VlanPolicy::from_row({}, 10, {}));
  tunnel(2, {{"remote_ip", "10.0.0.2"}});
  port(3, "br0", l2::VlanPolicy::from_row({}, 10, {}));
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "3,push_vlan(vid=10,pcp=0),set(tunnel(dst=10.0.0.2,ttl=64,tp_dst=4789,flags(df))),40");
}

// The mark is for the outer packet: what leaves by other ports keeps its own.
TEST_F(TunnelTest, TheEgressMarkIsSetForItsTunnelAlone) {
  port(1);
  tunnel(2, {{"remote_ip", "10.0.0.2"}, {"egress_pkt_mark", "7"}});
  tunnel(3, {{"remote_ip", "10.0.0.3"}, {"egress_pkt_mark", "7"}});
  tunnel(4, {{"remote_ip", "10.0.0.4"}});
  port(5);
  const auto to = [](int far) { return fmt::format("set(tunnel(dst=10.0.0.{},ttl=64,tp_dst=4789,flags(df))),", far); };
  EXPECT_EQ(run(frame(1, kA, kBroadcast)),
            to(2) + "set(skb_mark(0x7)),40," + to(3) + "40," + to(4) + "set(skb_mark(0)),40,5");
  EXPECT_EQ(t.mask.pkt_mark, UINT32_MAX);
  flow::FlowKey marked = frame(1, kA, kBroadcast);
  marked.pkt_mark = 7;
  EXPECT_EQ(run(marked), to(2) + "40," + to(3) + "40," + to(4) + "40,5");
  EXPECT_EQ(t.mask.pkt_mark, UINT32_MAX);
}

TEST_F(TunnelTest, BridgesShareThePort) {
  bridge("br1");
  port(1);
  port(11, "br1");
  tunnel(2, {{"remote_ip", "10.0.0.2"}, {"key", "5"}});
  tunnel(12, {{"remote_ip", "10.0.0.2"}, {"key", "6"}}, "br1");
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 5)), "1");
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 6)), "11");
  writer.remove_bundle("br1", l2::BundleId{12});
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 6)), "drop");
  EXPECT_EQ(run(tunnelled("10.0.0.2", "10.0.0.1", 5)), "1");
}

TEST_F(TunnelTest, InterfacesAreCreditedWithWhatPasses) {
  port(1);
  tunnel(2, {{"remote_ip", "10.0.0.2"}});
  run(frame(1, kA, kBroadcast));
  size_t sent = 0, received = 0;
  const auto count = [&] {
    for (const Credit& credit : t.effects.credits)
      if (const auto* p = std::get_if<PortCredit>(&credit); p && p->counters == counters[2]) ++(p->sent ? sent : received);
  };
  count();
  EXPECT_EQ(sent, 1u);
  run(tunnelled("10.0.0.2", "10.0.0.1", 0, kB));
  count();
  EXPECT_EQ(received, 1u);
  EXPECT_EQ(sent, 1u);
}

TEST_F(TunnelTest, WithoutADestinationNothingIsSent) {
  port(1);
  tunnel(2, {{"remote_ip", "flow"}});
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "drop");
  EXPECT_EQ(t.reason, Reason::kNoTunnelDestination);
}

// ---- outside ----

flow::FlowKey ip_packet(uint8_t tos, uint8_t ttl) {
  flow::FlowKey key{};
  key.eth_type = Be16{0x0800};
  key.nw_tos = tos;
  key.nw_ttl = ttl;
  return key;
}

TEST(Encapsulation, EcnIsInheritedAndCongestionIsNot) {
  const auto plain = config({{"remote_ip", "10.0.0.3"}, {"tos", "0x40"}});
  for (auto [inside, outside] : {std::pair{0, 0x40}, {1, 0x41}, {2, 0x42}, {3, 0x42}, {0x21, 0x41}}) {
    flow::FlowMask mask{};
    EXPECT_EQ(encapsulation(*plain, ip_packet(static_cast<uint8_t>(inside), 9), &mask)->tos, outside);
    EXPECT_EQ(mask.nw_tos, 3);
    EXPECT_EQ(mask.nw_ttl, 0);
  }
}

TEST(Encapsulation, TosAndTtlAreInheritedFromIpOnly) {
  const auto inherits = config({{"remote_ip", "10.0.0.3"}, {"tos", "inherit"}, {"ttl", "inherit"}});
  flow::FlowMask mask{};
  auto out = encapsulation(*inherits, ip_packet(0x23, 9), &mask);
  EXPECT_EQ(out->tos, 0x22);
  EXPECT_EQ(out->ttl, 9);
  EXPECT_EQ(mask.nw_tos, 0xff);
  EXPECT_EQ(mask.nw_ttl, 0xff);
  mask = {};
  out = encapsulation(*inherits, flow::FlowKey{}, &mask);
  EXPECT_EQ(out->tos, 0);
  EXPECT_EQ(out->ttl, 64);
  EXPECT_EQ(flow::nonzero_words(mask), flow::WordMap{});
}

TEST(Encapsulation, OptionsBecomeFields) {
  flow::FlowMask mask{};
  auto out = encapsulation(*config({{"remote_ip", "fd00::2"}, {"local_ip", "fd00::1"}, {"dst_port", "4790"}, {"df_default", "false"}}), {}, &mask);
  EXPECT_EQ(out->ipv6_dst, *net::Ipv6::parse("fd00::2"));
  EXPECT_EQ(out->ipv6_src, *net::Ipv6::parse("fd00::1"));
  EXPECT_EQ(out->tp_dst, Be16{4790});
  EXPECT_EQ(out->flags, flow::kTunnelCsum);
  out = encapsulation(*config({{"remote_ip", "10.0.0.2"}, {"erspan_ver", "2"}, {"erspan_dir", "1"}, {"erspan_hwid", "7"}, {"key", "3"}}, "erspan"), {}, &mask);
  EXPECT_EQ(out->erspan_ver, 2);
  EXPECT_EQ(out->erspan_dir, 1);
  EXPECT_EQ(out->erspan_hwid, 7);
  EXPECT_EQ(out->id, Be64{3});
  EXPECT_EQ(out->tp_dst, Be16{});
}

TEST(Encapsulation, AKeyOfTheFlowIsThatOfTheTunnelBeforeOrZero) {
  const auto flows = config({{"remote_ip", "10.0.0.2"}, {"key", "flow"}});
  flow::FlowMask mask{};
  auto out = encapsulation(*flows, {}, &mask);
  EXPECT_EQ(out->id, Be64{});
  EXPECT_TRUE(out->flags & flow::kTunnelKey);
  EXPECT_FALSE(mask.tunnel.id);
  flow::FlowKey key{};
  key.tunnel.ipv4_dst = ipv4("10.0.0.1");
  key.tunnel.id = Be64{77};
  out = encapsulation(*flows, key, &mask);
  EXPECT_EQ(out->id, Be64{77});
  EXPECT_EQ(mask.tunnel.id, ~Be64{});
}

}  // namespace
}  // namespace turnout::translate
