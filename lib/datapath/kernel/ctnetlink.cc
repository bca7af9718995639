// See ctnetlink.h.
#include "lib/datapath/kernel/ctnetlink.h"

#include <endian.h>
#include <netinet/in.h>   // before the kernel's headers, which then leave its types alone
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <algorithm>
#include <cerrno>

namespace turnout::datapath::kernel {
namespace {

using Bytes = std::span<const uint8_t>;

template <typename F>
void each_attribute(Bytes bytes, F&& f) {
  AttributeReader reader(bytes);
  while (auto a = reader.next()) f(*a);
}

uint8_t u8(const Attribute& a) { return a.as<uint8_t>().value_or(0); }
uint16_t u16(const Attribute& a) { return be16toh(a.as<uint16_t>().value_or(0)); }
uint32_t u32(const Attribute& a) { return be32toh(a.as<uint32_t>().value_or(0)); }
uint64_t u64(const Attribute& a) { return be64toh(a.as<uint64_t>().value_or(0)); }

std::string text(const Attribute& a) {
  const auto end = std::find(a.payload.begin(), a.payload.end(), 0);
  return {a.payload.begin(), end};
}

std::optional<CtAddress> ipv4(const Attribute& a) {
  const auto raw = a.as<uint32_t>();
  return raw ? std::optional<CtAddress>(Be32::from_raw(*raw)) : std::nullopt;
}
std::optional<CtAddress> ipv6(const Attribute& a) { return a.as<net::Ipv6>(); }

void decode_ports(Bytes bytes, CtTuple& tuple) {
  each_attribute(bytes, [&](const Attribute& a) {
    switch (a.type) {
      case CTA_PROTO_NUM: tuple.protocol = u8(a); break;
      case CTA_PROTO_SRC_PORT: tuple.source_port = u16(a); break;
      case CTA_PROTO_DST_PORT: tuple.destination_port = u16(a); break;
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID: tuple.icmp_id = u16(a); break;
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE: tuple.icmp_type = u8(a); break;
      case CTA_PROTO_ICMP_CODE:
      case CTA_PROTO_ICMPV6_CODE: tuple.icmp_code = u8(a); break;
      default: break;
    }
  });
}

std::optional<CtTuple> decode_tuple(Bytes bytes) {
  std::optional<CtAddress> source, destination;
  CtTuple tuple;
  each_attribute(bytes, [&](const Attribute& part) {
    if (part.type == CTA_TUPLE_PROTO) decode_ports(part.payload, tuple);
    if (part.type != CTA_TUPLE_IP) return;
    each_attribute(part.payload, [&](const Attribute& a) {
      if (a.type == CTA_IP_V4_SRC) source = ipv4(a);
      if (a.type == CTA_IP_V4_DST) destination = ipv4(a);
      if (a.type == CTA_IP_V6_SRC) source = ipv6(a);
      if (a.type == CTA_IP_V6_DST) destination = ipv6(a);
    });
  });
  if (!source || !destination || source->index() != destination->index()) return std::nullopt;
  tuple.source = *source;
  tuple.destination = *destination;
  return tuple;
}

std::optional<CtTcpState> tcp_state(uint8_t state) {
  switch (state) {
    case TCP_CONNTRACK_NONE: return CtTcpState::kClosed;
    case TCP_CONNTRACK_SYN_SENT:
    case TCP_CONNTRACK_SYN_SENT2: return CtTcpState::kSynSent;
    case TCP_CONNTRACK_SYN_RECV: return CtTcpState::kSynRecv;
    case TCP_CONNTRACK_ESTABLISHED: return CtTcpState::kEstablished;
    case TCP_CONNTRACK_FIN_WAIT: return CtTcpState::kFinWait1;
    case TCP_CONNTRACK_CLOSE_WAIT: return CtTcpState::kCloseWait;
    case TCP_CONNTRACK_LAST_ACK: return CtTcpState::kLastAck;
    case TCP_CONNTRACK_TIME_WAIT: return CtTcpState::kTimeWait;
    case TCP_CONNTRACK_CLOSE: return CtTcpState::kClosing;
    default: return std::nullopt;
  }
}

void decode_tcp(Bytes bytes, CtEntry& entry) {
  std::optional<CtTcpState> state;
  CtTcp tcp{};
  each_attribute(bytes, [&](const Attribute& a) {
    switch (a.type) {
      case CTA_PROTOINFO_TCP_STATE: state = tcp_state(u8(a)); break;
      case CTA_PROTOINFO_TCP_WSCALE_ORIGINAL: tcp.wscale_orig = u8(a); break;
      case CTA_PROTOINFO_TCP_WSCALE_REPLY: tcp.wscale_reply = u8(a); break;
      case CTA_PROTOINFO_TCP_FLAGS_ORIGINAL: tcp.flags_orig = u8(a); break;   // the mask follows
      case CTA_PROTOINFO_TCP_FLAGS_REPLY: tcp.flags_reply = u8(a); break;
      default: break;
    }
  });
  if (!state) return;
  tcp.state_orig = tcp.state_reply = *state;               // the kernel has one of both directions
  entry.protocol_info = tcp;
}

void decode_sctp(Bytes bytes, CtEntry& entry) {
  CtSctp sctp;
  each_attribute(bytes, [&](const Attribute& a) {
    if (a.type == CTA_PROTOINFO_SCTP_STATE) sctp.state = u8(a);
    // Shown as the reference shows them: read as this host's numbers, though they stand here as in the packet.
    if (a.type == CTA_PROTOINFO_SCTP_VTAG_ORIGINAL) sctp.vtag_orig = a.as<uint32_t>().value_or(0);
    if (a.type == CTA_PROTOINFO_SCTP_VTAG_REPLY) sctp.vtag_reply = a.as<uint32_t>().value_or(0);
  });
  entry.protocol_info = sctp;
}

CtCounters decode_counters(Bytes bytes) {
  CtCounters counters;
  each_attribute(bytes, [&](const Attribute& a) {
    if (a.type == CTA_COUNTERS_PACKETS) counters.packets = u64(a);
    if (a.type == CTA_COUNTERS_BYTES) counters.bytes = u64(a);
  });
  return counters;
}

void decode_nested(const Attribute& a, CtEntry& entry) {
  each_attribute(a.payload, [&](const Attribute& inner) {
    if (a.type == CTA_HELP && inner.type == CTA_HELP_NAME) entry.helper = text(inner);
    if (a.type == CTA_TIMESTAMP && inner.type == CTA_TIMESTAMP_START) entry.start_ns = static_cast<int64_t>(u64(inner));
    if (a.type == CTA_TIMESTAMP && inner.type == CTA_TIMESTAMP_STOP) entry.stop_ns = static_cast<int64_t>(u64(inner));
    if (a.type == CTA_PROTOINFO && inner.type == CTA_PROTOINFO_TCP) decode_tcp(inner.payload, entry);
    if (a.type == CTA_PROTOINFO && inner.type == CTA_PROTOINFO_SCTP) decode_sctp(inner.payload, entry);
  });
}

void decode_member(const Attribute& a, CtEntry& entry) {
  switch (a.type) {
    case CTA_TUPLE_MASTER: entry.parent = decode_tuple(a.payload); break;
    case CTA_STATUS: entry.status = u32(a); break;
    case CTA_TIMEOUT: entry.timeout_s = u32(a); break;
    case CTA_MARK: entry.mark = u32(a); break;
    case CTA_ID: entry.id = u32(a); break;
    case CTA_ZONE: entry.zone = u16(a); break;
    case CTA_LABELS: entry.labels = a.as<CtLabels>(); break;
    case CTA_COUNTERS_ORIG: entry.count_orig = decode_counters(a.payload); break;
    case CTA_COUNTERS_REPLY: entry.count_reply = decode_counters(a.payload); break;
    case CTA_HELP:
    case CTA_TIMESTAMP:
    case CTA_PROTOINFO: decode_nested(a, entry); break;
    default: break;
  }
}

netlink::Message request(uint16_t subsystem, uint16_t command, uint8_t family, Bytes attributes = {}) {
  netlink::Message message(subsystem << 8 | command, 0);
  const nfgenmsg header{family, NFNETLINK_V0, 0};
  message.header(&header, sizeof header);
  if (!attributes.empty()) message.header(attributes.data(), attributes.size());
  return message;
}

void put_zone(uint16_t zone, AttributeWriter& out) { out.put(CTA_ZONE, htobe16(zone)); }

}  // namespace

Bytes ctnetlink_attributes(const nlmsghdr& message) {
  constexpr size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
  if (message.nlmsg_len < kHeaders) return {};
  return {reinterpret_cast<const uint8_t*>(&message) + kHeaders, message.nlmsg_len - kHeaders};
}

Result<CtEntry> decode_connection(Bytes attributes) {
  std::optional<CtTuple> orig, reply;
  CtEntry entry;
  each_attribute(attributes, [&](const Attribute& a) {
    if (a.type == CTA_TUPLE_ORIG) orig = decode_tuple(a.payload);
    else if (a.type == CTA_TUPLE_REPLY) reply = decode_tuple(a.payload);
    else decode_member(a, entry);
  });
  if (!orig || !reply) return fail("a connection without its tuples", EINVAL);
  entry.orig = *orig;
  entry.reply = *reply;
  return entry;
}

Result<CtExpectation> decode_expectation(Bytes attributes) {
  std::optional<CtTuple> tuple, parent;
  CtExpectation expectation;
  each_attribute(attributes, [&](const Attribute& a) {
    switch (a.type) {
      case CTA_EXPECT_TUPLE: tuple = decode_tuple(a.payload); break;
      case CTA_EXPECT_MASTER: parent = decode_tuple(a.payload); break;
      case CTA_EXPECT_TIMEOUT: expectation.timeout_s = u32(a); break;
      case CTA_EXPECT_ZONE: expectation.zone = u16(a); break;
      case CTA_EXPECT_HELP_NAME: expectation.helper = text(a); break;
      default: break;
    }
  });
  if (!tuple || !parent) return fail("an expectation without its tuples", EINVAL);
  expectation.tuple = *tuple;
  expectation.parent = *parent;
  return expectation;
}

void encode_tuple(const CtTuple& tuple, uint16_t attribute, AttributeWriter& out) {
  const size_t whole = out.nest(attribute | NLA_F_NESTED);
  const size_t addresses = out.nest(CTA_TUPLE_IP | NLA_F_NESTED);
  const bool v6 = tuple.is_ipv6();
  const auto put = [&out](uint16_t type, const CtAddress& address) {
    std::visit([&](const auto& value) { out.put(type, value); }, address);
  };
  put(v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, tuple.source);
  put(v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, tuple.destination);
  out.end(addresses);
  const size_t protocol = out.nest(CTA_TUPLE_PROTO | NLA_F_NESTED);
  out.put(CTA_PROTO_NUM, tuple.protocol);
  if (tuple.is_icmp()) {
    const bool icmp6 = tuple.protocol == IPPROTO_ICMPV6;
    out.put(icmp6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, htobe16(tuple.icmp_id));
    out.put(icmp6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, tuple.icmp_type);
    out.put(icmp6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, tuple.icmp_code);
  } else {
    out.put(CTA_PROTO_SRC_PORT, htobe16(tuple.source_port));
    out.put(CTA_PROTO_DST_PORT, htobe16(tuple.destination_port));
  }
  out.end(protocol);
  out.end(whole);
}

netlink::Message list_connections_request(std::optional<uint16_t> zone) {
  AttributeWriter attributes;
  if (zone) put_zone(*zone, attributes);                   // kernels before 6.8 do not look at it
  return request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, AF_UNSPEC, attributes.bytes());
}

netlink::Message list_expectations_request() {
  return request(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_GET, AF_UNSPEC);
}

netlink::Message flush_connections_request() { return request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, AF_UNSPEC); }

void append_delete_request(const CtTuple& orig, uint16_t zone, std::optional<uint32_t> id, std::vector<uint8_t>& out) {
  AttributeWriter attributes;
  encode_tuple(orig, CTA_TUPLE_ORIG, attributes);
  put_zone(zone, attributes);
  if (id) attributes.put(CTA_ID, htobe32(*id));
  struct { nlmsghdr message; nfgenmsg netfilter; } headers{};
  headers.message.nlmsg_len = static_cast<uint32_t>(sizeof headers + attributes.bytes().size());
  headers.message.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
  headers.message.nlmsg_flags = NLM_F_REQUEST;
  headers.netfilter = {static_cast<uint8_t>(orig.is_ipv6() ? AF_INET6 : AF_INET), NFNETLINK_V0, 0};
  const auto* bytes = reinterpret_cast<const uint8_t*>(&headers);
  out.insert(out.end(), bytes, bytes + sizeof headers);
  out.insert(out.end(), attributes.bytes().begin(), attributes.bytes().end());
}

}  // namespace turnout::datapath::kernel
