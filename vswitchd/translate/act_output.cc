// The output action: to a port, or to one of OpenFlow's reserved ports. ovs-actions(7), "output".
#include "vswitchd/translate/context.h"

namespace turnout::translate {
namespace {

constexpr uint16_t kWholePacket = UINT16_MAX;

void to_all(Context& ctx, const Walk& walk, bool flood) {
  for (const auto& [number, to] : walk.bridge.by_ofport)
    if (to != &walk.in && !(flood && to->spec.no_flood)) ctx.output(walk, *to, walk.tags);
}

void to_port(Context& ctx, const Walk& walk, OfPort port) {
  const Interface* to = walk.bridge.find(port);
  if (!to) return ctx.note(walk, "there is no such port");
  if (to == &walk.in) return ctx.note(walk, "output to the port it came from is skipped");
  ctx.output(walk, *to, walk.tags);
}

}  // namespace

void act_output(Context& ctx, const Walk& walk, const ofproto::OutputAction& action) {
  switch (action.port.value) {
    case kOfPortNormal.value: return act_normal(ctx, walk);
    case kOfPortInPort.value: return ctx.output(walk, walk.in, walk.tags);
    case kOfPortFlood.value: return to_all(ctx, walk, true);
    case kOfPortAll.value: return to_all(ctx, walk, false);
    case kOfPortController.value:
      ctx.out.effects.per_packet.push_back(PacketIn{&walk.bridge, action.max_length});
      ctx.out.slow = true;
      return;
    case kOfPortNone.value:
    case kOfPortTable.value: return;      // TABLE means something in a packet-out only
    default: return to_port(ctx, walk, action.port);
  }
}

void act_miss_to_controller(Context& ctx, const Walk& walk) {
  ctx.out.effects.per_packet.push_back(PacketIn{&walk.bridge, kWholePacket});
  ctx.out.slow = true;
}

}  // namespace turnout::translate
