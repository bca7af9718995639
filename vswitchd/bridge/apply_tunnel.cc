// Steps about tunnel interfaces: their options checked against each other, and their share of a datapath port.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

namespace {

Log log_bridge{"bridge"};
Log log_netdev{"netdev_vport"};
Log log_tunnel{"tunnel"};

// What no packet could be sent with, though nothing is wrong with the options by themselves.
std::optional<std::string> cannot_send(const netdev::TunnelConfig& tunnel) {
  if (tunnel.kind->type.ends_with("erspan") && !tunnel.erspan_version.given)
    return fmt::format("{} type requires 'erspan_ver', 1 or 2", tunnel.kind->type);
  return std::nullopt;
}

Result<std::shared_ptr<const netdev::TunnelConfig>> read_config(const DesiredInterface& config) {
  auto parsed = netdev::parse_tunnel(config.name, config.type, {config.options.begin(), config.options.end()});
  if (!parsed) return fail(parsed);
  if (auto why = cannot_send(parsed->config)) return fail(config.name + ": " + *why, EINVAL);
  for (const std::string& warning : parsed->warnings) log_netdev.warn("{}", warning);
  return std::make_shared<const netdev::TunnelConfig>(parsed->config);
}

}  // namespace

// The device carries many tunnels, and takes whatever the way outside does.
void Running::refuse_tunnel_mtu(const DesiredInterface& config) {
  if (config.mtu_request)
    log_bridge.err("interface {}: setting MTU to {} failed ({})", config.name, *config.mtu_request, std::strerror(EOPNOTSUPP));
}

// Tunnels of one datapath must differ in what they receive, and agree on the devices that they share.
Status Running::check_against_other_tunnels(const RunningBridge& bridge, const RunningInterface& i,
                                            const netdev::TunnelConfig& wanted) {
  for (const std::string& name : tunnels_) {
    const auto other = find_interface(name);
    if (!other || other->interface == &i || other->bridge->backend != bridge.backend) continue;
    const RunningInterface& o = *other->interface;
    if (!netdev::same_device_settings(*o.tunnel, wanted))
      return fail(i.config.name + ": VXLAN-GBP, and non-VXLAN-GBP tunnels can't be configured on the same dst_port", EEXIST);
    if (!netdev::same_packets(*o.tunnel, wanted)) continue;
    if (i.error.empty())
      log_tunnel.warn("{}: attempting to add tunnel port with same config as port '{}' ({})", i.config.name, name,
                      netdev::tunnel_match_text(wanted, o.dp_port));
    return fail(fmt::format("could not add network device {} to ofproto ({})", i.config.name, std::strerror(EEXIST)), EEXIST);
  }
  return {};
}

Status Running::open_tunnel(RunningBridge& bridge, RunningInterface& i) {
  auto config = read_config(i.config);
  if (!config) return fail(config);
  if (Status s = check_against_other_tunnels(bridge, i, **config); !s) return s;
  const auto port = bridge.backend->datapath().add_tunnel(**config);
  if (!port)
    return fail(fmt::format("could not add network device {} to ofproto ({})", i.config.name, port.error().message),
                port.error().code);
  i.dp_port = *port;
  i.tunnel = std::move(*config);
  if (!i.counters) i.counters = std::make_shared<ofproto::PortCounters>();
  if (i.own_mac.is_zero()) i.own_mac = default_bridge_mac(Uuid::random());
  i.egress = egress_.find(*i.tunnel);
  tunnels_.insert(i.config.name);
  refuse_tunnel_mtu(i.config);
  return {};
}

// The options changed. Where the device stays the same, so does the port, and what flows goes on.
void Running::change_tunnel(RunningBridge& bridge, RunningPort& port, RunningInterface& i) {
  if (i.dp_port != kDpPortNone) {
    auto config = read_config(i.config);
    const bool same_device = config && (*config)->device_name() == i.tunnel->device_name() &&
                             netdev::same_device_settings(**config, *i.tunnel);
    if (same_device && check_against_other_tunnels(bridge, i, **config)) {
      i.tunnel = std::move(*config);
      i.egress = egress_.find(*i.tunnel);
      (void)join_switch(bridge, i);
      return;
    }
    close_device(bridge, i);
  }
  open_interface(bridge, port, i);
  if (i.dp_port != kDpPortNone || !i.ofport) return;
  bridge.sw->remove_port(*i.ofport);
  i.ofport.reset();
}

// A module may tell of a port that goes with its device before it is gone; this event comes after.
void Running::tunnel_device_vanished(const std::string& device) {
  for (const std::string& name : tunnels_)
    if (auto at = find_interface(name); at && at->interface->tunnel->device_name() == device)
      return ports_changed(*at->bridge->backend);
}

void Running::refresh_tunnels() {
  for (const std::string& name : tunnels_) {
    const auto at = find_interface(name);
    if (!at) continue;
    RunningInterface& i = *at->interface;
    TunnelEgress now = egress_.find(*i.tunnel);
    if (now == i.egress) continue;
    i.egress = std::move(now);
    touch(i);
  }
}

}  // namespace turnout::bridge
