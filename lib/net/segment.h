// Software completion of offloads: what a device does for a sender, done for a device that cannot (design decision 12).
// Pure but for the packet pool of the calling thread. Frames may carry VLAN tags in front of the IP header.
#pragma once

#include <functional>

#include "lib/base/result.h"
#include "lib/net/packet.h"

namespace turnout::net {

// Computes a partial checksum in place and clears Offload::partial_checksum (and gso, if there is none to do). Writes to
// the packet: it must not be shared(). False (and nothing written) when the offsets lie outside the frame. Not for a
// packet that still has gso: segment() it.
[[nodiscard]] bool finish_checksum(Packet& packet);

// Cuts a large TCP or UDP packet (offload.gso) into frames of at most gso_size payload bytes, in order: complete
// lengths, IP identifications, flags (FIN and PSH on the last, CWR on the first) and checksums, no offload left.
// kUdp4 and kUdp6 (one datagram larger than the link) become IP fragments. A packet without gso is emitted as a finished
// copy. Fails, with nothing emitted, when the headers do not fit what offload says.
Status segment(const Packet& packet, const std::function<void(PacketRef)>& emit);

// Packets that segment() would emit (1 without gso); for statistics that count as the wire would.
size_t segment_count(const Packet& packet);

}  // namespace turnout::net
