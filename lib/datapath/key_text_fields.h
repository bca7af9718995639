// The attributes of a datapath flow as a table that formatting and parsing share: what stands in their parentheses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/datapath/key_attributes.h"
#include "lib/flow/key.h"

namespace turnout::datapath {

enum class SubFormat : uint8_t { kMac, kIpv4, kIpv6, kDecimal8, kHex8, kDecimal16, kLabel, kFrag, kTransport8, kHexBe32 };

struct SubField {
  const char* name;
  size_t offset;       // in FlowKey
  SubFormat format;    // kTransport8: the low byte of a Be16 (ICMP type and code)
};

constexpr size_t size_of(SubFormat format) {
  switch (format) {
    case SubFormat::kMac: return sizeof(net::Mac);
    case SubFormat::kIpv4: return sizeof(Be32);
    case SubFormat::kIpv6: return sizeof(net::Ipv6);
    case SubFormat::kDecimal8:
    case SubFormat::kHex8:
    case SubFormat::kFrag: return 1;
    case SubFormat::kDecimal16:
    case SubFormat::kTransport8: return sizeof(Be16);
    case SubFormat::kLabel:
    case SubFormat::kHexBe32: return sizeof(Be32);
  }
  return 0;
}

#define TURNOUT_SUB(name, member, format) SubField{name, offsetof(flow::FlowKey, member), SubFormat::format}

inline constexpr SubField kEthFields[] = {TURNOUT_SUB("src", eth_src, kMac), TURNOUT_SUB("dst", eth_dst, kMac)};
inline constexpr SubField kIpv4Fields[] = {
    TURNOUT_SUB("src", nw_src, kIpv4),        TURNOUT_SUB("dst", nw_dst, kIpv4), TURNOUT_SUB("proto", nw_proto, kDecimal8),
    TURNOUT_SUB("tos", nw_tos, kHex8),        TURNOUT_SUB("ttl", nw_ttl, kDecimal8), TURNOUT_SUB("frag", nw_frag, kFrag)};
inline constexpr SubField kIpv6Fields[] = {
    TURNOUT_SUB("src", ipv6_src, kIpv6),      TURNOUT_SUB("dst", ipv6_dst, kIpv6), TURNOUT_SUB("label", ipv6_label, kLabel),
    TURNOUT_SUB("proto", nw_proto, kDecimal8), TURNOUT_SUB("tclass", nw_tos, kHex8), TURNOUT_SUB("hlimit", nw_ttl, kDecimal8),
    TURNOUT_SUB("frag", nw_frag, kFrag)};
inline constexpr SubField kPortFields[] = {TURNOUT_SUB("src", tp_src, kDecimal16), TURNOUT_SUB("dst", tp_dst, kDecimal16)};
inline constexpr SubField kIcmpFields[] = {TURNOUT_SUB("type", tp_src, kTransport8), TURNOUT_SUB("code", tp_dst, kTransport8)};
inline constexpr SubField kNdFields[] = {TURNOUT_SUB("target", nd_target, kIpv6), TURNOUT_SUB("sll", arp_sha, kMac),
                                         TURNOUT_SUB("tll", arp_tha, kMac)};
inline constexpr SubField kNdExtensionFields[] = {TURNOUT_SUB("nd_reserved", nd_reserved, kHexBe32),
                                                  TURNOUT_SUB("nd_options_type", nd_options_type, kTransport8)};
// ARP's opcode is 16 bits wide in the text; opcodes above 255 are zero in a key.
inline constexpr SubField kArpFields[] = {TURNOUT_SUB("sip", nw_src, kIpv4), TURNOUT_SUB("tip", nw_dst, kIpv4),
                                          TURNOUT_SUB("op", nw_proto, kDecimal8), TURNOUT_SUB("sha", arp_sha, kMac),
                                          TURNOUT_SUB("tha", arp_tha, kMac)};
inline constexpr SubField kCtTuple4Fields[] = {
    TURNOUT_SUB("src", ct_nw_src, kIpv4), TURNOUT_SUB("dst", ct_nw_dst, kIpv4), TURNOUT_SUB("proto", ct_nw_proto, kDecimal8),
    TURNOUT_SUB("tp_src", ct_tp_src, kDecimal16), TURNOUT_SUB("tp_dst", ct_tp_dst, kDecimal16)};
inline constexpr SubField kCtTuple6Fields[] = {
    TURNOUT_SUB("src", ct_ipv6_src, kIpv6), TURNOUT_SUB("dst", ct_ipv6_dst, kIpv6), TURNOUT_SUB("proto", ct_nw_proto, kDecimal8),
    TURNOUT_SUB("src_port", ct_tp_src, kDecimal16), TURNOUT_SUB("dst_port", ct_tp_dst, kDecimal16)};
// The NSH header: flags, ttl, mdtype and np bytes, the path identifier and index, four contexts.
inline constexpr size_t kNshOffset = offsetof(flow::FlowKey, nsh);

#undef TURNOUT_SUB

enum class Shape : uint8_t { kList, kHex32, kHex16, kPort, kCtState, kCtLabel, kTcpFlags, kPacketType, kMpls, kNsh };
struct AttributeRow {
  KeyAttribute attribute;
  const char* name;
  Shape shape;
  size_t offset;                       // of a single number
  std::span<const SubField> fields;    // of a list
};

#define TURNOUT_NUMBER(name, attribute, shape, member) \
  AttributeRow { KeyAttribute::attribute, name, Shape::shape, offsetof(flow::FlowKey, member), {} }
#define TURNOUT_LIST(name, attribute, fields) AttributeRow { KeyAttribute::attribute, name, Shape::kList, 0, fields }
#define TURNOUT_OTHER(name, attribute) AttributeRow { KeyAttribute::attribute, name, Shape::attribute, 0, {} }
// In the order of KeyAttribute.
inline constexpr AttributeRow kAttributes[] = {
    TURNOUT_NUMBER("skb_priority", kPriority, kHex32, skb_priority),
    TURNOUT_NUMBER("skb_mark", kMark, kHex32, pkt_mark),
    TURNOUT_NUMBER("dp_hash", kDpHash, kHex32, dp_hash),
    TURNOUT_NUMBER("recirc_id", kRecircId, kHex32, recirc_id),
    TURNOUT_NUMBER("in_port", kInPort, kPort, in_port),
    TURNOUT_OTHER("ct_state", kCtState),
    TURNOUT_NUMBER("ct_zone", kCtZone, kHex16, ct_zone),
    TURNOUT_NUMBER("ct_mark", kCtMark, kHex32, ct_mark),
    TURNOUT_OTHER("ct_label", kCtLabel),
    TURNOUT_LIST("ct_tuple4", kCtTuple4, kCtTuple4Fields),
    TURNOUT_LIST("ct_tuple6", kCtTuple6, kCtTuple6Fields),
    TURNOUT_OTHER("packet_type", kPacketType),
    TURNOUT_LIST("eth", kEthernet, kEthFields),
    TURNOUT_LIST("ipv4", kIpv4, kIpv4Fields),
    TURNOUT_LIST("ipv6", kIpv6, kIpv6Fields),
    TURNOUT_LIST("tcp", kTcp, kPortFields),
    TURNOUT_OTHER("tcp_flags", kTcpFlags),
    TURNOUT_LIST("udp", kUdp, kPortFields),
    TURNOUT_LIST("sctp", kSctp, kPortFields),
    TURNOUT_LIST("icmp", kIcmp, kIcmpFields),
    TURNOUT_LIST("icmpv6", kIcmpv6, kIcmpFields),
    TURNOUT_LIST("arp", kArp, kArpFields),
    TURNOUT_LIST("nd", kNd, kNdFields),
    TURNOUT_LIST("nd_ext", kNdExtensions, kNdExtensionFields),
    TURNOUT_OTHER("mpls", kMpls),
    TURNOUT_OTHER("nsh", kNsh)};
#undef TURNOUT_NUMBER
#undef TURNOUT_LIST
#undef TURNOUT_OTHER
inline constexpr const AttributeRow& row_of(KeyAttribute a) { return kAttributes[static_cast<size_t>(a)]; }

}  // namespace turnout::datapath
