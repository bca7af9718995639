// What follows from the state of devices: the addresses and MTUs of internal ports, the peers of patch ports.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lib/base/log.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

namespace {
Log log_bridge{"bridge"};
constexpr int kDefaultMtu = 1500;
}

void Running::refresh_link(RunningBridge& bridge, RunningPort& port, RunningInterface& i) {
  netdev::Device* d = device(bridge, i);
  if (!d) return;
  netdev::LinkState link = d->link_state();
  if (link == i.link) return;
  const bool enabled = i.enabled(), mac = link.mac != i.link.mac, mtu = link.mtu != i.link.mtu;
  i.link = std::move(link);
  touch(i);
  if (enabled != i.enabled() || mac || mtu) touched_ports_.emplace(bridge.name, port.config->name);
  if (mac || mtu) touched_bridges_.insert(bridge.name);
}

void Running::set_interface_mac(RunningBridge& bridge, RunningPort& port, RunningInterface& i) {
  if (i.config.type != "internal" && !i.config.type.starts_with("dummy")) return;
  const bool local = i.config.name == bridge.name;
  std::optional<net::Mac> wanted;
  if (local) {
    wanted = bridge.mac;
  } else if (i.config.mac && !i.config.mac->is_multicast() && !i.config.mac->is_zero()) {
    wanted = i.config.mac;
  } else if (port.config->fake_bridge) {
    wanted = bridge.mac;
  }
  if (!wanted || *wanted == i.link.mac) return;
  netdev::Device* d = device(bridge, i);
  if (!d) return;
  if (Status s = d->set_mac(*wanted); !s) {
    log_bridge.err("interface {}: setting MAC failed ({})", i.config.name, s.error().message);
    return;
  }
  i.link = d->link_state();
  if (i.ofport)
    if (ofproto::SwitchPort* p = bridge.sw->port(*i.ofport)) p->mac = i.link.mac;
  touch(i);
}

void Running::each_port_to_settle(RunningBridge& bridge, bool all, const std::function<void(RunningPort&)>& settle) {
  if (all) {
    for (auto& [name, port] : bridge.ports) settle(port);
    return;
  }
  for (auto at = touched_ports_.lower_bound({bridge.name, {}}); at != touched_ports_.end() && at->first == bridge.name; ++at)
    if (auto port = bridge.ports.find(at->second); port != bridge.ports.end()) settle(port->second);
}

void Running::settle_addresses(RunningBridge& bridge, bool all) {
  each_port_to_settle(bridge, all, [&](RunningPort& port) {
    for (auto& [name, i] : port.interfaces) set_interface_mac(bridge, port, i);
  });
}

// Internal ports follow the smallest MTU of the others. ovs-vswitchd.conf.db(5) mtu_request.
void Running::settle_mtu(RunningBridge& bridge) {
  int smallest = 0;
  for (const auto& [port_name, port] : bridge.ports)
    for (const auto& [name, i] : port.interfaces)
      if (i.config.type != "internal" && i.dp_port != kDpPortNone && i.link.mtu > 0)
        smallest = smallest ? std::min(smallest, i.link.mtu) : i.link.mtu;
  const int wanted = smallest ? smallest : kDefaultMtu;
  // Without a change of the bridge's own MTU only ports that still have the default follow: someone else's `ip link set
  // mtu` is left alone.
  const int before = std::exchange(bridge.mtu, wanted);
  each_port_to_settle(bridge, before != wanted, [&](RunningPort& port) {
    for (auto& [name, i] : port.interfaces) {
      if (i.config.type != "internal" || i.config.mtu_request || i.link.mtu == wanted) continue;
      if (i.link.mtu != before && i.link.mtu != kDefaultMtu) continue;
      netdev::Device* d = device(bridge, i);
      if (!d) continue;
      if (Status s = d->set_mtu(wanted); !s) continue;
      i.link = d->link_state();
      touch(i);
    }
  });
}

// A patch port works when its peer is a patch port that names it, on a bridge of the same datapath.
void Running::check_patches() {
  for (auto& [bridge_name, bridge] : bridges_) {
    for (auto& [port_name, port] : bridge.ports) {
      for (auto& [name, i] : port.interfaces) {
        if (!i.is_patch() || !i.ofport) continue;
        const std::string& peer = i.config.options["peer"];
        auto at = find_interface(peer);
        const bool usable = at && at->interface->is_patch() && at->interface->ofport &&
                            at->bridge->backend == bridge.backend && at->interface->config.options["peer"] == name;
        std::string error;
        if (!usable) error = fmt::format("No usable peer '{}' exists in '{}' datapath.", peer, bridge.datapath_type);
        if (error == i.error) continue;
        i.error = std::move(error);
        touch(i);
      }
    }
  }
}

}  // namespace turnout::bridge
