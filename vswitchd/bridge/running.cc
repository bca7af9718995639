// See running.h: the round of a reconfiguration, and what happens to devices meanwhile.
#include "vswitchd/bridge/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/counters.h"
#include "lib/base/log.h"

namespace turnout::bridge {

namespace {
Log log_bridge{"bridge"};
Counter count_reconfigure{"bridge_reconfigure"};
}

Running::Running(Context context) : context_(std::move(context)) {
  context_.backers.on_ports_changed([this](upcall::Backend& backend) { ports_changed(backend); });
}
Running::~Running() {
  context_.backers.on_ports_changed({});
  close_all(false);
}

void Running::reconfigure(const Desired& current, const Desired& desired) {
  count_reconfigure.add();
  global_ = desired.global;
  const CurrentNumbers numbers = [this](std::string_view, std::string_view interface) -> std::optional<uint16_t> {
    auto at = find_interface(interface);
    if (!at || !at->interface->ofport) return std::nullopt;
    return at->interface->ofport->value;
  };
  const std::vector<Step> steps = diff(current, desired, numbers);
  staying_.clear();
  if (std::any_of(steps.begin(), steps.end(), [](const Step& s) { return s.kind == Step::Kind::kRemoveInterface; }))
    for (const auto& [b, bridge] : desired.bridges)
      for (const auto& port : bridge.ports)
        for (const auto& i : port->interfaces) staying_.insert(i.name);
  for (const Step& step : steps) apply(step, desired);
  retry_failed();
  std::set<std::string> used;
  for (const auto& [name, bridge] : bridges_)
    if (bridge.backend) used.insert(bridge.datapath_type);
  context_.backers.configure(global_);
  context_.backers.limit_zones(desired.zone_limits);
  publish();
  context_.backers.drop_unused(used);
  context_.devices.flush();
}

void Running::apply(const Step& step, const Desired& desired) {
  const auto wanted = desired.bridges.find(step.bridge);
  if (step.kind == Step::Kind::kAddBridge) return add_bridge(wanted->second);
  const auto at = bridges_.find(step.bridge);
  if (at == bridges_.end()) return;
  RunningBridge& bridge = at->second;
  auto port_of = [&]() -> RunningPort* {
    auto i = bridge.ports.find(step.port);
    return i == bridge.ports.end() ? nullptr : &i->second;
  };
  auto wanted_port = [&] { return wanted->second.ports.find(step.port); };
  auto wanted_interface = [&]() -> const DesiredInterface& {
    for (const auto& i : wanted_port()->interfaces)
      if (i.name == step.interface) return i;
    std::abort();
  };
  switch (step.kind) {
    case Step::Kind::kAddBridge: return;
    case Step::Kind::kChangeBridge: return change_bridge(bridge, wanted->second);
    case Step::Kind::kRemoveBridge: return remove_bridge(step.bridge);
    case Step::Kind::kAddPort: return add_port(bridge, wanted_port());
    case Step::Kind::kRemovePort: return remove_port(bridge, step.port);
    case Step::Kind::kChangePort:
      if (RunningPort* port = port_of()) {
        port->config = wanted_port();
        touched_ports_.emplace(step.bridge, step.port);
        touched_bridges_.insert(step.bridge);
      }
      return;
    case Step::Kind::kRemoveInterface:
      // The device of an interface that comes anew stays on the host.
      if (RunningPort* port = port_of())
        remove_interface(bridge, *port, step.interface, !staying_.contains(step.interface));
      return;
    case Step::Kind::kAddInterface:
      if (RunningPort* port = port_of()) add_interface(bridge, *port, wanted_interface());
      return;
    case Step::Kind::kChangeInterface:
      if (RunningPort* port = port_of()) {
        auto i = port->interfaces.find(step.interface);
        if (i != port->interfaces.end()) change_interface(bridge, *port, i->second, wanted_interface());
      }
      return;
  }
}

void Running::publish() {
  if (std::exchange(patches_changed_, false)) check_patches();
  for (const std::string& name : touched_bridges_)
    if (auto i = bridges_.find(name); i != bridges_.end()) settle_bridge(i->second);
  touched_bridges_.clear();
  for (const auto& [bridge, port] : touched_ports_) {
    auto b = bridges_.find(bridge);
    if (b == bridges_.end()) continue;
    if (auto p = b->second.ports.find(port); p != b->second.ports.end()) put_port(b->second, p->second);
  }
  touched_ports_.clear();
  // While flow-restore-wait holds, the datapaths see no bridges and so forward nothing.
  if (global_.flow_restore_wait) return;
  for (upcall::Backend* backend : context_.backers.all()) backend->snapshots().publish();
}

void Running::close_all(bool cleanup) {
  if (!cleanup) context_.backers.leave();
  while (!bridges_.empty()) {
    RunningBridge& bridge = bridges_.begin()->second;
    while (!bridge.ports.empty()) {
      RunningPort& port = bridge.ports.begin()->second;
      while (!port.interfaces.empty()) remove_interface(bridge, port, port.interfaces.begin()->first, cleanup);
      remove_port(bridge, bridge.ports.begin()->first);
    }
    remove_bridge(bridges_.begin()->first);
  }
  touched_bridges_.clear();
  touched_ports_.clear();
  context_.backers.drop_unused({});
  if (cleanup) context_.devices.remove_all();
}

std::optional<Running::Location> Running::find_interface(std::string_view name) {
  auto i = where_.find(std::string(name));
  if (i == where_.end()) return std::nullopt;
  RunningBridge& bridge = bridges_.find(i->second.first)->second;
  RunningPort& port = bridge.ports.find(i->second.second)->second;
  return Location{&bridge, &port, &port.interfaces.find(name)->second};
}

netdev::Device* Running::device(const RunningBridge& bridge, const RunningInterface& i) const {
  if (!bridge.backend || i.dp_port == kDpPortNone) return nullptr;
  return bridge.backend->datapath().device(i.dp_port);
}

void Running::mark_all_dirty() {
  for (const auto& [name, at] : where_) dirty_.interfaces.insert(name);
  for (const auto& [name, bridge] : bridges_) dirty_.bridges.insert(name);
}

void Running::device_event(const std::string& name, netdev::DeviceEvent event) {
  if (event == netdev::DeviceEvent::kVanished) tunnel_device_vanished(name);
  auto at = find_interface(name);
  if (!at || at->interface->is_patch() || at->interface->is_tunnel || !at->bridge->backend) return;
  RunningInterface& i = *at->interface;
  // One that the datapath has made itself appears too, and one that was moved into a namespace only went out of sight.
  if (netdev::Device* d = device(*at->bridge, i); d && d->link_state().present) event = netdev::DeviceEvent::kChanged;
  switch (event) {
    case netdev::DeviceEvent::kChanged:
      if (i.dp_port == kDpPortNone) return;
      refresh_link(*at->bridge, *at->port, i);
      break;
    case netdev::DeviceEvent::kVanished:
      if (i.dp_port == kDpPortNone) return;
      close_device(*at->bridge, i);
      i.link = {};
      touch(i);
      touched_ports_.emplace(at->bridge->name, at->port->config->name);
      touched_bridges_.insert(at->bridge->name);
      // A device of our own that someone deleted, or that died with its namespace, is made anew.
      if (i.config.type == "internal" || i.config.type == "tap") open_interface(*at->bridge, *at->port, i);
      else i.error = fmt::format("could not open network device {} ({})", i.config.name, std::strerror(ENODEV));
      break;
    case netdev::DeviceEvent::kAppeared:
      if (i.dp_port != kDpPortNone) close_device(*at->bridge, i);
      open_interface(*at->bridge, *at->port, i);
      break;
  }
  publish();
  context_.devices.flush();
  if (is_dirty() && on_dirty_) on_dirty_();
}

void Running::ports_changed(upcall::Backend& backend) {
  const std::vector<DpPort> lost = backend.datapath().reconcile_ports();
  if (lost.empty()) return;
  std::vector<Location> affected;
  for (auto& [name, bridge] : bridges_)
    for (auto& [port_name, port] : bridge.ports)
      for (auto& [interface_name, i] : port.interfaces)
        if (bridge.backend == &backend && std::find(lost.begin(), lost.end(), i.dp_port) != lost.end())
          affected.push_back({&bridge, &port, &i});
  for (const Location& at : affected) {
    log_bridge.info("bridge {}: interface {} is in the datapath no more", at.bridge->name, at.interface->config.name);
    close_device(*at.bridge, *at.interface);
    open_interface(*at.bridge, *at.port, *at.interface);
  }
  publish();
  context_.devices.flush();
  if (is_dirty() && on_dirty_) on_dirty_();
}

}  // namespace turnout::bridge
