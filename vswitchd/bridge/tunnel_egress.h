// Where the packets of a tunnel leave the host, for Interface.status. ovs-vswitchd.conf.db(5), "tunnel_egress_iface".
// Asks the kernel each time. Main thread only.
#pragma once

#include <memory>
#include <string>

#include "lib/netdev/tunnel.h"
#include "lib/netlink/link.h"
#include "lib/netlink/socket.h"

namespace turnout::bridge {

struct TunnelEgress {
  std::string interface;               // empty: no route, or remote_ip=flow
  bool carrier = false;                // of that interface
  int device = 0;                      // ifindex of the device that carries all such tunnels, 0: none
  friend bool operator==(const TunnelEgress&, const TunnelEgress&) = default;
};

class EgressFinder {
 public:
  TunnelEgress find(const netdev::TunnelConfig& tunnel);

 private:
  bool open();
  std::unique_ptr<netlink::Socket> routes_;
  std::unique_ptr<netlink::LinkSocket> links_;
};

}  // namespace turnout::bridge
