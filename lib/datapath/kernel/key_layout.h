// Where each attribute's payload keeps what a FlowKey keeps: one row an attribute, read by both directions of the codec
// for keys and for masks. <linux/openvswitch.h>, enum ovs_key_attr. Inside lib/datapath/kernel.
#pragma once

#include <linux/openvswitch.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "lib/flow/key.h"
#include "lib/net/headers.h"

namespace turnout::datapath::kernel {

enum class Form : uint8_t {
  kNone,
  kCopy,          // the same bytes on both sides
  kReversed,      // the payload is least significant byte first
  kFragment,      // OVS_FRAG_TYPE_* in the payload, FragBits in the key
  kByteOfBe16,    // one byte in the payload, a Be16 below 256 in the key
  kBe16OfByte,    // the other way round
  kU32OfByte,
  kLabel,         // 20 bits of a Be32
};

struct Part {
  Form form = Form::kNone;
  uint16_t payload_at = 0, key_at = 0, size = 0;   // bytes; size is the payload's
};

struct Layout {
  uint16_t attribute = 0, size = 0;                // of the payload
  bool (*applies)(const flow::FlowKey& key) = nullptr;
  std::array<Part, 6> parts{};
};

namespace layout {
using Key = flow::FlowKey;
using namespace turnout::net;

inline bool always(const Key&) { return true; }
inline bool is_type(const Key& k, uint16_t type) { return k.eth_type == Be16{type}; }
inline bool is_ipv4(const Key& k) { return is_type(k, kEthTypeIpv4); }
inline bool is_ipv6(const Key& k) { return is_type(k, kEthTypeIpv6); }
inline bool is_arp(const Key& k) { return is_type(k, kEthTypeArp) || is_type(k, kEthTypeRarp); }
inline bool has_transport(const Key& k, uint8_t protocol) {
  return (is_ipv4(k) || is_ipv6(k)) && !(k.nw_frag & flow::kFragLater) && k.nw_proto == protocol;
}
inline bool is_tcp(const Key& k) { return has_transport(k, kIpTcp); }
inline bool is_udp(const Key& k) { return has_transport(k, kIpUdp); }
inline bool is_sctp(const Key& k) { return has_transport(k, kIpSctp); }
inline bool is_icmp(const Key& k) { return is_ipv4(k) && has_transport(k, kIpIcmp); }
inline bool is_icmpv6(const Key& k) { return is_ipv6(k) && has_transport(k, kIpIcmpv6); }
inline bool is_neighbour_discovery(const Key& k) {
  return is_icmpv6(k) && !k.tp_dst && (k.tp_src == Be16{kNdSolicit} || k.tp_src == Be16{kNdAdvert});
}
inline bool is_tracked_ipv4(const Key& k) { return is_ipv4(k) && k.ct_nw_proto; }
inline bool is_tracked_ipv6(const Key& k) { return is_ipv6(k) && k.ct_nw_proto; }
}  // namespace layout

#define TURNOUT_PART(form, type, payload, member) \
  Part { Form::form, offsetof(type, payload), offsetof(flow::FlowKey, member), sizeof(type::payload) }
#define TURNOUT_WHOLE(form, bytes, member) Part { Form::form, 0, offsetof(flow::FlowKey, member), bytes }

inline constexpr Layout kMetadata[] = {
    {OVS_KEY_ATTR_PRIORITY, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, skb_priority)}},
    {OVS_KEY_ATTR_IN_PORT, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, in_port)}},
    {OVS_KEY_ATTR_SKB_MARK, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, pkt_mark)}},
    {OVS_KEY_ATTR_DP_HASH, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, dp_hash)}},
    {OVS_KEY_ATTR_RECIRC_ID, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, recirc_id)}},
    {OVS_KEY_ATTR_CT_STATE, 4, layout::always, {TURNOUT_WHOLE(kU32OfByte, 4, ct_state)}},
    {OVS_KEY_ATTR_CT_ZONE, 2, layout::always, {TURNOUT_WHOLE(kCopy, 2, ct_zone)}},
    {OVS_KEY_ATTR_CT_MARK, 4, layout::always, {TURNOUT_WHOLE(kCopy, 4, ct_mark)}},
    {OVS_KEY_ATTR_CT_LABELS, 16, layout::always, {TURNOUT_WHOLE(kReversed, 16, ct_label)}},
    {OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, sizeof(ovs_key_ct_tuple_ipv4), layout::is_tracked_ipv4,
     {TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv4, ipv4_src, ct_nw_src),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv4, ipv4_dst, ct_nw_dst),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv4, src_port, ct_tp_src),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv4, dst_port, ct_tp_dst),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv4, ipv4_proto, ct_nw_proto)}},
    {OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, sizeof(ovs_key_ct_tuple_ipv6), layout::is_tracked_ipv6,
     {TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv6, ipv6_src, ct_ipv6_src),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv6, ipv6_dst, ct_ipv6_dst),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv6, src_port, ct_tp_src),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv6, dst_port, ct_tp_dst),
      TURNOUT_PART(kCopy, ovs_key_ct_tuple_ipv6, ipv6_proto, ct_nw_proto)}},
    {OVS_KEY_ATTR_ETHERNET, sizeof(ovs_key_ethernet), layout::always,
     {TURNOUT_PART(kCopy, ovs_key_ethernet, eth_src, eth_src), TURNOUT_PART(kCopy, ovs_key_ethernet, eth_dst, eth_dst)}},
};

