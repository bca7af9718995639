// VLAN admission and tagging, mode by mode.
#include "vswitchd/l2/vlan.h"

#include <gtest/gtest.h>

namespace turnout::l2 {
namespace {

flow::VlanTag tag(uint16_t vid, uint16_t pcp = 0, uint16_t tpid = 0x8100) {
  return {Be16{tpid}, Be16{static_cast<uint16_t>(vid | flow::kVlanPresent | pcp << 13)}};
}
VlanPolicy policy(VlanMode mode, uint16_t vlan, std::vector<int64_t> trunks = {}) {
  return VlanPolicy::from_row(mode, vlan, trunks);
}

TEST(VlanPolicy, DefaultsFollowTheTag) {
  EXPECT_EQ(VlanPolicy::from_row({}, {}, {}).mode, VlanMode::kTrunk);
  EXPECT_EQ(VlanPolicy::from_row({}, 0, {}).mode, VlanMode::kAccess);
  EXPECT_EQ(VlanPolicy::from_row({}, 5000, {}).mode, VlanMode::kTrunk);
}

TEST(Vlan, AccessTakesUntaggedAndPriorityTaggedOnly) {
  const auto port = policy(VlanMode::kAccess, 10);
  EXPECT_EQ(admit(port, {}).frame.vlan, 10);
  const flow::VlanTag priority[] = {tag(0, 5)};
  EXPECT_TRUE(admit(port, priority).accepted());
  EXPECT_EQ(admit(port, priority).frame.pcp, 5);
  const flow::VlanTag own[] = {tag(10)};
  EXPECT_EQ(admit(port, own).drop, VlanDrop::kTaggedOnAccess);
}

TEST(Vlan, TrunkListHoldsForUntaggedFramesToo) {
  const auto port = policy(VlanMode::kTrunk, 0, {10, 20});
  EXPECT_EQ(admit(port, {}).drop, VlanDrop::kNotInTrunks);
  const flow::VlanTag in[] = {tag(20)};
  EXPECT_TRUE(admit(port, in).accepted());
}

TEST(Vlan, NativePortsPutUntaggedFramesInTheirVlan) {
  const auto tagged = policy(VlanMode::kNativeTagged, 10), untagged = policy(VlanMode::kNativeUntagged, 10);
  const FrameVlan frame = admit(tagged, {}).frame;
  EXPECT_EQ(frame.vlan, 10);
  EXPECT_EQ(tag_for(tagged, frame), tag(10));
  EXPECT_FALSE(tag_for(untagged, frame));
  FrameVlan other;
  other.vlan = 20;
  EXPECT_EQ(tag_for(untagged, other), tag(20));
  EXPECT_FALSE(tagged.carries(0));
}

TEST(Vlan, TunnelPortsKeepTheCustomersTagInside) {
  const auto port = policy(VlanMode::kDot1qTunnel, 30);
  const flow::VlanTag customer[] = {tag(7, 3)};
  const FrameVlan frame = admit(port, customer).frame;
  EXPECT_EQ(frame.vlan, 30);
  EXPECT_EQ(frame.consumed, 0);
  EXPECT_EQ(tag_for(policy(VlanMode::kTrunk, 0), frame), tag(30, 0, 0x88a8));
  VlanPolicy narrow = port;
  narrow.cvlans.set(8);
  EXPECT_EQ(admit(narrow, customer).drop, VlanDrop::kNotInCvlans);
}

TEST(Vlan, ASetIsEmptyUntilOneIsInIt) {
  VlanSet vlans;
  EXPECT_TRUE(vlans.none());
  EXPECT_NE(vlans, policy(VlanMode::kTrunk, 0, {4095}).trunks);
  vlans.set(4095);
  EXPECT_FALSE(vlans.none());
  EXPECT_TRUE(vlans.test(4095));
  EXPECT_FALSE(vlans.test(4094));
  EXPECT_FALSE(vlans.test(4096));
  EXPECT_EQ(vlans, policy(VlanMode::kTrunk, 0, {4095}).trunks);
}

TEST(Vlan, PriorityTagsAreKeptOnlyWhereConfigured) {
  auto port = policy(VlanMode::kAccess, 10);
  FrameVlan frame;
  frame.vlan = 10;
  frame.pcp = 5;
  EXPECT_FALSE(tag_for(port, frame));
  port.priority_tags = PriorityTags::kIfNonzero;
  EXPECT_EQ(tag_for(port, frame), tag(0, 5));
  frame.pcp = 0;
  EXPECT_FALSE(tag_for(port, frame));
}

}  // namespace
}  // namespace turnout::l2
