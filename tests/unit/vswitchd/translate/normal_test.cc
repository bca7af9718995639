// NORMAL on fabricated bridges: outputs, tags, masks and what is learned.
#include "tests/support/fabricated_bridges.h"

namespace turnout::translate {
namespace {

class NormalTest : public FabricatedBridges {
 protected:
  static BundleSpec patch(unsigned id, uint16_t number, const std::string& name, const std::string& peer) {
    return {l2::BundleId{id}, name, {}, {{name, OfPort{number}, kDpPortNone, peer}}, false};
  }
  static l2::VlanPolicy access(int64_t tag) { return l2::VlanPolicy::from_row({}, tag, {}); }
};

TEST_F(NormalTest, FloodsThenLearns) {
  bridge("br0");
  for (unsigned n : {3, 1, 2}) port(n);
  EXPECT_EQ(run(frame(1, kA, kB)), "2,3");
  EXPECT_EQ(run(frame(2, kB, kA)), "1");
  EXPECT_EQ(run(frame(1, kA, kB)), "2");
  EXPECT_EQ(run(frame(2, kA, kB)), "drop");     // it moved to where the destination is
  EXPECT_EQ(t.reason, Reason::kNoOutput);
}

TEST_F(NormalTest, AFrameToItsOwnSenderGoesNowhere) {
  bridge("br0");
  for (unsigned n : {1, 2}) port(n);
  EXPECT_EQ(run(frame(1, kA, kA)), "drop");
}

TEST_F(NormalTest, MaskIsWhatDecided) {
  bridge("br0");
  port(1);
  port(2);
  flow::FlowKey key = frame(1, kA, kB);
  key.eth_type = Be16{0x0800};
  key.nw_proto = 6;
  run(key);
  EXPECT_EQ(t.mask.in_port, UINT32_MAX);
  EXPECT_EQ(t.mask.eth_src.as_u64(), 0xffffffffffffu);
  EXPECT_EQ(t.mask.eth_dst.as_u64(), 0xffffffffffffu);
  EXPECT_EQ(t.mask.vlans[0].tci, Be16{0x1fff});
  EXPECT_EQ(t.mask.nw_frag, 3);
  EXPECT_EQ(t.mask.nw_proto, 0);
  EXPECT_EQ(t.mask.tp_dst, Be16{});
  EXPECT_FALSE(t.mask.nw_src);
}

TEST_F(NormalTest, BroadcastArpRequestsDependOnTheirAddresses) {
  bridge("br0");
  port(1);
  flow::FlowKey key = frame(1, kA, kBroadcast);
  key.eth_type = Be16{0x0806};
  key.nw_proto = 2;
  run(key);
  EXPECT_EQ(t.mask.nw_proto, 0xff);
  EXPECT_FALSE(t.mask.nw_src);
  key.nw_proto = 1;
  run(key);
  EXPECT_TRUE(t.mask.nw_src);
}

TEST_F(NormalTest, TagsArePushedAndPoppedAsPortsWant) {
  bridge("br0");
  port(1, "br0", access(10));
  port(2);
  port(3, "br0", access(20));
  port(4, "br0", access(10));
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "4,push_vlan(vid=10,pcp=0),2");
  EXPECT_EQ(run(frame(2, kB, kBroadcast, 10 | 3 << 13)), "pop_vlan,1,4");
  EXPECT_EQ(t.mask.vlans[0].tci, Be16{0xffff});
  EXPECT_EQ(run(frame(2, kB, kBroadcast, 30)), "drop");
  EXPECT_EQ(t.mask.vlans[0].tci, Be16{0x1fff});
  EXPECT_EQ(run(frame(1, kA, kB, 10)), "drop");
  EXPECT_EQ(t.reason, Reason::kVlanNotAdmitted);
}

TEST_F(NormalTest, FrameThatEndsWithinItsTagIsDroppedAndTeachesNothing) {
  bridge("br0");
  for (unsigned n : {1, 2}) port(n);
  flow::FlowKey key = frame(1, kA, kB);
  key.eth_type = Be16{0x8100};
  EXPECT_EQ(run(key), "drop");
  EXPECT_EQ(t.reason, Reason::kPartialTag);
  EXPECT_TRUE(t.effects.writes.empty());
}

TEST_F(NormalTest, ReservedAddressesStayUnlessForwarded) {
  bridge("br0");
  port(1);
  port(2);
  EXPECT_EQ(run(frame(1, kA, 0x0180c200000e)), "drop");
  EXPECT_EQ(t.reason, Reason::kReservedAddress);
  EXPECT_EQ(run(frame(1, kA, 0x0180c2000010)), "2");
  bridge("br0", true);
  EXPECT_EQ(run(frame(1, kA, 0x0180c200000e)), "2");
}

TEST_F(NormalTest, MulticastSourcesAreForwardedButNotLearned) {
  bridge("br0");
  port(1);
  port(2);
  EXPECT_EQ(run(frame(1, 0x515400000001, kB)), "2");
  EXPECT_EQ(bridges["br0"].macs->size(), 0u);
}

TEST_F(NormalTest, PatchPortsLeadIntoTheNextBridge) {
  bridge("br0");
  bridge("br1");
  port(1, "br0", access(10));
  writer.put_bundle("br0", patch(10, 9, "pa", "pb"));
  writer.put_bundle("br1", patch(11, 1, "pb", "pa"));
  port(5, "br1");
  port(6, "br1", access(10));
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "push_vlan(vid=10,pcp=0),5,pop_vlan,6");
  EXPECT_EQ(bridges["br1"].macs->lookup(net::Mac::from_u64(kA), 10), l2::BundleId{11});
  EXPECT_EQ(run(frame(6, kB, kA)), "1");
  EXPECT_EQ(t.effects.credits.size(), 2u);
}

TEST_F(NormalTest, ALoopOfPatchPortsEndsInADrop) {
  bridge("br0");
  bridge("br1");
  port(1);
  for (uint16_t i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i);
    writer.put_bundle("br0", patch(20u + i, static_cast<uint16_t>(20 + i), "a" + n, "b" + n));
    writer.put_bundle("br1", patch(30u + i, static_cast<uint16_t>(30 + i), "b" + n, "a" + n));
  }
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "drop");
  EXPECT_EQ(t.reason, Reason::kTooDeep);
}

TEST_F(NormalTest, ProtectedAndNoFloodPortsAreLeftOut) {
  bridge("br0");
  for (unsigned n : {1, 2, 3, 4}) {
    BundleSpec spec = plain_port(n);
    spec.is_protected = n <= 2;
    spec.interfaces[0].no_flood = n == 4;
    writer.put_bundle("br0", spec);
  }
  EXPECT_EQ(run(frame(1, kA, kBroadcast)), "3");
  EXPECT_EQ(run(frame(3, kB, kBroadcast)), "1,2");
}

TEST_F(NormalTest, UnknownPortsAndMissingRulesDrop) {
  bridge("br0");
  port(1);
  EXPECT_EQ(run(frame(77, kA, kB)), "drop");
  EXPECT_EQ(t.reason, Reason::kUnknownPort);
  bridges["br0"].sw->set_fail_mode(ofproto::FailMode::kSecure, false);
  EXPECT_EQ(run(frame(1, kA, kB)), "drop");
  EXPECT_EQ(t.reason, Reason::kNoRule);
}

}  // namespace
}  // namespace turnout::translate