// Behind the VLAN tags.
inline constexpr Layout kNetwork[] = {
    {OVS_KEY_ATTR_IPV4, sizeof(ovs_key_ipv4), layout::is_ipv4,
     {TURNOUT_PART(kCopy, ovs_key_ipv4, ipv4_src, nw_src), TURNOUT_PART(kCopy, ovs_key_ipv4, ipv4_dst, nw_dst),
      TURNOUT_PART(kCopy, ovs_key_ipv4, ipv4_proto, nw_proto), TURNOUT_PART(kCopy, ovs_key_ipv4, ipv4_tos, nw_tos),
      TURNOUT_PART(kCopy, ovs_key_ipv4, ipv4_ttl, nw_ttl), TURNOUT_PART(kFragment, ovs_key_ipv4, ipv4_frag, nw_frag)}},
    {OVS_KEY_ATTR_IPV6, sizeof(ovs_key_ipv6), layout::is_ipv6,
     {TURNOUT_PART(kCopy, ovs_key_ipv6, ipv6_src, ipv6_src), TURNOUT_PART(kCopy, ovs_key_ipv6, ipv6_dst, ipv6_dst),
      TURNOUT_PART(kLabel, ovs_key_ipv6, ipv6_label, ipv6_label),
      // the traffic class and the hop limit are neighbours in both
      Part{Form::kCopy, offsetof(ovs_key_ipv6, ipv6_proto), offsetof(flow::FlowKey, nw_proto), 1},
      Part{Form::kCopy, offsetof(ovs_key_ipv6, ipv6_tclass), offsetof(flow::FlowKey, nw_tos), 2},
      TURNOUT_PART(kFragment, ovs_key_ipv6, ipv6_frag, nw_frag)}},
    {OVS_KEY_ATTR_ARP, sizeof(ovs_key_arp), layout::is_arp,
     {TURNOUT_PART(kCopy, ovs_key_arp, arp_sip, nw_src), TURNOUT_PART(kCopy, ovs_key_arp, arp_tip, nw_dst),
      TURNOUT_PART(kBe16OfByte, ovs_key_arp, arp_op, nw_proto), TURNOUT_PART(kCopy, ovs_key_arp, arp_sha, arp_sha),
      TURNOUT_PART(kCopy, ovs_key_arp, arp_tha, arp_tha)}},
    {OVS_KEY_ATTR_TCP, sizeof(ovs_key_tcp), layout::is_tcp,
     {TURNOUT_PART(kCopy, ovs_key_tcp, tcp_src, tp_src), TURNOUT_PART(kCopy, ovs_key_tcp, tcp_dst, tp_dst)}},
    {OVS_KEY_ATTR_TCP_FLAGS, 2, layout::is_tcp, {TURNOUT_WHOLE(kCopy, 2, tcp_flags)}},
    {OVS_KEY_ATTR_UDP, sizeof(ovs_key_udp), layout::is_udp,
     {TURNOUT_PART(kCopy, ovs_key_udp, udp_src, tp_src), TURNOUT_PART(kCopy, ovs_key_udp, udp_dst, tp_dst)}},
    {OVS_KEY_ATTR_SCTP, sizeof(ovs_key_sctp), layout::is_sctp,
     {TURNOUT_PART(kCopy, ovs_key_sctp, sctp_src, tp_src), TURNOUT_PART(kCopy, ovs_key_sctp, sctp_dst, tp_dst)}},
    {OVS_KEY_ATTR_ICMP, sizeof(ovs_key_icmp), layout::is_icmp,
     {TURNOUT_PART(kByteOfBe16, ovs_key_icmp, icmp_type, tp_src), TURNOUT_PART(kByteOfBe16, ovs_key_icmp, icmp_code, tp_dst)}},
    {OVS_KEY_ATTR_ICMPV6, sizeof(ovs_key_icmpv6), layout::is_icmpv6,
     {TURNOUT_PART(kByteOfBe16, ovs_key_icmpv6, icmpv6_type, tp_src),
      TURNOUT_PART(kByteOfBe16, ovs_key_icmpv6, icmpv6_code, tp_dst)}},
    {OVS_KEY_ATTR_ND, sizeof(ovs_key_nd), layout::is_neighbour_discovery,
     {TURNOUT_PART(kCopy, ovs_key_nd, nd_target, nd_target), TURNOUT_PART(kCopy, ovs_key_nd, nd_sll, arp_sha),
      TURNOUT_PART(kCopy, ovs_key_nd, nd_tll, arp_tha)}},
};

