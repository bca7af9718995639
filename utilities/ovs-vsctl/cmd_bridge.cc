// Commands on bridges, real and fake. ovs-vsctl(8), "Bridge Commands".
#include <fmt/format.h>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/edit.h"

namespace turnout::vsctl {
namespace {

Status check_existing(const BridgeInfo& found, const std::string& name, const std::string* parent, int64_t vlan) {
  if (!parent) {
    if (!found.is_fake()) return {};
    return fail(fmt::format("\"--may-exist add-br {0}\" but {0} is a VLAN bridge for VLAN {1}", name, found.vlan));
  }
  std::string typed = fmt::format("\"--may-exist add-br {0} {1} {2}\" but {0} ", name, *parent, vlan);
  if (!found.is_fake()) return fail(typed + "is not a VLAN bridge");
  if (found.parent->name != *parent) return fail(fmt::format("{}has the wrong parent {}", typed, found.parent->name));
  if (found.vlan != vlan) return fail(fmt::format("{}is a VLAN bridge for the wrong VLAN {}", typed, found.vlan));
  return {};
}

void insert_bridge(Context& ctx, const std::string& name) {
  auto& interface = ctx.txn.insert<vswitch::Interface>();
  interface.set_name(name);
  interface.set_type("internal");
  auto& port = ctx.txn.insert<vswitch::Port>();
  port.set_name(name);
  port.set_interfaces({&interface});
  auto& bridge = ctx.txn.insert<vswitch::Bridge>();
  bridge.set_name(name);
  bridge.set_ports({&port});
  ctx.root.add_bridges(&bridge);
  BridgeInfo& info = ctx.topology.add_bridge(bridge);
  ctx.topology.add_interface(interface, ctx.topology.add_port(port, info));
}

Status insert_fake_bridge(Context& ctx, const std::string& name, const std::string& parent_name, int64_t vlan) {
  BridgeInfo* parent = ctx.topology.bridge(parent_name);
  if (!parent) return fail(fmt::format("parent bridge {} does not exist", parent_name));
  if (parent->is_fake()) return fail("cannot create bridge with fake bridge as parent");
  if (auto child = parent->children.find(vlan); child != parent->children.end())
    return fail(fmt::format("bridge {} already has a child VLAN bridge {} on VLAN {}", parent_name, child->second->name, vlan));
  auto& interface = ctx.txn.insert<vswitch::Interface>();
  interface.set_name(name);
  interface.set_type("internal");
  auto& port = ctx.txn.insert<vswitch::Port>();
  port.set_name(name);
  port.set_interfaces({&interface});
  port.set_fake_bridge(true);
  port.set_tag(vlan);
  parent->row->add_ports(&port);
  BridgeInfo& info = ctx.topology.add_fake_bridge(port, *parent, vlan);
  ctx.topology.add_interface(interface, ctx.topology.add_port(port, info));
  return {};
}

Status add_br(Context& ctx) {
  const std::string& name = ctx.arg(0);
  if (name.empty()) return fail("bridge name must not be empty string");
  const std::string* parent = nullptr;
  int64_t vlan = 0;
  if (ctx.n_args() == 2) return fail("'add-br' command takes exactly 1 or 3 arguments");
  if (ctx.n_args() == 3) {
    parent = &ctx.arg(1);
    auto number = parse_signed(ctx.arg(2));
    if (!number || *number < 0 || *number > 4095) return fail("add-br: vlan must be between 0 and 4095");
    vlan = *number;
  }
  if (ctx.command.has("--may-exist"))
    if (BridgeInfo* found = ctx.topology.bridge(name)) return check_existing(*found, name, parent, vlan);
  if (Status s = check_no_conflict(ctx, name, "a bridge"); !s) return s;
  if (parent) return insert_fake_bridge(ctx, name, *parent, vlan);
  insert_bridge(ctx, name);
  return {};
}

Status del_br(Context& ctx) {
  BridgeInfo* bridge = ctx.topology.bridge(ctx.arg(0));
  if (!bridge) {
    if (ctx.command.has("--if-exists")) return {};
    return fail(fmt::format("no bridge named {}", ctx.arg(0)));
  }
  delete_bridge(ctx, *bridge);
  return {};
}

Status list_br(Context& ctx) {
  bool real = ctx.command.has("--real"), fake = ctx.command.has("--fake");
  ctx.topology.bridge("");
  for (auto& [name, bridge] : ctx.topology.bridges())
    if ((!real && !fake) || (bridge.is_fake() ? fake : real)) ctx.print(name);
  return {};
}

Status br_exists(Context& ctx) {
  if (ctx.topology.bridge(ctx.arg(0))) return {};
  return tl::unexpected<Error>(Error("", kExitNoBridge));
}

Status br_to_vlan(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  ctx.print(std::to_string((*bridge)->vlan));
  return {};
}

Status br_to_parent(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  ctx.print((*bridge)->parent ? (*bridge)->parent->name : (*bridge)->name);
  return {};
}

// Keys of a fake bridge live in its port under this prefix.
constexpr std::string_view kFakePrefix = "fake-bridge-";

Status br_set_external_id(Context& ctx) {
  auto found = ctx.topology.need_bridge(ctx.arg(0));
  if (!found) return fail(found);
  BridgeInfo& bridge = **found;
  std::string key = bridge.is_fake() ? std::string(kFakePrefix) + ctx.arg(1) : ctx.arg(1);
  auto apply = [&](auto& row) {
    if (ctx.n_args() > 2) row.put_external_ids(key, ctx.arg(2));
    else row.remove_external_ids(key);
  };
  if (bridge.is_fake()) apply(*bridge.fake_port);
  else apply(*bridge.row);
  return {};
}

Status br_get_external_id(Context& ctx) {
  auto found = ctx.topology.need_bridge(ctx.arg(0));
  if (!found) return fail(found);
  BridgeInfo& bridge = **found;
  std::string_view prefix = bridge.is_fake() ? kFakePrefix : "";
  auto ids = bridge.is_fake() ? bridge.fake_port->external_ids() : bridge.row->external_ids();
  if (ctx.n_args() > 1) {
    if (auto value = ids.get(std::string(prefix) + ctx.arg(1))) ctx.print(*value);
    return {};
  }
  for (auto [key, value] : ids)
    if (key.starts_with(prefix)) ctx.print(fmt::format("{}={}", key.substr(prefix.size()), value));
  return {};
}

Status read_bridges(vswitch::Idl& idl, const Command&) {
  monitor_topology(idl);
  return {};
}
Status read_bridge_ids(vswitch::Idl& idl, const Command&) {
  monitor_topology(idl);
  idl.monitor(vswitch::Bridge::kExternalIds);
  idl.monitor(vswitch::Port::kExternalIds);
  return {};
}

constexpr CommandInfo kCommands[] = {
    {"add-br", 1, 3, "--may-exist", "!NEW-BRIDGE ?PARENT ?NEW-VLAN", read_bridges, add_br, nullptr, true},
    {"del-br", 1, 1, "--if-exists", "!BRIDGE", read_bridges, del_br, nullptr, true},
    {"list-br", 0, 0, "--real,--fake", "", read_bridges, list_br},
    {"br-exists", 1, 1, "", "!BRIDGE", read_bridges, br_exists},
    {"br-to-vlan", 1, 1, "", "!BRIDGE", read_bridges, br_to_vlan},
    {"br-to-parent", 1, 1, "", "!BRIDGE", read_bridges, br_to_parent},
    {"br-set-external-id", 2, 3, "", "!BRIDGE !KEY ?VALUE", read_bridge_ids, br_set_external_id, nullptr, true},
    {"br-get-external-id", 1, 2, "", "!BRIDGE ?KEY", read_bridge_ids, br_get_external_id},
};

}  // namespace

std::span<const CommandInfo> bridge_commands() { return kCommands; }

}  // namespace turnout::vsctl
