// VLAN admission and output tagging, mode by mode.
#include "vswitchd/l2/vlan.h"

namespace turnout::l2 {
namespace {

constexpr uint16_t kVidMask = 0x0fff;
constexpr unsigned kPcpShift = 13;

bool present(std::span<const flow::VlanTag> tags, size_t i) {
  return i < tags.size() && (tags[i].tci.host() & flow::kVlanPresent);
}
uint16_t vid(const flow::VlanTag& tag) { return tag.tci.host() & kVidMask; }
uint8_t pcp(const flow::VlanTag& tag) { return static_cast<uint8_t>(tag.tci.host() >> kPcpShift); }
bool native(VlanMode mode) { return mode == VlanMode::kNativeTagged || mode == VlanMode::kNativeUntagged; }
bool in_cvlans(const VlanPolicy& port, uint16_t vlan) { return port.cvlans.none() || port.cvlans.test(vlan); }

// The frame's VLAN is that of its outer tag, or none.
FrameVlan from_outer_tag(std::span<const flow::VlanTag> tags) {
  FrameVlan frame;
  if (!present(tags, 0)) return frame;
  frame.vlan = vid(tags[0]);
  frame.pcp = pcp(tags[0]);
  frame.tpid = tags[0].tpid;
  frame.headed = true;
  frame.consumed = 1;
  frame.inner_vlan = present(tags, 1) ? vid(tags[1]) : 0;
  return frame;
}

Admission admit_access(const VlanPolicy& port, std::span<const flow::VlanTag> tags) {
  Admission result{.frame = from_outer_tag(tags)};
  if (result.frame.vlan) result.drop = VlanDrop::kTaggedOnAccess;
  result.frame.vlan = port.tag;
  return result;
}

Admission admit_tunnel(const VlanPolicy& port, std::span<const flow::VlanTag> tags) {
  Admission result;
  result.frame.vlan = port.tag;
  result.frame.tpid = Be16{port.qinq_ethtype};
  result.frame.inner_vlan = present(tags, 0) ? vid(tags[0]) : 0;
  if (!in_cvlans(port, result.frame.inner_vlan)) result.drop = VlanDrop::kNotInCvlans;
  return result;
}

Admission admit_trunk(const VlanPolicy& port, std::span<const flow::VlanTag> tags) {
  Admission result{.frame = from_outer_tag(tags)};
  if (!result.frame.vlan && native(port.mode)) result.frame.vlan = port.tag;
  if (!port.carries(result.frame.vlan)) result.drop = VlanDrop::kNotInTrunks;
  return result;
}

}  // namespace

VlanPolicy VlanPolicy::from_row(std::optional<VlanMode> mode, std::optional<int64_t> tag,
                                std::span<const int64_t> trunks) {
  VlanPolicy policy;
  const bool tagged = tag && *tag >= 0 && *tag < kVlanIds;
  if (tagged) policy.tag = static_cast<uint16_t>(*tag);
  policy.mode = mode.value_or(tagged ? VlanMode::kAccess : VlanMode::kTrunk);
  if (policy.mode == VlanMode::kTrunk) policy.tag = 0;
  if (policy.mode == VlanMode::kAccess || policy.mode == VlanMode::kDot1qTunnel) return policy;
  for (int64_t vlan : trunks)
    if (vlan >= 0 && vlan < kVlanIds) policy.trunks.set(static_cast<uint16_t>(vlan));
  return policy;
}

bool VlanPolicy::carries(uint16_t vlan) const {
  if (mode == VlanMode::kAccess || mode == VlanMode::kDot1qTunnel) return vlan == tag;
  if (native(mode)) {
    if (vlan == tag) return true;
    if (vlan == 0) return false;      // without a tag it would be in the native VLAN at the other end
  }
  return trunks.none() || trunks.test(vlan);
}

Admission admit(const VlanPolicy& port, std::span<const flow::VlanTag> tags) {
  switch (port.mode) {
    case VlanMode::kAccess: return admit_access(port, tags);
    case VlanMode::kDot1qTunnel: return admit_tunnel(port, tags);
    case VlanMode::kTrunk:
    case VlanMode::kNativeTagged:
    case VlanMode::kNativeUntagged: return admit_trunk(port, tags);
  }
  return {};
}

bool carries(const VlanPolicy& port, const FrameVlan& frame) {
  if (!port.carries(frame.vlan)) return false;
  return port.mode != VlanMode::kDot1qTunnel || in_cvlans(port, frame.inner_vlan);
}

std::optional<flow::VlanTag> tag_for(const VlanPolicy& port, const FrameVlan& frame) {
  if (port.mode == VlanMode::kDot1qTunnel) return std::nullopt;
  const bool strip = port.mode == VlanMode::kAccess || (port.mode == VlanMode::kNativeUntagged && frame.vlan == port.tag);
  const uint16_t vlan = strip ? 0 : frame.vlan;
  const bool keep_priority = (port.priority_tags == PriorityTags::kIfNonzero && frame.pcp) ||
                             (port.priority_tags == PriorityTags::kAlways && (frame.headed || frame.pcp));
  if (!vlan && !keep_priority) return std::nullopt;
  return flow::VlanTag{frame.tpid, Be16{static_cast<uint16_t>(vlan | flow::kVlanPresent | (frame.pcp << kPcpShift))}};
}

}  // namespace turnout::l2
