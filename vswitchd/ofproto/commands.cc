// ofproto/list and bridge/dump-flows.
#include "vswitchd/ofproto/commands.h"

#include <algorithm>

namespace turnout::ofproto {
namespace {

using unixctl::Args;
using unixctl::Reply;

std::string list(const Switches& switches) {
  std::vector<std::string> names;
  for (const Switch* s : switches()) names.push_back(s->name());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

std::string list_tunnels(const Switches& switches) {
  std::string text;
  for (const Switch* s : switches())
    for (const auto& [number, port] : s->ports())
      if (port.tunnel && port.dp_port != kDpPortNone) text += netdev::tunnel_line(port.name, *port.tunnel, port.dp_port) + "\n";
  return text;
}

void dump_flows(const Switches& switches, const Clock& clock, Args args, const Reply& reply) {
  const std::string& name = args.back();
  if (args.size() == 2 && args[0] != "--offload-stats") return reply.error("invalid option " + args[0]);
  for (const Switch* s : switches())
    if (s->name() == name) return reply.ok(s->dump_flows(clock.now()));
  reply.error("Unknown bridge");
}

}  // namespace

void add_switch_commands(unixctl::Server& server, const Clock& clock, Switches switches) {
  server.add("ofproto/list", "", 0, 0, [switches](Args, const Reply& reply) { reply.ok(list(switches)); });
  server.add("ofproto/list-tunnels", "", 0, 0, [switches](Args, const Reply& reply) { reply.ok(list_tunnels(switches)); });
  server.add("bridge/dump-flows", "[--offload-stats] bridge", 1, 2, [&clock, switches](Args args, const Reply& reply) {
    dump_flows(switches, clock, args, reply);
  });
}

}  // namespace turnout::ofproto
