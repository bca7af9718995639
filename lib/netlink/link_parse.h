// Decodes rtnetlink's link messages. Inside lib/netlink only.
#pragma once

#include <optional>

#include "lib/netlink/link.h"

struct nlmsghdr;

namespace turnout::netlink {

// RTM_NEWLINK and RTM_DELLINK about a link itself; nothing for other messages and for malformed ones.
std::optional<Link> parse_link(const nlmsghdr& message);

}  // namespace turnout::netlink
