// One case a kind, in either direction.
#include "lib/datapath/kernel/action_codec.h"

#include <linux/openvswitch.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "lib/datapath/kernel/conntrack_action_codec.h"
#include "lib/datapath/kernel/set_codec.h"
#include "lib/datapath/kernel/tunnel_codec.h"

namespace turnout::datapath::kernel {
namespace {

// Of kernels after 6.1, whose header has no names for them: Linux 6.7 and 6.11.
constexpr uint16_t kDropAction = OVS_ACTION_ATTR_DEC_TTL + 1, kPsampleAction = kDropAction + 1;
constexpr uint16_t kPsampleGroup = 1, kPsampleCookie = 2;

struct EthernetPayload { net::Mac src, dst; };
static_assert(sizeof(EthernetPayload) == sizeof(ovs_action_push_eth));

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
    if (a.tunnel_out_port != kDpPortNone) out.put(OVS_USERSPACE_ATTR_EGRESS_TUN_PORT, a.tunnel_out_port.value);
    if (a.with_actions) out.put_flag(OVS_USERSPACE_ATTR_ACTIONS);
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
    list(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, a.branches->if_not);
    list(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, a.branches->if_greater);
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
  void operator()(const Set& a) const { encode_set(a, out); }
  void operator()(const PushMpls& a) const {
    if (!a.at_layer3) return out.put(OVS_ACTION_ATTR_ADD_MPLS, ovs_action_add_mpls{a.entry.raw(), a.eth_type.raw(), 0});
    ovs_action_push_mpls push;
    std::memset(&push, 0, sizeof push);              // it ends in padding, which goes out too
    push.mpls_lse = a.entry.raw();
    push.mpls_ethertype = a.eth_type.raw();
    out.put(OVS_ACTION_ATTR_PUSH_MPLS, push);
  }
  void operator()(const PopMpls& a) const { out.put(OVS_ACTION_ATTR_POP_MPLS, a.eth_type); }
  void operator()(const PushEthernet& a) const { out.put(OVS_ACTION_ATTR_PUSH_ETH, EthernetPayload{a.src, a.dst}); }
  void operator()(const PopEthernet&) const { out.put_flag(OVS_ACTION_ATTR_POP_ETH); }
  void operator()(const PushNsh& a) const {
    const NshHeader& h = *a.header;
    const size_t nest = out.nest(OVS_ACTION_ATTR_PUSH_NSH), inner = out.nest(OVS_KEY_ATTR_NSH);
    out.put(OVS_NSH_KEY_ATTR_BASE, ovs_nsh_key_base{h.flags, h.ttl, h.md_type, h.next_protocol, Be32{h.path}.raw()});
    if (h.md_type == 1) {
      Be32 context[4];
      std::ranges::transform(h.context, context, [](uint32_t c) { return Be32{c}; });
      out.put(OVS_NSH_KEY_ATTR_MD1, context);
    } else {
      out.put(OVS_NSH_KEY_ATTR_MD2, h.md2.data(), h.md2.size());
    }
    out.end(inner);
    out.end(nest);
  }
  void operator()(const PopNsh&) const { out.put_flag(OVS_ACTION_ATTR_POP_NSH); }
  void operator()(const Hash& a) const { out.put(OVS_ACTION_ATTR_HASH, ovs_action_hash{a.algorithm, a.basis}); }
  void operator()(const TrackConnection& a) const { encode_conntrack(*a.spec, out); }
  void operator()(const Psample& a) const {
    const size_t nest = out.nest(kPsampleAction);
    out.put(kPsampleGroup, a.group);
    if (!a.cookie->empty()) out.put(kPsampleCookie, a.cookie->data(), a.cookie->size());
    out.end(nest);
  }
  void operator()(const DecrementTtl& a) const {
    const size_t nest = out.nest(OVS_ACTION_ATTR_DEC_TTL);
    list(OVS_DEC_TTL_ATTR_ACTION, a.if_expired);
    out.end(nest);
  }
  // What is not output is dropped; kernels before 6.7 have no action for it.
  void operator()(const Drop&) const {}
  // Refused by check_actions().
  void operator()(const BondOutput&) const {}
  void operator()(const TunnelPush&) const {}
  void operator()(const TunnelPop&) const {}
};

Result<Action> decode_userspace(std::span<const uint8_t> payload) {
  Userspace action;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_USERSPACE_ATTR_PID) action.pid = a->as<uint32_t>().value_or(0);
    if (a->type == OVS_USERSPACE_ATTR_EGRESS_TUN_PORT) action.tunnel_out_port = DpPort{a->as<uint32_t>().value_or(kDpPortNone.value)};
    if (a->type == OVS_USERSPACE_ATTR_ACTIONS) action.with_actions = true;
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
  uint16_t length = 0;
  PacketLengthBranches branches;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_CHECK_PKT_LEN_ATTR_PKT_LEN) length = a->as<uint16_t>().value_or(0);
    const bool greater = a->type == OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER;
    if (!greater && a->type != OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL) continue;
    auto actions = decode_list(a->payload, depth);
    if (!actions) return fail(actions);
    (greater ? branches.if_greater : branches.if_not) = std::move(*actions);
  }
  if (!reader.is_whole()) return fail("malformed check_pkt_len action");
  return CheckPacketLength{length, std::move(branches)};
}

