// Type "patch": one end of a cable between two bridges. Translation goes through it; no packet ever reaches the device,
// which only has a state to report. Options: peer, the name of the other end.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/netdev/netdev.h"

namespace turnout::netdev {

Result<std::unique_ptr<Device>> open_patch(const OpenRequest& request);
// The other end's name; empty for a device that is no patch port.
std::string patch_peer(const Device& device);

}  // namespace turnout::netdev
