// translate(): finds the bridge of a packet and lets a Context walk it.
#include "vswitchd/translate/translator.h"

#include "vswitchd/translate/context.h"

namespace turnout::translate {
namespace {

constexpr uint16_t kEthTypeIpv4 = 0x0800, kEthTypeIpv6 = 0x86dd;

// What every flow matches, whatever the rules are.
void mask_always(const flow::FlowKey& key, flow::FlowMask& mask) {
  TURNOUT_MASK_ALL(mask, in_port);
  TURNOUT_MASK_ALL(mask, recirc_id);
  TURNOUT_MASK_ALL(mask, packet_type);
  TURNOUT_MASK_ALL(mask, eth_type);
  TURNOUT_MASK_ALL(mask, vlans[0].tpid);
  mask.vlans[0].tci |= Be16{0x0fff | flow::kVlanPresent};
  if (key.eth_type == Be16{kEthTypeIpv4} || key.eth_type == Be16{kEthTypeIpv6})
    mask.nw_frag = flow::kFragAny | flow::kFragLater;
  // A tunnelled packet's flow names both ends, for a datapath takes no key without.
  if (key.tunnel.ipv4_dst) {
    TURNOUT_MASK_ALL(mask, tunnel.ipv4_src);
    TURNOUT_MASK_ALL(mask, tunnel.ipv4_dst);
  } else if (is_tunnelled(key.tunnel)) {
    TURNOUT_MASK_ALL(mask, tunnel.ipv6_src);
    TURNOUT_MASK_ALL(mask, tunnel.ipv6_dst);
  }
}

}  // namespace

const char* reason_text(Reason reason) {
  switch (reason) {
    case Reason::kForwarded: return "forwarded";
    case Reason::kNoOutput: return "no output port";
    case Reason::kUnknownPort: return "the input port is on no bridge";
    case Reason::kUnknownTunnel: return "no tunnel is configured for it";
    case Reason::kNoReceive: return "the input port does not receive";
    case Reason::kNoRule: return "no rule matches";
    case Reason::kReservedAddress: return "reserved destination address";
    case Reason::kPartialTag: return "partial VLAN tag";
    case Reason::kVlanNotAdmitted: return "VLAN not admitted by the input port";
    case Reason::kTooDeep: return "too many patch ports or tags";
    case Reason::kTooManyActions: return "too many actions";
    case Reason::kNoTunnelDestination: return "a tunnel with remote_ip=flow and no destination";
  }
  return "unknown";
}

void Translation::clear() {
  actions.clear();
  mask = {};
  effects.clear();
  reason = Reason::kForwarded;
  slow = false;
}

Translation& translate(const Snapshot& snapshot, const flow::FlowKey& key, const net::Packet* packet, Translation& out,
                       TraceSink* trace) {
  out.clear();
  mask_always(key, out.mask);
  const PortRef port = snapshot.find_input(key, &out.mask);
  if (!port.bridge) {
    out.reason = snapshot.is_tunnel_port(DpPort{key.in_port}) ? Reason::kUnknownTunnel : Reason::kUnknownPort;
    return out;
  }
  Context ctx(snapshot, key, packet, out, trace);
  ctx.run(Walk{*port.bridge, *port.interface, TagStack(key), 0});
  if (ctx.failed()) out.actions.clear();
  out.reason = out.actions.empty() ? ctx.reason() : Reason::kForwarded;
  TURNOUT_MASK_ALL(out.mask, in_port);
  return out;
}

void apply_writes(const Effects& effects, TimePoint now) { apply_writes(effects.writes, now); }

void apply_writes(std::span<const Write> writes, TimePoint now) {
  for (const Write& write : writes) {
    const auto& learn = std::get<LearnMac>(write);
    learn.table->learn(learn.mac, learn.vlan, learn.bundle, now);
  }
}

}  // namespace turnout::translate
