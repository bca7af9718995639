// The fdb/* commands and their texts.
#include "vswitchd/l2/fdb_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/strings.h"

namespace turnout::l2 {
namespace {

using unixctl::Args;
using unixctl::Reply;

std::optional<FdbBridge> find(const FdbBridges& bridges, std::string_view name) {
  for (FdbBridge& bridge : bridges())
    if (bridge.name == name) return std::move(bridge);
  return std::nullopt;
}

// Runs f on the named bridge, or on all without a name; false: there is no such bridge.
bool for_bridges(const FdbBridges& bridges, Args args, const std::function<void(FdbBridge&)>& f) {
  if (args.empty()) {
    for (FdbBridge& bridge : bridges()) f(bridge);
    return true;
  }
  auto bridge = find(bridges, args[0]);
  if (bridge) f(*bridge);
  return bridge.has_value();
}

void add_entry(const FdbBridges& bridges, const Clock& clock, Args args, const Reply& reply) {
  auto bridge = find(bridges, args[0]);
  if (!bridge) return reply.error("no such bridge");
  const auto bundle = bridge->bundle(args[1]);
  if (!bundle) return reply.error("software error, odp port is present but no ofp port");
  const auto vlan = parse_unsigned(args[2]);
  if (!vlan || *vlan >= 4096) return reply.error("bad VLAN ID");
  const auto mac = net::Mac::parse(args[3]);
  if (!mac) return reply.error("bad MAC address");
  bridge->table->add_static(*mac, static_cast<uint16_t>(*vlan), *bundle, clock.now());
  reply.ok("");
}

void del_entry(const FdbBridges& bridges, Args args, const Reply& reply) {
  auto bridge = find(bridges, args[0]);
  if (!bridge) return reply.error("no such bridge");
  const auto vlan = parse_unsigned(args[1]);
  const auto mac = net::Mac::parse(args[2]);
  if (!mac) return reply.error("bad MAC address");
  if (!vlan || *vlan >= 4096 || !bridge->table->del_static(*mac, static_cast<uint16_t>(*vlan)))
    return reply.error("could not find static mac entry");
  reply.ok("");
}

}  // namespace

std::string fdb_show(const FdbBridge& bridge, TimePoint now) {
  std::string text = " port  VLAN  MAC                Age\n";
  for (const MacEntry& e : bridge.table->entries()) {
    const auto age = std::max<int64_t>(0, (now - e.refreshed).count() / 1'000'000'000);
    text += fmt::format("{:>5}  {:4}  {}  {:>3}\n", bridge.port_text(e.bundle), e.vlan, e.mac.to_string(),
                        e.is_static ? "static" : std::to_string(age));
  }
  return text;
}

std::string fdb_stats(const FdbBridge& bridge) {
  const MacCounters c = bridge.table->counters();
  return fmt::format(
      "Statistics for bridge \"{}\":\n"
      "  Current/maximum MAC entries in the table: {}/{}\n"
      "  Current static MAC entries in the table : {}\n"
      "  Total number of learned MAC entries     : {}\n"
      "  Total number of expired MAC entries     : {}\n"
      "  Total number of evicted MAC entries     : {}\n"
      "  Total number of port moved MAC entries  : {}\n",
      bridge.name, bridge.table->size(), bridge.table->max_entries(), bridge.table->static_size(), c.learned, c.expired,
      c.evicted, c.moved);
}

void add_fdb_commands(unixctl::Server& server, const Clock& clock, FdbBridges bridges) {
  server.add("fdb/show", "bridge", 1, 1, [&clock, bridges](Args args, const Reply& reply) {
    auto bridge = find(bridges, args[0]);
    bridge ? reply.ok(fdb_show(*bridge, clock.now())) : reply.error("no such bridge");
  });
  server.add("fdb/stats-show", "bridge", 1, 1, [bridges](Args args, const Reply& reply) {
    auto bridge = find(bridges, args[0]);
    bridge ? reply.ok(fdb_stats(*bridge)) : reply.error("no such bridge");
  });
  server.add("fdb/flush", "[bridge]", 0, 1, [bridges](Args args, const Reply& reply) {
    const bool known = for_bridges(bridges, args, [](FdbBridge& b) { b.table->flush(); });
    known ? reply.ok("table successfully flushed\n") : reply.error("no such bridge");
  });
  server.add("fdb/stats-clear", "[bridge]", 0, 1, [bridges](Args args, const Reply& reply) {
    const bool known = for_bridges(bridges, args, [](FdbBridge& b) { b.table->clear_counters(); });
    known ? reply.ok("statistics successfully cleared\n") : reply.error("no such bridge");
  });
  server.add("fdb/add", "bridge port vlan mac", 4, 4,
             [&clock, bridges](Args args, const Reply& reply) { add_entry(bridges, clock, args, reply); });
  server.add("fdb/del", "bridge vlan mac", 3, 3,
             [bridges](Args args, const Reply& reply) { del_entry(bridges, args, reply); });
}

}  // namespace turnout::l2
