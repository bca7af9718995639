// Commands on ports, bonds and interfaces. ovs-vsctl(8), "Port Commands", "Bond Commands", "Interface Commands".
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/columns.h"
#include "utilities/ovs-vsctl/edit.h"

namespace turnout::vsctl {
namespace {

Status list_ports(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  for (PortInfo* port : ctx.topology.ports_of(**bridge))
    if (!Topology::is_local(*port)) ctx.print(port->row->name());
  return {};
}

Status list_ifaces(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  for (InterfaceInfo* interface : ctx.topology.interfaces_of(**bridge))
    if (interface->row->name() != (*bridge)->name) ctx.print(interface->row->name());
  return {};
}

// --may-exist and a port of that name: nothing to do, if it is the port that was meant.
Status check_existing(const Context& ctx, PortInfo& port, const std::string& bridge, std::vector<std::string> wanted) {
  std::string typed = fmt::format("\"{}\" but {} ", ctx.command.text(), port.row->name());
  if (port.bridge->name != bridge) return fail(fmt::format("{}is actually attached to bridge {}", typed, port.bridge->name));
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string> has;
  for (vswitch::Interface* interface : port.row->interfaces()) has.emplace_back(interface->name());
  std::sort(has.begin(), has.end());
  if (has != wanted) return fail(fmt::format("{}actually has interface(s) {}", typed, join(has, ", ")));
  return {};
}

Status add(Context& ctx, std::span<const std::string> interfaces, std::span<const std::string> settings) {
  const std::string &bridge_name = ctx.arg(0), &name = ctx.arg(1);
  if (ctx.command.has("--may-exist"))
    if (PortInfo* port = ctx.topology.port(name); port && !Topology::is_local(*port))
      return check_existing(ctx, *port, bridge_name, {interfaces.begin(), interfaces.end()});
  if (Status s = check_no_conflict(ctx, name, "a port"); !s) return s;
  for (const std::string& interface : interfaces)
    if (Status s = check_no_conflict(ctx, interface, "an interface"); !s) return s;
  auto bridge = ctx.topology.need_bridge(bridge_name);
  if (!bridge) return fail(bridge);
  return insert_port(ctx, **bridge, name, interfaces, ctx.command.has("--fake-iface"), settings);
}

Status add_port(Context& ctx) {
  std::span<const std::string> args(ctx.command.args);
  return add(ctx, args.subspan(1, 1), args.subspan(2));
}

// Words up to the first COLUMN=VALUE are interfaces.
size_t count_interfaces(const Command& command) {
  size_t n = 2;
  while (n < command.args.size() && command.args[n].find('=') == std::string::npos) ++n;
  return n - 2;
}

Status add_bond(Context& ctx) {
  std::span<const std::string> args(ctx.command.args);
  size_t n = count_interfaces(ctx.command);
  if (n < 2) return fail(fmt::format("add-bond requires at least 2 interfaces, but only {} were specified", n));
  return add(ctx, args.subspan(2, n), args.subspan(2 + n));
}

Result<PortInfo*> find_for_delete(Context& ctx, const std::string& name) {
  bool quiet = ctx.command.has("--if-exists");
  PortInfo* port = ctx.topology.port(name);
  if (!port && ctx.command.has("--with-iface")) {
    if (InterfaceInfo* interface = ctx.topology.interface(name)) port = interface->port;
    if (!port && !quiet) return fail(fmt::format("no port or interface named {}", name));
  }
  if (!port && !quiet) return fail(fmt::format("no port named {}", name));
  return port;
}

Status check_bridge_of(Context& ctx, const PortInfo& port, const std::string& bridge_name, const std::string& name) {
  auto bridge = ctx.topology.need_bridge(bridge_name);
  if (!bridge) return fail(bridge);
  if (port.bridge == *bridge) return {};
  std::string text = fmt::format("bridge {} does not have a port {}", bridge_name, name);
  if (port.bridge->parent == *bridge) text += fmt::format(" (although its child bridge {} does)", port.bridge->name);
  return fail(text);
}

Status del_port(Context& ctx) {
  const std::string& name = ctx.command.args.back();
  auto found = find_for_delete(ctx, name);
  if (!found) return fail(found);
  PortInfo* port = *found;
  if (!port) return {};
  if (ctx.n_args() == 2)
    if (Status s = check_bridge_of(ctx, *port, ctx.arg(0), name); !s) return s;
  if (Topology::is_local(*port))
    return fail(fmt::format("cannot delete port {0} because it is the local port for bridge {1} "
                            "(deleting this port requires deleting the entire bridge)", port->row->name(), port->bridge->name));
  delete_port(ctx, *port);
  return {};
}

Status add_bond_iface(Context& ctx) {
  auto port = ctx.topology.need_port(ctx.arg(0));
  if (!port) return fail(port);
  const std::string& name = ctx.arg(1);
  if (InterfaceInfo* there = ctx.topology.interface(name); there && ctx.command.has("--may-exist")) {
    if (there->port == *port) return {};
    return fail(fmt::format("\"--may-exist add-bond-iface {} {}\" but {} is actually attached to port {}", ctx.arg(0), name, name, there->port->row->name()));
  }
  if (Status s = check_no_conflict(ctx, name, "an interface"); !s) return s;
  auto& row = ctx.txn.insert<vswitch::Interface>();
  row.set_name(name);
  (*port)->row->add_interfaces(&row);
  ctx.topology.add_interface(row, **port);
  return {};
}

Status del_bond_iface(Context& ctx) {
  const std::string& name = ctx.command.args.back();
  bool quiet = ctx.command.has("--if-exists");
  auto found = ctx.topology.need_interface(name);
  if (!found) return quiet ? Status{} : fail(found);
  InterfaceInfo* interface = *found;
  PortInfo* port = interface->port;
  if (ctx.n_args() == 2) {
    auto bond = ctx.topology.need_port(ctx.arg(0));
    if (!bond) return fail(bond);
    if (port != *bond) return fail(fmt::format("port {} does not have an interface {}", ctx.arg(0), name));
  }
  if (port->row->interfaces().size() == 1)
    return fail(fmt::format("cannot delete last interface from port {}", port->row->name()));
  vswitch::Interface* row = interface->row;
  ctx.topology.remove_interface(*interface);
  port->row->remove_interfaces(row);
  row->erase();
  return {};
}

Status port_to_br(Context& ctx) {
  auto port = ctx.topology.need_port(ctx.arg(0));
  if (!port) return fail(port);
  ctx.print((*port)->bridge->name);
  return {};
}

Status iface_to_br(Context& ctx) {
  auto interface = ctx.topology.need_interface(ctx.arg(0));
  if (!interface) return fail(interface);
  ctx.print((*interface)->port->bridge->name);
  return {};
}

Status read_topology(vswitch::Idl& idl, const Command&) {
  monitor_topology(idl);
  return {};
}

Status read_settings(vswitch::Idl& idl, const Command& command, size_t first) {
  monitor_topology(idl);
  const ovsdb::TableSchema& table = *idl.schema().find("Port");
  for (size_t i = first; i < command.args.size(); ++i)
    if (Status s = monitor_named_column(idl, table, command.args[i]); !s) return s;
  return {};
}
Status read_add_port(vswitch::Idl& idl, const Command& command) { return read_settings(idl, command, 2); }
Status read_add_bond(vswitch::Idl& idl, const Command& command) {
  idl.monitor(vswitch::Port::kBondFakeIface);
  return read_settings(idl, command, 2 + count_interfaces(command));
}

constexpr CommandInfo kCommands[] = {
    {"list-ports", 1, 1, "", "!BRIDGE", read_topology, list_ports},
    {"add-port", 2, -1, "--may-exist", "!BRIDGE !NEW-PORT *COLUMN?:KEY=VALUE", read_add_port, add_port, nullptr, true},
    {"add-bond", 4, -1, "--may-exist,--fake-iface", "!BRIDGE !BOND +IFACE *COLUMN?:KEY=VALUE", read_add_bond, add_bond, nullptr, true},
    {"del-port", 1, 2, "--if-exists,--with-iface", "?BRIDGE !PORT|IFACE", read_topology, del_port, nullptr, true},
    {"add-bond-iface", 2, 2, "--may-exist", "!BOND !IFACE", read_topology, add_bond_iface, nullptr, true},
    {"del-bond-iface", 1, 2, "--if-exists", "?BOND !IFACE", read_topology, del_bond_iface, nullptr, true},
    {"port-to-br", 1, 1, "", "!PORT", read_topology, port_to_br},
    {"list-ifaces", 1, 1, "", "!BRIDGE", read_topology, list_ifaces},
    {"iface-to-br", 1, 1, "", "!IFACE", read_topology, iface_to_br},
};

}  // namespace

std::span<const CommandInfo> port_commands() { return kCommands; }

}  // namespace turnout::vsctl