Result<Action> decode_dec_ttl(std::span<const uint8_t> payload, unsigned depth) {
  AttributeReader reader(payload);
  DecrementTtl action;
  while (auto a = reader.next()) {
    if (a->type != OVS_DEC_TTL_ATTR_ACTION) continue;
    auto actions = decode_list(a->payload, depth);
    if (!actions) return fail(actions);
    action.if_expired = std::move(*actions);
  }
  if (!reader.is_whole()) return fail("malformed dec_ttl action");
  return action;
}

Result<Action> decode_clone(std::span<const uint8_t> payload, unsigned depth) {
  auto actions = decode_list(payload, depth);
  if (!actions) return fail(actions);
  return Clone{std::move(*actions)};
}

Result<Action> decode_push_nsh(std::span<const uint8_t> payload) {
  NshHeader h;
  const auto key = AttributeReader(payload).next();
  if (!key || key->type != OVS_KEY_ATTR_NSH) return fail("malformed push_nsh action");
  AttributeReader reader(key->payload);
  while (auto a = reader.next()) {
    if (a->type == OVS_NSH_KEY_ATTR_BASE) {
      const auto base = a->as<ovs_nsh_key_base>();
      if (!base) return fail("truncated push_nsh action");
      h.flags = base->flags, h.ttl = base->ttl, h.md_type = base->mdtype, h.next_protocol = base->np;
      h.path = Be32::from_raw(base->path_hdr).host();
    } else if (a->type == OVS_NSH_KEY_ATTR_MD1) {
      const auto md1 = a->as<ovs_nsh_key_md1>();
      if (!md1) return fail("truncated push_nsh action");
      std::ranges::transform(md1->context, h.context, [](uint32_t c) { return Be32::from_raw(c).host(); });
    } else if (a->type == OVS_NSH_KEY_ATTR_MD2) {
      if (a->payload.size() > kMaxNshMetadata || a->payload.size() % 4) return fail("malformed metadata in a push_nsh action");
      h.md2.assign(a->payload.begin(), a->payload.end());
    }
  }
  if (!reader.is_whole() || (h.md_type != 1 && h.md_type != 2)) return fail("malformed push_nsh action");
  return PushNsh{std::move(h)};
}

Result<Action> decode_psample(std::span<const uint8_t> payload) {
  uint32_t group = 0;
  std::vector<uint8_t> cookie;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    if (a->type == kPsampleGroup) group = a->as<uint32_t>().value_or(0);
    if (a->type == kPsampleCookie) cookie.assign(a->payload.begin(), a->payload.end());
  }
  if (!reader.is_whole()) return fail("malformed psample action");
  return Psample{group, std::move(cookie)};
}

// A fixed payload, made an action by `make`.
template <typename T, typename Make>
Result<Action> fixed(const Attribute& a, Make&& make) {
  const auto value = a.as<T>();
  if (!value) return fail("truncated action");
  return make(*value);
}

// Kinds that hold others.
Result<Action> decode_nested(const Attribute& a, unsigned depth) {
  switch (a.type) {
    case OVS_ACTION_ATTR_USERSPACE: return decode_userspace(a.payload);
    case OVS_ACTION_ATTR_SET: return decode_set(a.payload, false);
    case OVS_ACTION_ATTR_SET_MASKED: return decode_set(a.payload, true);
    case OVS_ACTION_ATTR_PUSH_NSH: return decode_push_nsh(a.payload);
    case OVS_ACTION_ATTR_CLONE: return decode_clone(a.payload, depth);
    case OVS_ACTION_ATTR_SAMPLE: return decode_sample(a.payload, depth);
    case OVS_ACTION_ATTR_CHECK_PKT_LEN: return decode_check_length(a.payload, depth);
    case OVS_ACTION_ATTR_DEC_TTL: return decode_dec_ttl(a.payload, depth);
    case kPsampleAction: return decode_psample(a.payload);
    case OVS_ACTION_ATTR_CT: {
      auto spec = decode_conntrack(a.payload);
      if (!spec) return fail(spec);
      return TrackConnection{std::move(*spec)};
    }
  }
  return fail("action " + std::to_string(a.type) + " is not known");
}

