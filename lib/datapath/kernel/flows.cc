// See flows.h.
#include "lib/datapath/kernel/flows.h"

#include "lib/datapath/kernel/action_codec.h"
#include "lib/datapath/kernel/key_codec.h"

namespace turnout::datapath::kernel {
namespace {

constexpr int64_t kNanosecondsInMs = 1'000'000;
constexpr uint32_t kNameAndStatistics = OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK | OVS_UFID_F_OMIT_ACTIONS;

AttributeWriter& flow_request(RequestBatch& batch, const Family& family, uint8_t command, int dp_ifindex, uint16_t flags = 0) {
  return batch.begin(family, command, OVS_FLOW_VERSION, dp_ifindex, flags);
}

// encode(writer) inside an attribute.
template <typename Encode>
void nested(AttributeWriter& message, uint16_t attribute, Encode encode) {
  const size_t nest = message.nest(attribute);
  encode(message);
  message.end(nest);
}
void put_key(AttributeWriter& message, uint16_t attribute, const KeyView& view) {
  if (!view.attributes.empty()) return message.put(attribute, view.attributes.data(), view.attributes.size());
  nested(message, attribute, [&](AttributeWriter& w) { encode_key(view.key, w); });
}
void put_mask(AttributeWriter& message, const flow::FlowKey& key, const flow::FlowMask& mask) {
  nested(message, OVS_FLOW_ATTR_MASK, [&](AttributeWriter& w) { encode_mask(key, mask, w); });
}

// What finds a flow that stands.
void put_name(AttributeWriter& message, const FlowEntry& like) {
  if (!like.unnamed) return message.put(OVS_FLOW_ATTR_UFID, like.ufid);
  put_key(message, OVS_FLOW_ATTR_KEY, like.key);
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

Status put_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowView& flow, bool may_modify,
                        uint32_t upcall_pid) {
  if (Status s = check_match(flow.key.key, flow.mask); !s) return s;
  if (Status s = check_actions(flow.actions); !s) return s;
  // Either flag alone makes the module refuse a flow that stands.
  const uint16_t flags = may_modify ? 0 : NLM_F_CREATE | NLM_F_EXCL;
  AttributeWriter& message = flow_request(batch, family, OVS_FLOW_CMD_NEW, dp_ifindex, flags);
  if (!flow.unnamed) message.put(OVS_FLOW_ATTR_UFID, flow.ufid);
  put_key(message, OVS_FLOW_ATTR_KEY, flow.key);
  put_mask(message, flow.key.key, flow.mask);
  nested(message, OVS_FLOW_ATTR_ACTIONS, [&](AttributeWriter& w) { encode_actions(flow.actions, upcall_pid, w); });
  return batch.end();
}

Status delete_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& like) {
  AttributeWriter& message = flow_request(batch, family, OVS_FLOW_CMD_DEL, dp_ifindex, NLM_F_ECHO);
  put_name(message, like);
  message.put(OVS_FLOW_ATTR_UFID_FLAGS, kNameAndStatistics);
  return batch.end();
}

Status clear_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& flow) {
  AttributeWriter& message = flow_request(batch, family, OVS_FLOW_CMD_SET, dp_ifindex);
  if (!flow.unnamed) message.put(OVS_FLOW_ATTR_UFID, flow.ufid);
  put_key(message, OVS_FLOW_ATTR_KEY, flow.key);
  put_mask(message, flow.key, flow.mask);
  message.put_flag(OVS_FLOW_ATTR_CLEAR);
  return batch.end();
}

Status get_flow_request(RequestBatch& batch, const Family& family, int dp_ifindex, const FlowEntry& like) {
  put_name(flow_request(batch, family, OVS_FLOW_CMD_GET, dp_ifindex), like);
  return batch.end();
}

Status flush_flows_request(RequestBatch& batch, const Family& family, int dp_ifindex) {
  flow_request(batch, family, OVS_FLOW_CMD_DEL, dp_ifindex);
  return batch.end();
}

Status execute_request(RequestBatch& batch, const Family& family, int dp_ifindex, std::span<const uint8_t> packet,
                       const KeyView& key, const ActionList& actions, uint32_t upcall_pid) {
  if (Status s = check_actions(actions); !s) return s;
  AttributeWriter& message = batch.begin(family, OVS_PACKET_CMD_EXECUTE, OVS_PACKET_VERSION, dp_ifindex);
  message.put(OVS_PACKET_ATTR_PACKET, packet.data(), packet.size());
  put_key(message, OVS_PACKET_ATTR_KEY, key);
  nested(message, OVS_PACKET_ATTR_ACTIONS, [&](AttributeWriter& w) { encode_actions(actions, upcall_pid, w); });
  return batch.end();
}

netlink::Message dump_flows_request(const Family& family, int dp_ifindex, FlowParts parts) {
  netlink::Message message = make_request(family, OVS_FLOW_CMD_GET, OVS_FLOW_VERSION, dp_ifindex);
  if (parts == FlowParts::kStatistics) message.put_u32(OVS_FLOW_ATTR_UFID_FLAGS, kNameAndStatistics);
  return message;
}

FlowStats read_flow_stats(const Answer& answer) {
  FlowStats stats;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) read_stats(*a, stats);
  return stats;
}

Result<FlowEntry> read_flow_statistics(const Answer& answer) {
  Result<FlowEntry> result(tl::in_place);          // where it stays: a flow is large
  FlowEntry& flow = *result;
  flow.unnamed = true;
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) {
    if (a->type == OVS_FLOW_ATTR_UFID) {
      if (auto ufid = a->as<Ufid>()) flow.ufid = *ufid, flow.unnamed = false;
    } else if (a->type == OVS_FLOW_ATTR_KEY) {
      auto key = decode_key(a->payload);
      if (!key) return fail(key);
      flow.key = *key;
    } else {
      read_stats(*a, flow.stats);
    }
  }
  if (!reader.is_whole()) return fail("malformed flow");
  return result;
}

Result<FlowEntry> read_flow(const Answer& answer) {
  Result<FlowEntry> result(tl::in_place);
  FlowEntry& flow = *result;
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
  return result;
}

}  // namespace turnout::datapath::kernel
