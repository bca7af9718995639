// Steps about ports: a bundle of the snapshot for each, with the interfaces that carry its frames.
#include <algorithm>

#include "lib/base/log.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

namespace {

Log log_bridge{"bridge"};

// A port of several interfaces works as active-backup over the first that can: one interface at a time carries frames,
// so that nothing loops or arrives twice.
const RunningInterface* active_member(const RunningPort& port) {
  const RunningInterface* present = nullptr;
  for (const auto& [name, i] : port.interfaces) {
    if (!i.ofport || (!i.is_patch() && i.dp_port == kDpPortNone)) continue;
    if (i.enabled()) return &i;
    if (!present) present = &i;
  }
  return present;
}

translate::InterfaceSpec spec_of(const RunningInterface& i) {
  translate::InterfaceSpec spec;
  spec.name = i.config.name;
  spec.ofport = *i.ofport;
  spec.dp_port = i.dp_port;
  if (i.is_patch())
    if (auto peer = i.config.options.find("peer"); peer != i.config.options.end()) spec.patch_peer = peer->second;
  if (i.is_tunnel) spec.tunnel = i.tunnel, spec.counters = i.counters;
  spec.enabled = i.enabled();
  return spec;
}

}  // namespace

void Running::add_port(RunningBridge& bridge, std::shared_ptr<const DesiredPort> wanted) {
  RunningPort& port = bridge.ports[wanted->name];
  port.bundle = l2::next_bundle_id();
  port.config = std::move(wanted);
  if (port.config->interfaces.size() > 1)
    log_bridge.info("bridge {}: port {}: bonding modes are not supported yet, its interfaces work as active-backup",
                    bridge.name, port.config->name);
  touched_ports_.emplace(bridge.name, port.config->name);
}

void Running::remove_port(RunningBridge& bridge, const std::string& name) {
  auto i = bridge.ports.find(name);
  if (i == bridge.ports.end()) return;
  if (bridge.backend) {
    bridge.backend->snapshots().remove_bundle(bridge.name, i->second.bundle);
    bridge.macs->flush_bundle(i->second.bundle);
  }
  touched_bridges_.insert(bridge.name);
  bridge.ports.erase(i);
}

void Running::put_port(RunningBridge& bridge, RunningPort& port) {
  if (!bridge.backend) return;
  translate::BundleSpec spec;
  spec.id = port.bundle;
  spec.name = port.config->name;
  spec.vlan = port.config->vlan;
  spec.is_protected = port.config->is_protected;
  if (const RunningInterface* active = active_member(port)) spec.interfaces.push_back(spec_of(*active));
  bridge.backend->snapshots().put_bundle(bridge.name, std::move(spec));
}

}  // namespace turnout::bridge
