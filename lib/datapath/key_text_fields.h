// The attributes of a datapath flow whose text is a list of NAME=VALUE, as a table that formatting and parsing share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/flow/key.h"

namespace turnout::datapath {

enum class SubFormat : uint8_t { kMac, kIpv4, kIpv6, kDecimal8, kHex8, kDecimal16, kLabel, kFrag, kTransport8 };

struct SubField {
  const char* name;
  size_t offset;       // in FlowKey
  SubFormat format;    // kTransport8: the low byte of a Be16 (ICMP type and code)
};

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
// ARP's opcode is 16 bits wide in the text; opcodes above 255 are zero in a key.
inline constexpr SubField kArpFields[] = {TURNOUT_SUB("sip", nw_src, kIpv4), TURNOUT_SUB("tip", nw_dst, kIpv4),
                                          TURNOUT_SUB("op", nw_proto, kDecimal8), TURNOUT_SUB("sha", arp_sha, kMac),
                                          TURNOUT_SUB("tha", arp_tha, kMac)};
inline constexpr SubField kCtTuple4Fields[] = {
    TURNOUT_SUB("src", ct_nw_src, kIpv4), TURNOUT_SUB("dst", ct_nw_dst, kIpv4), TURNOUT_SUB("proto", ct_nw_proto, kDecimal8),
    TURNOUT_SUB("tp_src", ct_tp_src, kDecimal16), TURNOUT_SUB("tp_dst", ct_tp_dst, kDecimal16)};
inline constexpr SubField kCtTuple6Fields[] = {
    TURNOUT_SUB("src", ct_ipv6_src, kIpv6), TURNOUT_SUB("dst", ct_ipv6_dst, kIpv6), TURNOUT_SUB("proto", ct_nw_proto, kDecimal8),
    TURNOUT_SUB("tp_src", ct_tp_src, kDecimal16), TURNOUT_SUB("tp_dst", ct_tp_dst, kDecimal16)};
// The NSH header: flags, ttl, mdtype and np bytes, the path identifier and index, four contexts.
inline constexpr size_t kNshOffset = offsetof(flow::FlowKey, nsh);

#undef TURNOUT_SUB

}  // namespace turnout::datapath
