// What VLAN a frame belongs to when it comes in by a port, and how it is tagged when it leaves by one.
// ovs-vswitchd.conf.db(5), table Port, "VLAN Configuration". Pure values.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/endian.h"
#include "lib/flow/key.h"

namespace turnout::l2 {

inline constexpr unsigned kVlanIds = 4096;
using VlanSet = std::bitset<kVlanIds>;

enum class VlanMode : uint8_t { kAccess, kTrunk, kNativeTagged, kNativeUntagged, kDot1qTunnel };
enum class PriorityTags : uint8_t { kNo, kIfNonzero, kAlways };

// The VLAN columns of a Port row. `trunks` and `cvlans` empty mean: all of them.
struct VlanPolicy {
  VlanMode mode = VlanMode::kTrunk;
  uint16_t tag = 0;                       // access, native and dot1q-tunnel
  VlanSet trunks;                         // trunk and native; all VLANs when none is set
  VlanSet cvlans;                         // dot1q-tunnel
  uint16_t qinq_ethtype = 0x88a8;
  PriorityTags priority_tags = PriorityTags::kNo;

  // The Port row's rules: no tag and no mode is a trunk, a tag alone is an access port; -1 or out of range: no tag.
  static VlanPolicy from_row(std::optional<VlanMode> mode, std::optional<int64_t> tag, std::span<const int64_t> trunks);
  bool carries(uint16_t vlan) const;      // do frames of this VLAN travel over the port?
  friend bool operator==(const VlanPolicy&, const VlanPolicy&) = default;
};

// The tags of a frame as the switch thinks of it between ports. tags[0].tci includes the VLAN that forwarding uses.
struct FrameVlan {
  uint16_t vlan = 0;                      // what MAC learning and flooding go by; 0: none
  uint8_t pcp = 0;
  bool inner = false;                     // the frame brought a tag that stays inside (dot1q-tunnel)
};

// Admission. nullopt: the port does not take such frames (and why).
enum class VlanDrop : uint8_t { kTaggedOnAccess, kNotInTrunks, kNotInCvlans };
struct Admission {
  bool accepted = false;
  FrameVlan frame;
  VlanDrop why{};
};
Admission admit(const VlanPolicy& port, const flow::VlanTag (&tags)[flow::kVlanTags]);

// The tags with which a frame, admitted as `frame` with `tags`, leaves by `port`.
struct Tagging {
  flow::VlanTag tags[flow::kVlanTags];
};
Tagging tag_for(const VlanPolicy& port, const FrameVlan& frame, const flow::VlanTag (&tags)[flow::kVlanTags]);

}  // namespace turnout::l2
