// One case a kind, in either direction.
#include "lib/datapath/kernel/action_codec.h"

#include <linux/openvswitch.h>

#include <string>

#include "lib/datapath/kernel/tunnel_codec.h"

namespace turnout::datapath::kernel {
namespace {

struct Encode {
  uint32_t pid;
  AttributeWriter& out;

  void operator()(const Output& a) const { out.put(OVS_ACTION_ATTR_OUTPUT, a.port.value); }
  void operator()(const PushVlan& a) const {
    out.put(OVS_ACTION_ATTR_PUSH_VLAN, ovs_action_push_vlan{a.tpid.raw(), a.tci.raw()});
  }
  void operator()(const PopVlan&) const { out.put_flag(OVS_ACTION_ATTR_POP_VLAN); }
  void operator()(const Userspace& a) const {
    const size_t nest = out.nest(OVS_ACTION_ATTR_USERSPACE);
    out.put(OVS_USERSPACE_ATTR_PID, a.pid ? a.pid : pid);
    if (!a.userdata.empty()) out.put(OVS_USERSPACE_ATTR_USERDATA, a.userdata.data(), a.userdata.size());
    out.end(nest);
  }
  void operator()(const Truncate& a) const { out.put(OVS_ACTION_ATTR_TRUNC, ovs_action_trunc{a.max_length}); }
  void operator()(const Recirculate& a) const { out.put(OVS_ACTION_ATTR_RECIRC, a.id); }
  void operator()(const Meter& a) const { out.put(OVS_ACTION_ATTR_METER, a.id); }
  void operator()(const ConntrackClear&) const { out.put_flag(OVS_ACTION_ATTR_CT_CLEAR); }
  void operator()(const Clone& a) const { list(OVS_ACTION_ATTR_CLONE, a.actions); }
  void operator()(const Sample& a) const {
    const size_t nest = out.nest(OVS_ACTION_ATTR_SAMPLE);
    out.put(OVS_SAMPLE_ATTR_PROBABILITY, a.probability);
    list(OVS_SAMPLE_ATTR_ACTIONS, a.actions);
    out.end(nest);
  }
  void operator()(const CheckPacketLength& a) const {
    const size_t nest = out.nest(OVS_ACTION_ATTR_CHECK_PKT_LEN);
    out.put(OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, a.length);
    list(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, a.if_not);
    list(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, a.if_greater);
    out.end(nest);
  }
  void list(uint16_t attribute, const ActionList& actions) const {
    const size_t nest = out.nest(attribute);
    encode_actions(actions, pid, out);
    out.end(nest);
  }
  void operator()(const SetTunnel& a) const {
    const size_t nest = out.nest(OVS_ACTION_ATTR_SET);
    encode_set_tunnel(*a.tunnel, out);
    out.end(nest);
  }
  void operator()(const Drop&) const {}   // what is not output is dropped; kernels before 6.7 have no action for it
};

Result<Action> decode_userspace(std::span<const uint8_t> payload) {
  Userspace action;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_USERSPACE_ATTR_PID) action.pid = a->as<uint32_t>().value_or(0);
    if (a->type == OVS_USERSPACE_ATTR_USERDATA) action.userdata.assign(a->payload.begin(), a->payload.end());
  }
  if (!reader.is_whole()) return fail("malformed userspace action");
  return action;
}

Result<ActionList> decode_list(std::span<const uint8_t> bytes, unsigned depth);

Result<Action> decode_sample(std::span<const uint8_t> payload, unsigned depth) {
  Sample sample;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_SAMPLE_ATTR_PROBABILITY) sample.probability = a->as<uint32_t>().value_or(0);
    if (a->type != OVS_SAMPLE_ATTR_ACTIONS) continue;
    auto actions = decode_list(a->payload, depth);
    if (!actions) return fail(actions);
    sample.actions = std::move(*actions);
  }
  if (!reader.is_whole()) return fail("malformed sample action");
  return sample;
}

Result<Action> decode_check_length(std::span<const uint8_t> payload, unsigned depth) {
  CheckPacketLength check;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_CHECK_PKT_LEN_ATTR_PKT_LEN) check.length = a->as<uint16_t>().value_or(0);
    const bool greater = a->type == OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER;
    if (!greater && a->type != OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL) continue;
    auto actions = decode_list(a->payload, depth);
    if (!actions) return fail(actions);
    (greater ? check.if_greater : check.if_not) = std::move(*actions);
  }
  if (!reader.is_whole()) return fail("malformed check_pkt_len action");
  return check;
}

Result<Action> decode_set(std::span<const uint8_t> payload) {
  const auto a = AttributeReader(payload).next();
  if (!a || a->type != OVS_KEY_ATTR_TUNNEL) return fail("set action of an attribute that is not known");
  flow::TunnelKey tunnel{};
  if (Status s = decode_tunnel(a->payload, TunnelSort::kKey, tunnel); !s) return fail(s);
  return SetTunnel{std::make_shared<const flow::TunnelKey>(tunnel)};
}

Result<Action> decode(const Attribute& a, unsigned depth) {
  const auto truncated = [] { return fail("truncated action"); };
  switch (a.type) {
    case OVS_ACTION_ATTR_OUTPUT:
      if (auto port = a.as<uint32_t>()) return Output{DpPort{*port}};
      return truncated();
    case OVS_ACTION_ATTR_PUSH_VLAN:
      if (auto tag = a.as<ovs_action_push_vlan>()) return PushVlan{Be16::from_raw(tag->vlan_tpid), Be16::from_raw(tag->vlan_tci)};
      return truncated();
    case OVS_ACTION_ATTR_SET: return decode_set(a.payload);
    case OVS_ACTION_ATTR_POP_VLAN: return PopVlan{};
    case OVS_ACTION_ATTR_USERSPACE: return decode_userspace(a.payload);
    case OVS_ACTION_ATTR_TRUNC:
      if (auto length = a.as<ovs_action_trunc>()) return Truncate{length->max_len};
      return truncated();
    case OVS_ACTION_ATTR_CT_CLEAR: return ConntrackClear{};
    case OVS_ACTION_ATTR_METER:
      if (auto id = a.as<uint32_t>()) return Meter{*id};
      return truncated();
    case OVS_ACTION_ATTR_CLONE: {
      auto actions = decode_list(a.payload, depth);
      if (!actions) return fail(actions);
      return Clone{std::move(*actions)};
    }
    case OVS_ACTION_ATTR_SAMPLE: return decode_sample(a.payload, depth);
    case OVS_ACTION_ATTR_CHECK_PKT_LEN: return decode_check_length(a.payload, depth);
    case OVS_ACTION_ATTR_RECIRC:
      if (auto id = a.as<uint32_t>()) return Recirculate{*id};
      return truncated();
  }
  return fail("action " + std::to_string(a.type) + " is not known");
}

Result<ActionList> decode_list(std::span<const uint8_t> bytes, unsigned depth) {
  if (depth > kMaxActionNesting) return fail("action lists are nested too deep");
  ActionList actions;
  AttributeReader reader(bytes);
  while (auto a = reader.next()) {
    auto action = decode(*a, depth + 1);
    if (!action) return fail(action);
    actions.push_back(std::move(*action));
  }
  if (!reader.is_whole()) return fail("malformed netlink attributes in an action list");
  return actions;
}

}  // namespace

void encode_actions(const ActionList& actions, uint32_t pid, AttributeWriter& out) {
  for (const Action& action : actions) std::visit(Encode{pid, out}, action);
}

Result<ActionList> decode_actions(std::span<const uint8_t> bytes) { return decode_list(bytes, 0); }

}  // namespace turnout::datapath::kernel
