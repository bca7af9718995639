// Type "system": a link of the host, attached with a packet socket. Its frames are kept from the host's stack while the
// Device lives. A link that vanishes leaves a Device that receives nothing; the bridge opens a new one when the
// DeviceMonitor says that the name is back.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/netdev/ingress_drop.h"
#include "lib/netdev/netdev.h"
#include "lib/netlink/link.h"

namespace turnout::netdev {

// table and dropper outlive the device.
Result<std::unique_ptr<Device>> open_af_packet(const std::string& name, netlink::LinkTable& table, IngressDropper& dropper);

}  // namespace turnout::netdev
