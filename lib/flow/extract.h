// From the bytes of a frame to its FlowKey. Any bytes at all are accepted; what cannot be parsed stays zero. Pure.
#pragma once

#include "lib/flow/key.h"
#include "lib/net/packet.h"

namespace turnout::flow {

// Where the headers of a frame start, in bytes from its first; 0xffff where there is none.
struct Offsets {
  uint16_t l2_5 = 0xffff, l3 = 0xffff, l4 = 0xffff, payload = 0xffff;
};

// Fills key (all words; metadata other than in_port is zeroed) and returns the map of words that may be non-zero.
// Truncated or malformed headers leave the fields of that layer and of those above it zero.
WordMap extract(const net::Packet& packet, FlowKey& key, Offsets* offsets = nullptr);

// How many VLAN tags are parsed, at most kVlanTags; the type of a frame with more is the next tag's. By default 1, as
// Open_vSwitch.other_config:vlan-limit. Any thread.
void set_vlan_limit(unsigned tags);
unsigned vlan_limit();

}  // namespace turnout::flow
