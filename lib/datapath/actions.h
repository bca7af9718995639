// Datapath actions: what a flow of a datapath does to a packet, in order. An empty list drops. Plain values.
// The kinds follow <linux/openvswitch.h>, enum ovs_action_attr; the text form is ovs-dpctl(8)'s.
#pragma once

#include <cstdint>
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

// Later kinds (set, push_mpls, ct, sample, clone, …) join the variant; execute, text and codec each have one case a kind.
using Action = std::variant<Output, PushVlan, PopVlan, Userspace, Truncate, Recirculate, Drop>;
using ActionList = std::vector<Action>;

}  // namespace turnout::datapath
