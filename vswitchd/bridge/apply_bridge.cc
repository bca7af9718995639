// Steps about bridges: the switch, its tables, its own address and number.
#include <fmt/format.h>

#include <cstring>

#include "lib/base/log.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

namespace {
Log log_bridge{"bridge"};
Log log_ofproto{"ofproto"};
}

void Running::add_bridge(const DesiredBridge& wanted) {
  RunningBridge& bridge = bridges_[wanted.name];
  bridge.row = wanted.row;
  bridge.name = wanted.name;
  bridge.datapath_type = wanted.datapath_type;
  dirty_.bridges.insert(bridge.name);
  auto backend = context_.backers.get(wanted.datapath_type, global_);
  if (!backend) {
    bridge.settings = wanted.settings;
    bridge.error = fmt::format("could not create bridge {} ({})", wanted.name, backend.error().message);
    if (backend.error().code == EAFNOSUPPORT) log_ofproto.warn("unknown datapath type {}", wanted.datapath_type);
    log_bridge.err("failed to create bridge {}: {}", wanted.name, std::strerror(backend.error().code));
    return;
  }
  bridge.backend = *backend;
  bridge.mac = wanted.settings.hwaddr.value_or(default_bridge_mac(wanted.row));
  bridge.sw = std::make_unique<ofproto::Switch>(wanted.name, 0, context_.clock);
  bridge.macs = std::make_shared<l2::MacTable>();
  bridge.ageing = bridge.backend->adopt(bridge.macs);
  change_bridge(bridge, wanted);
}

void Running::change_bridge(RunningBridge& bridge, const DesiredBridge& wanted) {
  bridge.settings = wanted.settings;
  dirty_.bridges.insert(bridge.name);
  if (!bridge.backend) return;
  const BridgeSettings& s = bridge.settings;
  // A bridge whose controllers cannot be reached behaves as its fail mode says, and none can be until there are connections.
  bridge.sw->set_fail_mode(s.fail_mode, false);
  bridge.sw->set_description(s.description);
  bridge.macs->set_ageing_seconds(s.mac_ageing_seconds);
  bridge.macs->set_max_entries(s.mac_table_size);
  bridge.macs->set_flood_vlans(s.flood_vlans);
  put_bridge(bridge);
  touched_bridges_.insert(bridge.name);
}

void Running::put_bridge(const RunningBridge& bridge) {
  translate::BridgeSpec spec;
  spec.name = bridge.name;
  spec.tables = bridge.sw->shared_tables();
  spec.miss_rule = bridge.sw->miss_rule();
  spec.macs = bridge.macs;
  spec.forward_bpdu = bridge.settings.forward_bpdu;
  bridge.backend->snapshots().put_bridge(std::move(spec));
}

void Running::remove_bridge(const std::string& name) {
  auto i = bridges_.find(name);
  if (i == bridges_.end()) return;
  if (i->second.backend) {
    i->second.backend->snapshots().remove_bridge(name);
    i->second.backend->snapshots().publish();
    i->second.ageing.reset();
  }
  bridges_.erase(i);
}

net::Mac Running::choose_mac(const RunningBridge& bridge) const {
  if (bridge.settings.hwaddr) return *bridge.settings.hwaddr;
  std::optional<net::Mac> lowest;
  for (const auto& [name, port] : bridge.ports) {
    if (name == bridge.name || port.interfaces.empty()) continue;
    const RunningInterface& first = port.interfaces.begin()->second;
    if (first.is_patch() || first.is_tunnel || first.config.type == "internal" || first.dp_port == kDpPortNone) continue;
    const net::Mac mac = port.config->mac.value_or(first.link.mac);
    if (is_bridge_mac_candidate(mac) && (!lowest || mac < *lowest)) lowest = mac;
  }
  return lowest.value_or(default_bridge_mac(bridge.row));
}

void Running::settle_bridge(RunningBridge& bridge) {
  if (!bridge.backend) return;
  const net::Mac before = std::exchange(bridge.mac, choose_mac(bridge));
  settle_addresses(bridge, bridge.mac != before);
  settle_mtu(bridge);
  const uint64_t id = bridge.settings.datapath_id.value_or(bridge.mac.as_u64());
  if (id == bridge.sw->datapath_id()) return;
  bridge.sw->set_datapath_id(id);
  dirty_.bridges.insert(bridge.name);
  log_bridge.info("bridge {}: using datapath ID {:016x}", bridge.name, id);
}

}  // namespace turnout::bridge
