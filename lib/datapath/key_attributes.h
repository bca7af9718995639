// The attributes of a datapath's key, as names: what a flow's text, a kernel's message and a set action speak of. Which
// members of the key belong to each is told by key_text_fields.h (texts) and kernel/key_layout.h (messages).
#pragma once

#include <cstdint>

namespace turnout::datapath {

// VLAN tags and the Ethernet type are not among them: they give a key its shape.
enum class KeyAttribute : uint8_t {
  kPriority, kMark, kDpHash, kRecircId, kInPort, kCtState, kCtZone, kCtMark, kCtLabel, kCtTuple4, kCtTuple6, kPacketType,
  kEthernet, kIpv4, kIpv6, kTcp, kTcpFlags, kUdp, kSctp, kIcmp, kIcmpv6, kArp, kNd, kNdExtensions, kMpls, kNsh
};

}  // namespace turnout::datapath
