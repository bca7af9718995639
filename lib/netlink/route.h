// Which device of the host a packet would leave by. rtnetlink(7), RTM_GETROUTE.
#pragma once

#include <cstdint>
#include <span>

#include "lib/base/result.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

// The ifindex of that device, for a destination of 4 or 16 bytes in network order. The socket is of protocol
// NETLINK_ROUTE. Codes: ENETUNREACH, EHOSTUNREACH (no route); EINVAL (another size).
Result<int> egress_of(Socket& socket, std::span<const uint8_t> destination, uint32_t mark = 0);

}  // namespace turnout::netlink
