// Changes of frames that actions ask for. A packet that is shared is cloned first. Pure but for the packet pool.
#pragma once

#include "lib/base/endian.h"
#include "lib/flow/key.h"
#include "lib/net/packet.h"

namespace turnout::datapath {

// Pushes a tag behind the addresses; tci as in a key (with kVlanPresent).
void push_vlan(net::PacketRef& packet, Be16 tpid, Be16 tci);
// Removes the outermost tag, if there is one.
void pop_vlan(net::PacketRef& packet);

// What a packet's bytes do not say is carried over from the key it had before.
void copy_metadata(const flow::FlowKey& from, flow::FlowKey& to);

}  // namespace turnout::datapath
