// What a tunnel interface puts outside a packet. ovs-vswitchd.conf.db(5), "Tunnel Options". Pure.
#pragma once

#include <optional>

#include "lib/flow/key.h"
#include "lib/netdev/tunnel.h"

namespace turnout::translate {

// key: of the packet that goes inside, with the tunnel that it came by. Or-s into *mask what decided.
// nullopt: there is no destination, because remote_ip=flow leaves it to an OpenFlow action and none has said it.
std::optional<flow::TunnelKey> encapsulation(const netdev::TunnelConfig& config, const flow::FlowKey& key, flow::FlowMask* mask);

}  // namespace turnout::translate
