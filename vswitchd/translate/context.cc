// Walking a bridge: table look-up, actions, output with as few changes of tags as the order of outputs allows.
#include "vswitchd/translate/context.h"

#include "vswitchd/translate/encapsulate.h"

namespace turnout::translate {
namespace {

constexpr uint16_t kVidAndPresent = 0x1fff;

}  // namespace

void Context::depend_on_vlan(const TagStack& tags) {
  const int place = tags.size() ? tags.origin(0) : static_cast<int>(tags.taken());
  if (place < 0 || place >= static_cast<int>(flow::kVlanTags)) return;      // pushed by this translation, or never parsed
  out.mask.vlans[place].tci |= Be16{kVidAndPresent};
  TURNOUT_MASK_ALL(out.mask, vlans[place].tpid);
}

void Context::bring_tags_to(const TagStack& target) {
  const unsigned keep = TagStack::common_bottom(wire_, target);
  if (keep == wire_.size() && keep == target.size()) return;
  for (unsigned i = keep; i < wire_.size(); ++i) out.actions.emplace_back(datapath::PopVlan{});
  for (unsigned i = target.size() - keep; i-- > 0;) {
    const flow::VlanTag& tag = target.tags()[i];
    out.actions.emplace_back(datapath::PushVlan{tag.tpid, tag.tci});
  }
  // A tag that goes takes its priority along to the one that comes; the whole of it decided.
  if (wire_.size() > keep && key.vlans[0].tci) TURNOUT_MASK_ALL(out.mask, vlans[0].tci);
  wire_ = target;
}

void Context::bring_mark_to(uint32_t mark) {
  if (mark == wire_mark_) return;
  flow::Match match;
  match.key.pkt_mark = mark;
  TURNOUT_MASK_ALL(match.mask, pkt_mark);
  out.actions.emplace_back(datapath::Set{datapath::KeyAttribute::kMark, match});
  wire_mark_ = mark;
}

void Context::output(const Walk& walk, const Interface& to, const TagStack& tags) {
  if (failed()) return;
  if (to.spec.no_forward) return note(walk, "the port does not forward");
  if (const PatchLink* patch = walk.bridge.patch(to)) {
    if (walk.depth + 1 >= kMaxDepth) return set_reason(Reason::kTooDeep);
    return run(Walk{*patch->bridge, *patch->there, tags, walk.depth + 1});
  }
  if (to.spec.dp_port == kDpPortNone) return note(walk, "the port has no device or no peer");
  if (out.actions.size() >= kMaxActions) return set_reason(Reason::kTooManyActions);
  if (to.spec.tunnel) return output_tunnel(walk, to, tags);
  bring_tags_to(tags);
  bring_mark_to(key.pkt_mark);
  out.actions.emplace_back(datapath::Output{to.spec.dp_port});
  count(to, true);
}

// The tunnel's metadata goes with the packet to this port only: no other reads it, and the next tunnel sets its own.
void Context::output_tunnel(const Walk& walk, const Interface& to, const TagStack& tags) {
  const netdev::TunnelConfig& tunnel = *to.spec.tunnel;
  auto outside = encapsulation(tunnel, key, &out.mask);
  if (!outside) {
    set_reason(Reason::kNoTunnelDestination);
    return note(walk, "remote_ip=flow, and nothing said where to");
  }
  bring_tags_to(tags);
  out.actions.emplace_back(datapath::SetTunnel{std::make_shared<const flow::TunnelKey>(*outside)});
  // Set, or known to be set already; and what comes behind gets the packet's own mark back.
  if (tunnel.egress_mark) TURNOUT_MASK_ALL(out.mask, pkt_mark);
  bring_mark_to(tunnel.egress_mark.value_or(key.pkt_mark));
  out.actions.emplace_back(datapath::Output{to.spec.dp_port});
  count(to, true);
}

void Context::count(const Interface& i, bool sent) {
  if (i.spec.counters) out.effects.credits.push_back(PortCredit{i.spec.counters, sent});
}

void Context::run(const Walk& walk) {
  if (trace) trace->bridge(walk.bridge.spec.name);
  if (++bridges_ > kMaxBridges) return set_reason(Reason::kTooDeep);
  if (walk.in.spec.no_receive) return set_reason(Reason::kNoReceive);
  count(walk.in, false);
  const ofproto::Tables& tables = *walk.bridge.spec.tables;
  flow::FlowKey seen = key;
  seen.in_port = walk.in.spec.ofport.value;
  for (unsigned i = 0; i < flow::kVlanTags; ++i) seen.vlans[i] = i < walk.tags.size() ? walk.tags.tags()[i] : flow::VlanTag{};
  const ofproto::Rule* rule = tables.lookup(0, tables.version(), seen, &out.mask);
  if (!rule) {
    set_reason(Reason::kNoRule);
    if (walk.bridge.spec.miss_rule) out.effects.credits.push_back(RuleCredit{walk.bridge.spec.miss_rule});
    return;
  }
  if (trace) trace->rule(walk.depth, 0, *rule);
  out.effects.credits.push_back(RuleCredit{std::const_pointer_cast<ofproto::Rule>(rule->shared_from_this())});
  execute(walk, *rule);
}

void Context::execute(const Walk& walk, const ofproto::Rule& rule) {
  struct Dispatch {
    Context& ctx;
    const Walk& walk;
    void operator()(const ofproto::OutputAction& a) const { act_output(ctx, walk, a); }
    void operator()(const ofproto::MissToController&) const { act_miss_to_controller(ctx, walk); }
  };
  for (const ofproto::Action& action : rule.actions()) std::visit(Dispatch{*this, walk}, action);
}

}  // namespace turnout::translate
