// Rows and topology change together here, so that the next command of the line sees both.
#include "utilities/ovs-vsctl/edit.h"

#include <fmt/format.h>

#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {

Status check_no_conflict(Context& ctx, const std::string& name, std::string_view what) {
  auto refuse = [&](std::string_view kind, std::string_view where) {
    return fail(fmt::format("cannot create {} named {} because {} named {} already exists{}", what, name, kind, name, where));
  };
  if (ctx.topology.bridge(name)) return refuse("a bridge", "");
  if (PortInfo* port = ctx.topology.port(name)) return refuse("a port", " on bridge " + port->bridge->name);
  if (InterfaceInfo* i = ctx.topology.interface(name)) return refuse("an interface", " on bridge " + i->port->bridge->name);
  return {};
}

Status insert_port(Context& ctx, BridgeInfo& bridge, const std::string& name, std::span<const std::string> interfaces,
                   bool fake_interface, std::span<const std::string> settings) {
  if (Status s = check_no_conflict(ctx, name, "a port"); !s) return s;
  for (const std::string& interface : interfaces)
    if (interface != name)
      if (Status s = check_no_conflict(ctx, interface, "an interface"); !s) return s;
  auto& port = ctx.txn.insert<vswitch::Port>();
  port.set_name(name);
  std::vector<vswitch::Interface*> rows;
  for (const std::string& interface : interfaces) {
    auto& row = ctx.txn.insert<vswitch::Interface>();
    row.set_name(interface);
    rows.push_back(&row);
  }
  port.set_interfaces(rows);
  if (fake_interface) port.set_bond_fake_iface(true);
  if (bridge.is_fake()) port.set_tag(bridge.vlan);
  for (const std::string& setting : settings)
    if (Status s = set_column(ctx, port, setting); !s) return s;
  bridge.row->add_ports(&port);
  PortInfo& info = ctx.topology.add_port(port, bridge);
  for (vswitch::Interface* row : rows) ctx.topology.add_interface(*row, info);
  return {};
}

void delete_port(Context& ctx, PortInfo& port) {
  vswitch::Port* row = port.row;
  vswitch::Bridge* bridge = port.bridge->row;
  std::vector<vswitch::Interface*> interfaces = row->interfaces();
  ctx.topology.remove_port(port);
  bridge->remove_ports(row);
  for (vswitch::Interface* interface : interfaces) interface->erase();
  row->erase();
}

void delete_bridge(Context& ctx, BridgeInfo& bridge) {
  if (bridge.is_fake()) {
    for (PortInfo* port : ctx.topology.ports_of(bridge)) delete_port(ctx, *port);
    ctx.topology.remove_bridge(bridge);
    return;
  }
  vswitch::Bridge* row = bridge.row;
  ctx.topology.remove_bridge(bridge);
  for (vswitch::Port* port : row->ports()) {
    for (vswitch::Interface* interface : port->interfaces()) interface->erase();
    port->erase();
  }
  ctx.root.remove_bridges(row);
  row->erase();
}

}  // namespace turnout::vsctl
