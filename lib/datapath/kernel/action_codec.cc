// One case a kind, in either direction.
#include "lib/datapath/kernel/action_codec.h"

#include <linux/openvswitch.h>

#include <string>

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

Result<Action> decode(const Attribute& a) {
  const auto truncated = [] { return fail("truncated action"); };
  switch (a.type) {
    case OVS_ACTION_ATTR_OUTPUT:
      if (auto port = a.as<uint32_t>()) return Output{DpPort{*port}};
      return truncated();
    case OVS_ACTION_ATTR_PUSH_VLAN:
      if (auto tag = a.as<ovs_action_push_vlan>()) return PushVlan{Be16::from_raw(tag->vlan_tpid), Be16::from_raw(tag->vlan_tci)};
      return truncated();
    case OVS_ACTION_ATTR_POP_VLAN: return PopVlan{};
    case OVS_ACTION_ATTR_USERSPACE: return decode_userspace(a.payload);
    case OVS_ACTION_ATTR_TRUNC:
      if (auto length = a.as<ovs_action_trunc>()) return Truncate{length->max_len};
      return truncated();
    case OVS_ACTION_ATTR_RECIRC:
      if (auto id = a.as<uint32_t>()) return Recirculate{*id};
      return truncated();
  }
  return fail("action " + std::to_string(a.type) + " is not known");
}

}  // namespace

void encode_actions(const ActionList& actions, uint32_t pid, AttributeWriter& out) {
  for (const Action& action : actions) std::visit(Encode{pid, out}, action);
}

Result<ActionList> decode_actions(std::span<const uint8_t> bytes) {
  ActionList actions;
  AttributeReader reader(bytes);
  while (auto a = reader.next()) {
    auto action = decode(*a);
    if (!action) return fail(action);
    actions.push_back(std::move(*action));
  }
  if (!reader.is_whole()) return fail("malformed netlink attributes in an action list");
  return actions;
}

}  // namespace turnout::datapath::kernel
