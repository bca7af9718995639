// The datapath object and its vports in the kernel: requests and their answers as values. <linux/openvswitch.h>, families
// ovs_datapath and ovs_vport. Blocking, microseconds. Thread-safe as Connection is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

struct KernelDp {
  int ifindex = 0;
  std::string name;
  ovs_dp_stats stats{};
  ovs_dp_megaflow_stats megaflows{};
  uint32_t features = 0;             // OVS_DP_F_*
  std::optional<uint32_t> mask_cache_size;
};
// Makes the datapath (EEXIST: it stands). Upcalls are off until somebody asks for them.
Result<KernelDp> new_datapath(Connection& kernel, const std::string& name);
Result<KernelDp> get_datapath(Connection& kernel, const std::string& name);
Result<std::vector<KernelDp>> list_datapaths(Connection& kernel);
Result<KernelDp> get_datapath(Connection& kernel, int dp_ifindex);
// Which socket gets the upcalls of each CPU. Code EOPNOTSUPP: the module dispatches by vport only.
Status set_cpu_sockets(Connection& kernel, int dp_ifindex, std::span<const uint32_t> pids);
// The size that the kernel made of it: a power of two.
Result<uint32_t> set_mask_cache_size(Connection& kernel, int dp_ifindex, uint32_t entries);
Status delete_datapath(Connection& kernel, int dp_ifindex);

struct Vport {
  DpPort number{0};
  uint32_t type = 0;                 // OVS_VPORT_TYPE_*
  std::string name;
  ovs_vport_stats stats{};           // from the datapath's point of view
};
const char* vport_type_name(uint32_t type);            // as Interface.type: "system", "internal", "vxlan", …
std::optional<uint32_t> vport_type_of_tunnel(std::string_view interface_type);   // nullopt: the module makes none

// What a vport of a tunnel type is made with, where the module makes the device itself.
struct VportTunnel {
  uint16_t udp_port = 0;
  bool gbp = false;
};
// wanted: nullopt lets the kernel choose. upcall_pid: 0 where the datapath dispatches by CPU.
Result<Vport> add_vport(Connection& kernel, int dp_ifindex, uint32_t type, const std::string& name,
                        std::optional<DpPort> wanted, uint32_t upcall_pid, const VportTunnel& tunnel = {});
Status set_vport_socket(Connection& kernel, int dp_ifindex, DpPort port, uint32_t upcall_pid);
Status delete_vport(Connection& kernel, int dp_ifindex, DpPort port);
Result<Vport> get_vport(Connection& kernel, int dp_ifindex, DpPort port);
Result<std::vector<Vport>> list_vports(Connection& kernel, int dp_ifindex);

}  // namespace turnout::datapath::kernel
