// Datapath actions: what a flow of a datapath does to a packet, in order. An empty list drops. Plain values.
// The kinds follow <linux/openvswitch.h>, enum ovs_action_attr; the text form is ovs-dpctl(8)'s.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "lib/base/endian.h"
#include "lib/base/strong_id.h"
#include "lib/flow/key.h"

namespace turnout::datapath {

struct Output { DpPort port; friend bool operator==(const Output&, const Output&) = default; };
struct PushVlan { Be16 tpid, tci; friend bool operator==(const PushVlan&, const PushVlan&) = default; };   // tci with kVlanPresent
struct PopVlan { friend bool operator==(const PopVlan&, const PopVlan&) = default; };
// To the upcall sink of this datapath, with a value that comes back in the upcall.
struct Userspace { uint32_t pid = 0; std::vector<uint8_t> userdata; friend bool operator==(const Userspace&, const Userspace&) = default; };
struct Truncate { uint32_t max_length = 0; friend bool operator==(const Truncate&, const Truncate&) = default; };   // of the next output
struct Recirculate { uint32_t id = 0; friend bool operator==(const Recirculate&, const Recirculate&) = default; };
struct Drop { uint32_t reason = 0; friend bool operator==(const Drop&, const Drop&) = default; };

struct Meter { uint32_t id = 0; friend bool operator==(const Meter&, const Meter&) = default; };
struct ConntrackClear { friend bool operator==(const ConntrackClear&, const ConntrackClear&) = default; };

// The tunnel metadata that the packet is sent with, all of it: what stood there before is gone. Shared by the copies.
struct SetTunnel {
  std::shared_ptr<const flow::TunnelKey> tunnel;
  friend bool operator==(const SetTunnel& a, const SetTunnel& b) {
    return a.tunnel == b.tunnel || (a.tunnel && b.tunnel && *a.tunnel == *b.tunnel);
  }
};

// Lists inside run on a copy of the packet: what they change is not seen by the actions behind.
struct Action;
using ActionList = std::vector<Action>;
struct Clone { ActionList actions; };
struct Sample { uint32_t probability = 0; ActionList actions; };       // of UINT32_MAX
struct CheckPacketLength { uint16_t length = 0; ActionList if_greater, if_not; };

// Later kinds (set, push_mpls, ct, …) join the variant; execute, text and codec each have one case a kind.
struct Action : std::variant<Output, PushVlan, PopVlan, Userspace, Truncate, Recirculate, Drop, Meter, ConntrackClear, Clone, Sample,
                             CheckPacketLength, SetTunnel> {
  using variant::variant;
  using variant::operator=;
};
inline bool operator==(const Clone& a, const Clone& b) { return a.actions == b.actions; }
inline bool operator==(const Sample& a, const Sample& b) { return a.probability == b.probability && a.actions == b.actions; }
inline bool operator==(const CheckPacketLength& a, const CheckPacketLength& b) {
  return a.length == b.length && a.if_greater == b.if_greater && a.if_not == b.if_not;
}

// How deep lists may stand in one another in a text or a kernel's message.
inline constexpr unsigned kMaxActionNesting = 16;

}  // namespace turnout::datapath
