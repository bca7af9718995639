// See vports.h.
#include "lib/datapath/kernel/vports.h"

#include <cerrno>
#include <string_view>

#include "lib/datapath/kernel/attributes.h"

namespace turnout::datapath::kernel {
namespace {

std::string text_of(const Attribute& a) {
  const auto* text = reinterpret_cast<const char*>(a.payload.data());
  return std::string(text, strnlen(text, a.payload.size()));
}

KernelDp read_datapath(const Answer& answer) {
  KernelDp dp;
  dp.ifindex = answer.dp_ifindex;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) {
    switch (a->type) {
      case OVS_DP_ATTR_NAME: dp.name = text_of(*a); break;
      case OVS_DP_ATTR_STATS: dp.stats = a->as<ovs_dp_stats>().value_or(dp.stats); break;
      case OVS_DP_ATTR_MEGAFLOW_STATS: dp.megaflows = a->as<ovs_dp_megaflow_stats>().value_or(dp.megaflows); break;
      case OVS_DP_ATTR_MASKS_CACHE_SIZE: dp.mask_cache_size = a->as<uint32_t>(); break;
      case OVS_DP_ATTR_USER_FEATURES: dp.features = a->as<uint32_t>().value_or(0); break;
    }
  }
  return dp;
}

Vport read_vport(const Answer& answer) {
  Vport port;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) {
    switch (a->type) {
      case OVS_VPORT_ATTR_PORT_NO: port.number = DpPort{a->as<uint32_t>().value_or(0)}; break;
      case OVS_VPORT_ATTR_TYPE: port.type = a->as<uint32_t>().value_or(0); break;
      case OVS_VPORT_ATTR_NAME: port.name = text_of(*a); break;
      case OVS_VPORT_ATTR_STATS: port.stats = a->as<ovs_vport_stats>().value_or(port.stats); break;
    }
  }
  return port;
}

netlink::Message dp_request(Connection& kernel, uint8_t command, int dp_ifindex, uint16_t flags = 0) {
  return make_request(kernel.families().datapath, command, OVS_DATAPATH_VERSION, dp_ifindex, flags);
}
netlink::Message vport_request(Connection& kernel, uint8_t command, int dp_ifindex, uint16_t flags = 0) {
  return make_request(kernel.families().vport, command, OVS_VPORT_VERSION, dp_ifindex, flags);
}

template <typename Value, typename Read>
Result<Value> ask(Connection& kernel, const netlink::Message& message, Read read) {
  std::optional<Value> value;
  if (Status s = kernel.request(message, [&](const Answer& answer) { value = read(answer); }); !s) return fail(s);
  if (!value) return fail("the kernel gave no answer", EPROTO);
  return *value;
}

}  // namespace

Result<KernelDp> new_datapath(Connection& kernel, const std::string& name) {
  netlink::Message make = dp_request(kernel, OVS_DP_CMD_NEW, 0, NLM_F_ECHO);
  make.put_string(OVS_DP_ATTR_NAME, name);
  make.put_u32(OVS_DP_ATTR_UPCALL_PID, 0);
  make.put_u32(OVS_DP_ATTR_USER_FEATURES, OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS);
  return ask<KernelDp>(kernel, make, read_datapath);
}

Result<KernelDp> get_datapath(Connection& kernel, const std::string& name) {
  netlink::Message get = dp_request(kernel, OVS_DP_CMD_GET, 0);
  get.put_string(OVS_DP_ATTR_NAME, name);
  return ask<KernelDp>(kernel, get, read_datapath);
}

Result<std::vector<KernelDp>> list_datapaths(Connection& kernel) {
  std::vector<KernelDp> all;
  const Status dumped = kernel.dump(dp_request(kernel, OVS_DP_CMD_GET, 0),
                                    [&](const Answer& answer) { all.push_back(read_datapath(answer)); }, [&] { all.clear(); });
  if (!dumped) return fail(dumped);
  return all;
}

Result<KernelDp> get_datapath(Connection& kernel, int dp_ifindex) {
  return ask<KernelDp>(kernel, dp_request(kernel, OVS_DP_CMD_GET, dp_ifindex), read_datapath);
}

Status set_cpu_sockets(Connection& kernel, int dp_ifindex, std::span<const uint32_t> pids) {
  constexpr uint32_t kWanted = OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS | OVS_DP_F_DISPATCH_UPCALL_PER_CPU;
  netlink::Message set = dp_request(kernel, OVS_DP_CMD_SET, dp_ifindex, NLM_F_ECHO);
  set.put_u32(OVS_DP_ATTR_USER_FEATURES, kWanted);
  set.put(OVS_DP_ATTR_PER_CPU_PIDS, pids.data(), pids.size_bytes());
  auto now = ask<KernelDp>(kernel, set, read_datapath);
  if (!now) return fail(now);
  if (!(now->features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU)) return fail_errno("upcalls by CPU", EOPNOTSUPP);
  return {};
}