#undef TURNOUT_PART
#undef TURNOUT_WHOLE

inline constexpr size_t kMaxPayload = 64;
// A key's and a mask's payload differ where the kernel keeps a thing as a number and the key as bits.
enum class What { kKey, kMask };

namespace layout {

inline constexpr uint8_t kFragmentBits[] = {0, flow::kFragAny, flow::kFragAny | flow::kFragLater};   // by OVS_FRAG_TYPE_*
inline constexpr Be32 kLabelBits{0xfffff};

inline uint8_t encode_fragment(uint8_t bits, What what) {
  if (what == What::kMask) return bits ? 0xff : 0;
  return bits & flow::kFragLater ? OVS_FRAG_TYPE_LATER : bits ? OVS_FRAG_TYPE_FIRST : OVS_FRAG_TYPE_NONE;
}
inline uint8_t decode_fragment(uint8_t value, What what) {
  if (what == What::kMask) return value ? 0xff : 0;
  return value < sizeof kFragmentBits ? kFragmentBits[value] : 0;
}

// Inlined with parts that are known, a copy is a move or two.
[[gnu::always_inline]] inline void encode_part(const Part& part, const Key& key, What what, uint8_t* payload) {
  const uint8_t* from = reinterpret_cast<const uint8_t*>(&key) + part.key_at;
  uint8_t* to = payload + part.payload_at;
  switch (part.form) {
    case Form::kNone: return;
    case Form::kCopy: std::memcpy(to, from, part.size); return;
    case Form::kReversed: std::reverse_copy(from, from + part.size, to); return;
    case Form::kFragment: *to = encode_fragment(*from, what); return;
    case Form::kByteOfBe16: *to = from[1]; return;
    case Form::kBe16OfByte: to[0] = what == What::kMask && *from == 0xff ? 0xff : 0, to[1] = *from; return;
    case Form::kU32OfByte: {
      const uint32_t wide = *from;
      std::memcpy(to, &wide, sizeof wide);
      return;
    }
    case Form::kLabel: {
      Be32 label;
      std::memcpy(&label, from, sizeof label);
      label &= kLabelBits;
      std::memcpy(to, &label, sizeof label);
      return;
    }
  }
}

// Bits that a key never has are full in the mask of what has all the others.
[[gnu::always_inline]] inline void decode_part(const Part& part, const uint8_t* payload, What what, Key& key) {
  const uint8_t* from = payload + part.payload_at;
  uint8_t* to = reinterpret_cast<uint8_t*>(&key) + part.key_at;
  const bool mask = what == What::kMask;
  switch (part.form) {
    case Form::kNone: return;
    case Form::kCopy: std::memcpy(to, from, part.size); return;
    case Form::kReversed: std::reverse_copy(from, from + part.size, to); return;
    case Form::kFragment: *to = decode_fragment(*from, what); return;
    case Form::kByteOfBe16: to[0] = mask && *from == 0xff ? 0xff : 0, to[1] = *from; return;
    case Form::kBe16OfByte: *to = from[1]; return;
    case Form::kU32OfByte: {
      uint32_t wide;
      std::memcpy(&wide, from, sizeof wide);
      *to = static_cast<uint8_t>(wide);
      return;
    }
    case Form::kLabel: {
      Be32 label;
      std::memcpy(&label, from, sizeof label);
      if (mask && label == kLabelBits) label = ~Be32{};
      std::memcpy(to, &label, sizeof label);
      return;
    }
  }
}

// f(part) for each, with the part a constant of the code that is made of f.
template <const auto& kRows, size_t kRow, typename F>
[[gnu::always_inline]] inline void each_part(F&& f) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    ([&] {
      constexpr Part part = kRows[kRow].parts[i];
      if constexpr (part.form != Form::kNone) f(part);
    }(), ...);
  }(std::make_index_sequence<std::tuple_size_v<decltype(Layout::parts)>>());
}

}  // namespace layout

// The payload of a row's attribute; bytes that no part writes are left alone.
template <const auto& kRows, size_t kRow, What what>
void encode_row(const flow::FlowKey& key, uint8_t* payload) {
  layout::each_part<kRows, kRow>([&](const Part& part) { layout::encode_part(part, key, what, payload); });
}
// payload has the row's size.
template <const auto& kRows, size_t kRow, What what>
void decode_row(const uint8_t* payload, flow::FlowKey& key) {
  layout::each_part<kRows, kRow>([&](const Part& part) { layout::decode_part(part, payload, what, key); });
}

// The same for rows that are found by their attribute. nullptr: no row has it.
const Layout* find_layout(uint16_t attribute);
void encode_row(const Layout& layout, const flow::FlowKey& key, What what, uint8_t* payload);
void decode_row(const Layout& layout, const uint8_t* payload, What what, flow::FlowKey& key);

}  // namespace turnout::datapath::kernel
