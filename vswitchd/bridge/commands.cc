// See commands.h.
#include "vswitchd/bridge/commands.h"

#include "lib/datapath/dpctl.h"
#include "lib/datapath/dummy_commands.h"
#include "vswitchd/l2/fdb_commands.h"
#include "vswitchd/ofproto/commands.h"
#include "vswitchd/upcall/commands.h"

namespace turnout::bridge {

namespace {

std::optional<l2::BundleId> bundle_named(const RunningBridge& bridge, std::string_view name) {
  for (const auto& [port_name, port] : bridge.ports)
    if (port_name == name || port.interfaces.contains(name)) return port.bundle;
  return std::nullopt;
}

// The OpenFlow port that fdb/show prints for a port: that of its first interface.
std::string port_text(const RunningBridge& bridge, l2::BundleId id) {
  for (const auto& [port_name, port] : bridge.ports) {
    if (port.bundle != id) continue;
    for (const auto& [name, i] : port.interfaces)
      if (i.ofport) return bridge.sw->port_text(*i.ofport);
  }
  return "?";
}

l2::FdbBridges fdb_bridges(const Running& running) {
  return [&running] {
    std::vector<l2::FdbBridge> out;
    for (const auto& [name, bridge] : running.bridges()) {
      if (!bridge.backend) continue;
      const RunningBridge* b = &bridge;
      out.push_back({name, bridge.macs.get(), [b](std::string_view port) { return bundle_named(*b, port); },
                     [b](l2::BundleId id) { return port_text(*b, id); }});
    }
    return out;
  };
}

std::vector<ofproto::Switch*> switches(const Running& running) {
  std::vector<ofproto::Switch*> out;
  for (const auto& [name, bridge] : running.bridges())
    if (bridge.sw) out.push_back(bridge.sw.get());
  return out;
}

upcall::Directory directory(const Running& running, const Backers& backers) {
  upcall::Directory d;
  d.bridges = [&running] {
    std::vector<upcall::BridgeRef> out;
    for (const auto& [name, bridge] : running.bridges())
      if (bridge.backend) out.push_back({bridge.sw.get(), bridge.backend});
    return out;
  };
  d.backends = [&backers] { return backers.all(); };
  return d;
}

void add_reconnect(unixctl::Server& server, const Running& running) {
  // Drops the connections to a bridge's controllers; there are none to drop yet, only names to check.
  server.add("bridge/reconnect", "[bridge]", 0, 1, [&running](unixctl::Args args, const unixctl::Reply& reply) {
    if (!args.empty() && !running.bridges().contains(args[0])) return reply.error("Unknown bridge");
    reply.ok("");
  });
}

// memory/show: what the switches hold.
unixctl::MemoryReport memory_of_switches(const Running& running, const Backers& backers) {
  return [&running, &backers](const std::function<void(std::string_view, uint64_t)>& say) {
    uint64_t ports = 0, rules = 0, keys = 0, revalidators = 0, handlers = 0;
    for (const auto& [name, bridge] : running.bridges()) {
      if (!bridge.sw) continue;
      ports += bridge.sw->ports().size();
      bridge.sw->tables().each([&rules](const ofproto::Rule&) { ++rules; });
    }
    for (upcall::Backend* backend : backers.all()) {
      const auto per_thread = backend->revalidator().report().keys_per_thread;
      revalidators += per_thread.size();
      ++handlers;
      for (uint64_t k : per_thread) keys += k;
    }
    if (handlers) say("handlers", handlers);
    if (ports) say("ports", ports);
    if (revalidators) say("revalidators", revalidators);
    if (rules) say("rules", rules);
    if (keys) say("udpif keys", keys);
  };
}

}  // namespace

void add_commands(unixctl::Server& server, io::Loop& loop, CommandContext context) {
  Running& running = context.running;
  Backers& backers = context.backers;
  l2::add_fdb_commands(server, loop.clock(), fdb_bridges(running));
  ofproto::add_switch_commands(server, loop.clock(), [&running] { return switches(running); });
  upcall::add_upcall_commands(server, directory(running, backers));
  netdev::Environment& devices = context.devices;
  datapath::add_dpctl_commands(
      server, datapath::DpctlContext{.registry = &context.registry, .devices = &devices});
  if (devices.dummy_mode() != netdev::DummyMode::kOff) datapath::add_dummy_commands(server, devices.dummies());
  add_reconnect(server, running);
  unixctl::add_memory_command(
      server, {memory_of_switches(running, backers),
               [cells = context.database_cells](const std::function<void(std::string_view, uint64_t)>& say) {
                 say("idl-cells-Open_vSwitch", cells());
               }});
}

}  // namespace turnout::bridge
