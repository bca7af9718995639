// The host's devices that carry tunnels for a kernel datapath: one for each kind and UDP port, in metadata mode, under the
// names that every such switch uses (vxlan_sys_4789, gre_sys), made and removed through rtnetlink. In this process's
// network namespace. Blocking, milliseconds. Main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/netdev/tunnel.h"

namespace turnout::datapath::kernel {

// What no kernel datapath can do of a configuration, as the end of a sentence; empty: nothing.
std::string unsupported_by_kernels(const netdev::TunnelConfig& config);

enum class TunnelDevice { kMade, kFound };
// Makes the device, or finds one that does the same; one of its name that does not is replaced. It is up.
// Codes: EOPNOTSUPP (rtnetlink cannot make it), EADDRINUSE (another device of the host has the UDP port).
Result<TunnelDevice> need_tunnel_device(const netdev::TunnelConfig& config);
void remove_tunnel_device(const std::string& name);     // if it stands and is one

// The kind whose devices have names like this one, if a device in metadata mode has it.
const netdev::TunnelKind* tunnel_device_kind(const std::string& name);
bool is_tunnel_device_name(std::string_view name);
// What dpctl shows of one: it takes whatever its tunnels carry.
std::string tunnel_device_options(std::string_view name, const netdev::TunnelKind& kind);
// Removes those that no datapath has and `in_use` does not claim.
void remove_stale_tunnel_devices(const std::function<bool(const std::string& name)>& in_use);

}  // namespace turnout::datapath::kernel
