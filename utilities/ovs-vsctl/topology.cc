// The maps by name, loaded from the replica and edited alongside it.
#include "utilities/ovs-vsctl/topology.h"

#include <fmt/format.h>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

void monitor_topology(vswitch::Idl& idl) {
  using namespace vswitch;
  for (ovsdb::ColumnId column :
       {OpenVSwitch::kBridges, Bridge::kName, Bridge::kPorts, Port::kName, Port::kFakeBridge, Port::kTag,
        Port::kInterfaces, Interface::kName, Interface::kOfport, Interface::kError})
    idl.monitor(column);
}

Topology::Topology(vswitch::Idl& idl) : idl_(idl) {}

void Topology::refresh() {
  if (!stale_) return;
  stale_ = false;
  interfaces_.clear();
  ports_.clear();
  bridges_.clear();
  vswitch::OpenVSwitch* root = idl_.open_vswitch();
  if (!root) return;
  for (vswitch::Bridge* row : root->bridges()) load_bridge(*row);
}

void Topology::load_bridge(vswitch::Bridge& row) {
  if (bridges_.contains(row.name())) return;
  BridgeInfo& real = add_bridge(row);
  std::vector<vswitch::Port*> rows = row.ports();
  for (vswitch::Port* port : rows)
    if (port->fake_bridge() && port->tag() && port->name() != row.name() && !bridges_.contains(port->name()))
      add_fake_bridge(*port, real, *port->tag());
  for (vswitch::Port* port : rows) {
    BridgeInfo* owner = &real;
    if (auto tag = port->tag())
      if (auto child = real.children.find(*tag); child != real.children.end()) owner = child->second;
    if (ports_.contains(port->name())) continue;
    PortInfo& info = add_port(*port, *owner);
    for (vswitch::Interface* interface : port->interfaces()) add_interface(*interface, info);
  }
}

BridgeInfo* Topology::bridge(std::string_view name) {
  refresh();
  auto at = bridges_.find(name);
  return at == bridges_.end() ? nullptr : &at->second;
}
PortInfo* Topology::port(std::string_view name) {
  refresh();
  auto at = ports_.find(name);
  return at == ports_.end() ? nullptr : &at->second;
}
InterfaceInfo* Topology::interface(std::string_view name) {
  refresh();
  auto at = interfaces_.find(name);
  return at == interfaces_.end() ? nullptr : &at->second;
}

Result<BridgeInfo*> Topology::need_bridge(std::string_view name) {
  if (BridgeInfo* found = bridge(name)) return found;
  return fail(fmt::format("no bridge named {}", name));
}
Result<PortInfo*> Topology::need_port(std::string_view name) {
  if (PortInfo* found = port(name); found && !is_local(*found)) return found;
  return fail(fmt::format("no port named {}", name));
}
Result<InterfaceInfo*> Topology::need_interface(std::string_view name) {
  if (InterfaceInfo* found = interface(name); found && found->row->name() != found->port->bridge->name) return found;
  return fail(fmt::format("no interface named {}", name));
}

std::vector<PortInfo*> Topology::ports_of(const BridgeInfo& bridge) {
  std::vector<PortInfo*> found;
  for (auto& [name, port] : ports_)
    if (port.bridge == &bridge) found.push_back(&port);
  return found;
}
std::vector<InterfaceInfo*> Topology::interfaces_of(const PortInfo& port) {
  std::vector<InterfaceInfo*> found;
  for (vswitch::Interface* row : port.row->interfaces())
    if (auto at = interfaces_.find(row->name()); at != interfaces_.end() && at->second.port == &port)
      found.push_back(&at->second);
  return found;
}
std::vector<InterfaceInfo*> Topology::interfaces_of(const BridgeInfo& bridge) {
  std::vector<InterfaceInfo*> found;
  for (auto& [name, interface] : interfaces_)
    if (interface.port->bridge == &bridge) found.push_back(&interface);
  return found;
}

BridgeInfo& Topology::add_bridge(vswitch::Bridge& row) {
  BridgeInfo& info = bridges_[std::string(row.name())];
  info.name = row.name();
  info.row = &row;
  return info;
}
BridgeInfo& Topology::add_fake_bridge(vswitch::Port& row, BridgeInfo& parent, int64_t vlan) {
  BridgeInfo& info = bridges_[std::string(row.name())];
  info.name = row.name();
  info.row = parent.row;
  info.fake_port = &row;
  info.parent = &parent;
  info.vlan = vlan;
  parent.children[vlan] = &info;
  return info;
}
PortInfo& Topology::add_port(vswitch::Port& row, BridgeInfo& bridge) {
  return ports_.insert_or_assign(std::string(row.name()), PortInfo{&row, &bridge}).first->second;
}
void Topology::add_interface(vswitch::Interface& row, PortInfo& port) {
  interfaces_.insert_or_assign(std::string(row.name()), InterfaceInfo{&row, &port});
}

void Topology::remove_port(PortInfo& port) {
  for (InterfaceInfo* interface : interfaces_of(port)) remove_interface(*interface);
  ports_.erase(ports_.find(port.row->name()));
}
void Topology::remove_interface(InterfaceInfo& interface) { interfaces_.erase(interfaces_.find(interface.row->name())); }

void Topology::remove_bridge(BridgeInfo& bridge) {
  for (auto children = bridge.children; auto& [vlan, child] : children) remove_bridge(*child);
  for (PortInfo* port : ports_of(bridge)) remove_port(*port);
  if (bridge.parent) bridge.parent->children.erase(bridge.vlan);
  std::string name = bridge.name;
  bridges_.erase(bridges_.find(name));
}

}  // namespace turnout::vsctl