Result<Action> decode(const Attribute& a, unsigned depth) {
  switch (a.type) {
    case OVS_ACTION_ATTR_OUTPUT: return fixed<uint32_t>(a, [](uint32_t port) { return Output{DpPort{port}}; });
    case OVS_ACTION_ATTR_PUSH_VLAN:
      return fixed<ovs_action_push_vlan>(
          a, [](const auto& tag) { return PushVlan{Be16::from_raw(tag.vlan_tpid), Be16::from_raw(tag.vlan_tci)}; });
    case OVS_ACTION_ATTR_POP_VLAN: return PopVlan{};
    case OVS_ACTION_ATTR_TRUNC: return fixed<ovs_action_trunc>(a, [](const auto& trunc) { return Truncate{trunc.max_len}; });
    case OVS_ACTION_ATTR_CT_CLEAR: return ConntrackClear{};
    case OVS_ACTION_ATTR_METER: return fixed<uint32_t>(a, [](uint32_t id) { return Meter{id}; });
    case OVS_ACTION_ATTR_RECIRC: return fixed<uint32_t>(a, [](uint32_t id) { return Recirculate{id}; });
    case OVS_ACTION_ATTR_HASH:
      return fixed<ovs_action_hash>(a, [](const auto& hash) { return Hash{hash.hash_alg, hash.hash_basis}; });
    case OVS_ACTION_ATTR_PUSH_MPLS:
      return fixed<ovs_action_push_mpls>(
          a, [](const auto& push) { return PushMpls{Be32::from_raw(push.mpls_lse), Be16::from_raw(push.mpls_ethertype), true}; });
    case OVS_ACTION_ATTR_ADD_MPLS:
      return fixed<ovs_action_add_mpls>(a, [](const auto& add) {
        return PushMpls{Be32::from_raw(add.mpls_lse), Be16::from_raw(add.mpls_ethertype), (add.tun_flags & OVS_MPLS_L3_TUNNEL_FLAG_MASK) != 0};
      });
    case OVS_ACTION_ATTR_POP_MPLS: return fixed<Be16>(a, [](Be16 type) { return PopMpls{type}; });
    case OVS_ACTION_ATTR_PUSH_ETH:
      return fixed<EthernetPayload>(a, [](const auto& eth) { return PushEthernet{eth.src, eth.dst}; });
    case OVS_ACTION_ATTR_POP_ETH: return PopEthernet{};
    case OVS_ACTION_ATTR_POP_NSH: return PopNsh{};
    case kDropAction: return fixed<uint32_t>(a, [](uint32_t reason) { return Drop{reason}; });
  }
  return decode_nested(a, depth);
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

struct Check {
  Status operator()(const BondOutput&) const { return none("lb_output"); }
  Status operator()(const TunnelPush&) const { return none("tnl_push"); }
  Status operator()(const TunnelPop&) const { return none("tnl_pop"); }
  Status operator()(const Set& a) const {
    if (!kernel_attribute(a.attribute)) return none("set of this attribute");
    return a.attribute == KeyAttribute::kMpls && a.match().mask.mpls[1] ? none("set of more than one label") : Status{};
  }
  Status operator()(const SetTunnel& a) const {
    return a.tunnel && !a.tunnel->gtpu_flags && !a.tunnel->gtpu_msgtype ? Status{} : none("set of GTP-U options");
  }
  Status operator()(const Clone& a) const { return check_actions(a.actions); }
  Status operator()(const Sample& a) const { return check_actions(a.actions); }
  Status operator()(const DecrementTtl& a) const { return check_actions(a.if_expired); }
  Status operator()(const CheckPacketLength& a) const {
    if (Status s = check_actions(a.branches->if_greater); !s) return s;
    return check_actions(a.branches->if_not);
  }
  template <typename A>
  Status operator()(const A&) const { return {}; }

  static Status none(const char* what) { return fail(std::string("kernel datapaths have no ") + what, EOPNOTSUPP); }
};

}  // namespace

Status check_actions(const ActionList& actions) {
  for (const Action& action : actions)
    if (Status s = std::visit(Check{}, action); !s) return s;
  return {};
}

void encode_actions(const ActionList& actions, uint32_t pid, AttributeWriter& out) {
  for (const Action& action : actions) std::visit(Encode{pid, out}, action);
}

Result<ActionList> decode_actions(std::span<const uint8_t> bytes) { return decode_list(bytes, 0); }

}  // namespace turnout::datapath::kernel
