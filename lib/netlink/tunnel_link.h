// Tunnel devices in metadata mode: addresses and key of the tunnel go with each packet, so that one device serves any
// number of tunnels. rtnetlink(7); <linux/if_link.h>, <linux/if_tunnel.h>.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

struct TunnelLink {
  std::string kind;            // "vxlan", "geneve", "gretap", "ip6gretap", "erspan", "ip6erspan"
  uint16_t udp_port = 0;       // of vxlan and geneve
  bool gbp = false;            // of vxlan: group policy
  bool metadata = true;
  friend bool operator==(const TunnelLink&, const TunnelLink&) = default;
};

// The socket is of protocol NETLINK_ROUTE. Codes: EEXIST (a device has the name, or another has the port), EOPNOTSUPP
// (the kernel has no such kind, or not in this mode).
Status create_tunnel_link(Socket& socket, std::string_view name, const TunnelLink& tunnel);
// Code ENODEV: there is none. A link of another kind has that kind, and is not in metadata mode.
Result<TunnelLink> read_tunnel_link(Socket& socket, std::string_view name);

}  // namespace turnout::netlink