Result<uint32_t> set_mask_cache_size(Connection& kernel, int dp_ifindex, uint32_t entries) {
  auto before = get_datapath(kernel, dp_ifindex);
  if (!before) return fail(before);
  netlink::Message set = dp_request(kernel, OVS_DP_CMD_SET, dp_ifindex, NLM_F_ECHO);
  set.put_u32(OVS_DP_ATTR_USER_FEATURES, before->features);
  set.put_u32(OVS_DP_ATTR_MASKS_CACHE_SIZE, entries);
  auto now = ask<KernelDp>(kernel, set, read_datapath);
  if (!now) return fail(now);
  if (!now->mask_cache_size) return fail_errno("mask cache", EOPNOTSUPP);
  return *now->mask_cache_size;
}

Status delete_datapath(Connection& kernel, int dp_ifindex) {
  return kernel.request(dp_request(kernel, OVS_DP_CMD_DEL, dp_ifindex));
}

const char* vport_type_name(uint32_t type) {
  switch (type) {
    case OVS_VPORT_TYPE_NETDEV: return "system";
    case OVS_VPORT_TYPE_INTERNAL: return "internal";
    case OVS_VPORT_TYPE_GRE: return "gre";
    case OVS_VPORT_TYPE_VXLAN: return "vxlan";
    case OVS_VPORT_TYPE_GENEVE: return "geneve";
  }
  return "unknown";
}

std::optional<uint32_t> vport_type_of_tunnel(std::string_view interface_type) {
  for (uint32_t type : {OVS_VPORT_TYPE_GRE, OVS_VPORT_TYPE_VXLAN, OVS_VPORT_TYPE_GENEVE})
    if (interface_type == vport_type_name(type)) return type;
  return std::nullopt;
}

Result<Vport> add_vport(Connection& kernel, int dp_ifindex, uint32_t type, const std::string& name,
                        std::optional<DpPort> wanted, uint32_t upcall_pid, const VportTunnel& tunnel) {
  netlink::Message add = vport_request(kernel, OVS_VPORT_CMD_NEW, dp_ifindex, NLM_F_ECHO);
  add.put_string(OVS_VPORT_ATTR_NAME, name);
  add.put_u32(OVS_VPORT_ATTR_TYPE, type);
  add.put_u32(OVS_VPORT_ATTR_UPCALL_PID, upcall_pid);
  if (wanted) add.put_u32(OVS_VPORT_ATTR_PORT_NO, wanted->value);
  if (tunnel.udp_port) {
    void* options = add.nest(OVS_VPORT_ATTR_OPTIONS);
    add.put(OVS_TUNNEL_ATTR_DST_PORT, &tunnel.udp_port, sizeof tunnel.udp_port);
    if (tunnel.gbp) {
      void* extensions = add.nest(OVS_TUNNEL_ATTR_EXTENSION);
      add.put(OVS_VXLAN_EXT_GBP, nullptr, 0);
      add.end(extensions);
    }
    add.end(options);
  }
  return ask<Vport>(kernel, add, read_vport);
}

Status set_vport_socket(Connection& kernel, int dp_ifindex, DpPort port, uint32_t upcall_pid) {
  netlink::Message set = vport_request(kernel, OVS_VPORT_CMD_SET, dp_ifindex);
  set.put_u32(OVS_VPORT_ATTR_PORT_NO, port.value);
  set.put_u32(OVS_VPORT_ATTR_UPCALL_PID, upcall_pid);
  return kernel.request(set);
}

Status delete_vport(Connection& kernel, int dp_ifindex, DpPort port) {
  netlink::Message del = vport_request(kernel, OVS_VPORT_CMD_DEL, dp_ifindex);
  del.put_u32(OVS_VPORT_ATTR_PORT_NO, port.value);
  return kernel.request(del);
}

Result<Vport> get_vport(Connection& kernel, int dp_ifindex, DpPort port) {
  netlink::Message get = vport_request(kernel, OVS_VPORT_CMD_GET, dp_ifindex);
  get.put_u32(OVS_VPORT_ATTR_PORT_NO, port.value);
  return ask<Vport>(kernel, get, read_vport);
}

Result<std::vector<Vport>> list_vports(Connection& kernel, int dp_ifindex) {
  std::vector<Vport> ports;
  const Status dumped = kernel.dump(vport_request(kernel, OVS_VPORT_CMD_GET, dp_ifindex),
                                    [&](const Answer& answer) { ports.push_back(read_vport(answer)); }, [&] { ports.clear(); });
  if (!dumped) return fail(dumped);
  return ports;
}

}  // namespace turnout::datapath::kernel
