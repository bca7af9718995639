// See flows.h.
#include "lib/datapath/kernel/flows.h"

#include "lib/datapath/kernel/action_codec.h"
#include "lib/datapath/kernel/key_codec.h"

namespace turnout::datapath::kernel {
namespace {

constexpr size_t kRoom = 8192;                       // for a key, a mask and a long action list
constexpr int64_t kNanosecondsInMs = 1'000'000;

netlink::Message flow_request(const Family& family, uint8_t command, int dp_ifindex, uint16_t flags = 0) {
  return make_request(family, command, OVS_FLOW_VERSION, dp_ifindex, flags, kRoom);
}

void put_ufid(netlink::Message& message, const Ufid& ufid) { message.put(OVS_FLOW_ATTR_UFID, ufid.data(), sizeof ufid); }

void put_nest(netlink::Message& message, int attribute, const AttributeWriter& nested) {
  message.put(attribute, nested.bytes().data(), nested.bytes().size());
}

// What finds a flow that stands.
void put_name(netlink::Message& message, const FlowEntry& like) {
  if (!like.unnamed) return put_ufid(message, like.ufid);
  AttributeWriter key;
  encode_key(like.key, key);
  put_nest(message, OVS_FLOW_ATTR_KEY, key);
}

void read_stats(const Attribute& a, FlowStats& stats) {
  switch (a.type) {
    case OVS_FLOW_ATTR_STATS:
      if (auto read = a.as<ovs_flow_stats>()) {
        stats.packets = read->n_packets;
        stats.bytes = read->n_bytes;
      }
      break;
    case OVS_FLOW_ATTR_TCP_FLAGS: stats.tcp_flags = a.as<uint8_t>().value_or(0); break;
    // Monotonic milliseconds, as the Clock's.
    case OVS_FLOW_ATTR_USED: stats.used_ns = static_cast<int64_t>(a.as<uint64_t>().value_or(0)) * kNanosecondsInMs; break;
  }
}

}  // namespace

netlink::Message put_flow_request(const Family& family, int dp_ifindex, const FlowEntry& flow, bool may_modify,
                                  uint32_t upcall_pid) {
  AttributeWriter key, mask, actions;
  encode_key(flow.key, key);
  encode_mask(flow.key, flow.mask, mask);
  encode_actions(flow.actions, upcall_pid, actions);
  // Either flag alone makes the module refuse a flow that stands.
  netlink::Message message = flow_request(family, OVS_FLOW_CMD_NEW, dp_ifindex, may_modify ? 0 : NLM_F_CREATE | NLM_F_EXCL);
  if (!flow.unnamed) put_ufid(message, flow.ufid);
  put_nest(message, OVS_FLOW_ATTR_KEY, key);
  put_nest(message, OVS_FLOW_ATTR_MASK, mask);
  put_nest(message, OVS_FLOW_ATTR_ACTIONS, actions);
  return message;
}

netlink::Message delete_flow_request(const Family& family, int dp_ifindex, const FlowEntry& like) {
  netlink::Message message = flow_request(family, OVS_FLOW_CMD_DEL, dp_ifindex, NLM_F_ECHO);
  put_name(message, like);
  message.put_u32(OVS_FLOW_ATTR_UFID_FLAGS, OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK | OVS_UFID_F_OMIT_ACTIONS);
  return message;
}

netlink::Message clear_flow_request(const Family& family, int dp_ifindex, const FlowEntry& flow) {
  AttributeWriter key, mask;
  encode_key(flow.key, key);
  encode_mask(flow.key, flow.mask, mask);
  netlink::Message message = flow_request(family, OVS_FLOW_CMD_SET, dp_ifindex);
  if (!flow.unnamed) put_ufid(message, flow.ufid);
  put_nest(message, OVS_FLOW_ATTR_KEY, key);
  put_nest(message, OVS_FLOW_ATTR_MASK, mask);
  message.put(OVS_FLOW_ATTR_CLEAR, nullptr, 0);
  return message;
}

netlink::Message get_flow_request(const Family& family, int dp_ifindex, const FlowEntry& like) {
  netlink::Message message = flow_request(family, OVS_FLOW_CMD_GET, dp_ifindex);
  put_name(message, like);
  return message;
}

netlink::Message dump_flows_request(const Family& family, int dp_ifindex) {
  return flow_request(family, OVS_FLOW_CMD_GET, dp_ifindex);
}

netlink::Message flush_flows_request(const Family& family, int dp_ifindex) {
  return flow_request(family, OVS_FLOW_CMD_DEL, dp_ifindex);
}

netlink::Message execute_request(const Family& family, int dp_ifindex, std::span<const uint8_t> packet,
                                 const flow::FlowKey& key, const ActionList& actions, uint32_t upcall_pid) {
  AttributeWriter key_attributes, action_attributes;
  encode_key(key, key_attributes);
  encode_actions(actions, upcall_pid, action_attributes);
  netlink::Message message = make_request(family, OVS_PACKET_CMD_EXECUTE, OVS_PACKET_VERSION, dp_ifindex, 0, kRoom + packet.size());
  message.put(OVS_PACKET_ATTR_PACKET, packet.data(), packet.size());
  put_nest(message, OVS_PACKET_ATTR_KEY, key_attributes);
  put_nest(message, OVS_PACKET_ATTR_ACTIONS, action_attributes);
  return message;
}

FlowStats read_flow_stats(const Answer& answer) {
  FlowStats stats;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) read_stats(*a, stats);
  return stats;
}

Result<FlowEntry> read_flow(const Answer& answer) {
  FlowEntry flow;
  bool has_ufid = false;
  std::span<const uint8_t> key, mask, actions;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) {
    switch (a->type) {
      case OVS_FLOW_ATTR_UFID:
        if (auto ufid = a->as<Ufid>()) flow.ufid = *ufid, has_ufid = true;
        break;
      case OVS_FLOW_ATTR_KEY: key = a->payload; break;
      case OVS_FLOW_ATTR_MASK: mask = a->payload; break;
      case OVS_FLOW_ATTR_ACTIONS: actions = a->payload; break;
      default: read_stats(*a, flow.stats);
    }
  }
  if (!reader.is_whole()) return fail("malformed flow");
  auto decoded_key = decode_key(key);
  if (!decoded_key) return fail(decoded_key);
  auto decoded_mask = decode_mask(*decoded_key, mask);
  if (!decoded_mask) return fail(decoded_mask);
  auto decoded_actions = decode_actions(actions);
  if (!decoded_actions) return fail(decoded_actions);
  flow.key = *decoded_key;
  flow.mask = *decoded_mask;
  flow.actions = std::move(*decoded_actions);
  flow.unnamed = !has_ufid;
  if (!has_ufid) flow.ufid = make_ufid(flow.key, flow.mask);
  return flow;
}

}  // namespace turnout::datapath::kernel
