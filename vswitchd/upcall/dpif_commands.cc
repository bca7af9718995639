// The dpif/* and dpif-netlink/* commands and their texts.
#include "vswitchd/upcall/dpif_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/rcu.h"
#include "lib/datapath/action_text.h"
#include "lib/datapath/key_text.h"

namespace turnout::upcall {
namespace {

using unixctl::Args;
using unixctl::Reply;

std::vector<const ofproto::SwitchPort*> ports_by_name(const ofproto::Switch& sw) {
  std::vector<const ofproto::SwitchPort*> ports;
  for (const auto& [number, port] : sw.ports()) ports.push_back(&port);
  std::sort(ports.begin(), ports.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return ports;
}

std::string port_line(const ofproto::SwitchPort& port) {
  const std::string below = port.dp_port == kDpPortNone ? "none" : std::to_string(port.dp_port.value);
  std::string options;
  if (!port.peer.empty()) options = ": peer=" + port.peer;
  else if (port.tunnel) options = ": " + netdev::tunnel_options_text(*port.tunnel);
  return fmt::format("    {} {}/{}: ({}{})\n", port.name, port.number.value, below, port.type, options);
}

std::vector<BridgeRef> bridges_by_name(const Directory& directory) {
  auto bridges = directory.bridges();
  std::sort(bridges.begin(), bridges.end(), [](const auto& a, const auto& b) { return a.sw->name() < b.sw->name(); });
  return bridges;
}

std::string full_name(Backend& backend) { return backend.datapath().type() + "@" + backend.datapath().name(); }

std::string show(const Directory& directory) {
  std::string text;
  auto backends = directory.backends();
  std::sort(backends.begin(), backends.end(), [](auto* a, auto* b) { return full_name(*a) < full_name(*b); });
  for (Backend* backend : backends) {
    const auto totals = backend->datapath().totals();
    text += fmt::format("{}: hit:{} missed:{}\n", full_name(*backend), totals.hit, totals.missed);
    for (const BridgeRef& bridge : bridges_by_name(directory)) {
      if (bridge.backend != backend) continue;
      text += "  " + bridge.sw->name() + ":\n";
      for (const auto* port : ports_by_name(*bridge.sw)) text += port_line(*port);
    }
  }
  return text;
}

std::string tcp_flags_text(uint16_t flags) {
  static constexpr char kLetters[] = "FSRP.UECN";      // bit 0 first
  std::string text;
  for (unsigned bit = 0; bit < 9; ++bit)
    if (flags >> bit & 1) text += kLetters[bit];
  return text;
}

std::string stats_text(const datapath::FlowStats& stats, TimePoint now) {
  std::string text = fmt::format("packets:{}, bytes:{}, used:", stats.packets, stats.bytes);
  if (stats.used_ns) text += fmt::format("{:.3f}s", static_cast<double>(std::max<int64_t>(0, now.ns - stats.used_ns)) / 1e9);
  else text += "never";
  if (stats.tcp_flags) text += ", flags:" + tcp_flags_text(stats.tcp_flags);
  return text;
}

struct DumpOptions { bool verbose = false, names = false; };

std::string dump_flows(const BridgeRef& bridge, const DumpOptions& options, TimePoint now) {
  // Tunnels of other bridges may share a port with ours.
  const auto is_ours = [&](const flow::FlowKey& key) {
    RcuRead read;
    flow::FlowMask looked_at{};
    const translate::PortRef port = bridge.backend->snapshots().read()->find_input(key, &looked_at);
    return port.bridge && port.bridge->spec.name == bridge.sw->name();
  };
  std::map<uint32_t, std::string> names;
  if (options.names)
    for (const auto& port : bridge.backend->datapath().ports()) names[port.number.value] = port.name;
  const auto port_name = [&](DpPort port) -> std::optional<std::string> {
    auto it = names.find(port.value);
    if (it == names.end()) return std::nullopt;
    return it->second;
  };
  std::string text;
  bridge.backend->datapath().each_flow([&](const datapath::FlowEntry& flow) {
    if (!is_ours(flow.key)) return;
    if (options.verbose) text += datapath::format_ufid(flow.ufid) + " ";
    text += datapath::format_flow(flow.key, flow.mask, {options.verbose, port_name, bridge.backend->datapath().in_kernel()});
    text += fmt::format(", {}, actions:{}\n", stats_text(flow.stats, now), datapath::format_actions(flow.actions, port_name));
  });
  return text;
}

void dump_command(const Directory& directory, Args args, const Reply& reply) {
  DumpOptions options;
  for (const std::string& arg : args.first(args.size() - 1)) {
    if (arg == "-m" || arg == "--more") options.verbose = true;
    else if (arg == "--names") options.names = true;
    else if (arg == "--no-names") options.names = false;
    else return reply.error("unknown option " + arg);
  }
  for (const BridgeRef& bridge : directory.bridges())
    if (bridge.sw->name() == args.back())
      return reply.ok(dump_flows(bridge, options, process_clock().now()));
  reply.error("no such bridge");
}

}  // namespace

void add_dpif_commands(unixctl::Server& server, Directory directory) {
  server.add("dpif/show", "", 0, 0, [directory](Args, const Reply& reply) { reply.ok(show(directory)); });
  server.add("dpif/dump-dps", "", 0, 0, [directory](Args, const Reply& reply) {
    std::set<std::string> names;
    for (const BridgeRef& b : directory.bridges()) names.insert(b.backend->datapath().type() + "@" + b.sw->name());
    std::string text;
    for (const std::string& name : names) text += name + "\n";
    reply.ok(text);
  });
  server.add("dpif-netlink/dispatch-mode", "", 0, 0, [directory](Args, const Reply& reply) {
    std::string text;
    for (Backend* backend : directory.backends())
      if (const std::string_view mode = backend->datapath().dispatch_mode(); !mode.empty())
        text += fmt::format("{}: {} dispatch mode\n", backend->datapath().name(), mode);
    reply.ok(text);
  });
  server.add("dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, -1,
             [directory](Args args, const Reply& reply) { dump_command(directory, args, reply); });
}

}  // namespace turnout::upcall
