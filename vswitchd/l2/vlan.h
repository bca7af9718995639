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

// VLANs by number. Packets ask, which is why nothing is counted then.
class VlanSet {
 public:
  void set(uint16_t vlan) { vlans_.set(vlan), none_ = false; }        // vlan < kVlanIds
  bool test(uint16_t vlan) const { return vlan < kVlanIds && vlans_[vlan]; }
  bool none() const { return none_; }
  friend bool operator==(const VlanSet&, const VlanSet&) = default;

 private:
  std::bitset<kVlanIds> vlans_;
  bool none_ = true;
};

enum class VlanMode : uint8_t { kAccess, kTrunk, kNativeTagged, kNativeUntagged, kDot1qTunnel };
enum class PriorityTags : uint8_t { kNever, kIfNonzero, kAlways };

// The VLAN columns of a Port row. `trunks` and `cvlans` empty mean: all of them.
struct VlanPolicy {
  VlanMode mode = VlanMode::kTrunk;
  uint16_t tag = 0;                       // access, native and dot1q-tunnel
  VlanSet trunks;                         // trunk and native; all VLANs when none is set
  VlanSet cvlans;                         // dot1q-tunnel
  uint16_t qinq_ethtype = 0x88a8;
  PriorityTags priority_tags = PriorityTags::kNever;

  // The Port row's rules: no tag and no mode is a trunk, a tag alone is an access port. Numbers that are no VLAN are
  // left out.
  static VlanPolicy from_row(std::optional<VlanMode> mode, std::optional<int64_t> tag, std::span<const int64_t> trunks);
  bool carries(uint16_t vlan) const;      // do frames of this VLAN travel over the port?
  friend bool operator==(const VlanPolicy&, const VlanPolicy&) = default;
};

// A frame between two ports: the VLAN that forwarding goes by, and what is left of its tags.
struct FrameVlan {
  uint16_t vlan = 0;                      // what MAC learning and flooding go by; 0: none
  uint8_t pcp = 0;
  Be16 tpid{0x8100};                      // for a tag that is put on when it leaves
  bool headed = false;                    // its VLAN came in a tag (a tag with VLAN 0 counts)
  uint8_t consumed = 0;                   // tags of the frame that `vlan` stands for; those after it are payload
  uint16_t inner_vlan = 0;                // of the first tag that is payload (dot1q-tunnel: the customer's), or 0
};

// Admission of a frame with these tags, outermost first (absent ones have no kVlanPresent bit or are left out).
enum class VlanDrop : uint8_t { kNone, kTaggedOnAccess, kNotInTrunks, kNotInCvlans };
struct Admission {
  FrameVlan frame;
  VlanDrop drop = VlanDrop::kNone;
  bool accepted() const { return drop == VlanDrop::kNone; }
};
Admission admit(const VlanPolicy& port, std::span<const flow::VlanTag> tags);

// Does the frame leave by this port at all: is it on its VLAN (and its customer VLAN)?
bool carries(const VlanPolicy& port, const FrameVlan& frame);
// The tag that it gets then, in front of those that are payload; nullopt: none.
std::optional<flow::VlanTag> tag_for(const VlanPolicy& port, const FrameVlan& frame);

}  // namespace turnout::l2
