// FlowKey: everything that can be matched of a packet and its metadata, as an array of 64-bit words with names.
// A mask has the same layout (1 bits are compared). Fields are in network order where their type says so and in host
// order otherwise. Plain values, any thread. ovs-fields(7) names the fields.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lib/base/endian.h"
#include "lib/net/address.h"

namespace turnout::flow {

inline constexpr unsigned kVlanTags = 2;       // tags that are parsed; more are payload
inline constexpr unsigned kMplsLabels = 3;
inline constexpr uint16_t kVlanPresent = 0x1000;   // the CFI bit of a tci in a key: "there is a tag" (as vlan_tci in ovs-fields(7))

// eth_type of a frame without one (IEEE 802.3 with LLC and no SNAP type).
inline constexpr uint16_t kEthTypeNone = 0x05ff;

enum FragBits : uint8_t { kFragAny = 1, kFragLater = 2 };   // nw_frag

struct VlanTag {
  Be16 tpid;   // 0 where there is no tag
  Be16 tci;    // with kVlanPresent
  friend bool operator==(const VlanTag&, const VlanTag&) = default;
};

struct TunnelKey {
  Be32 ipv4_src, ipv4_dst;
  net::Ipv6 ipv6_src, ipv6_dst;
  Be64 id;
  uint16_t flags;            // TunnelFlags
  uint8_t tos, ttl;
  Be16 tp_src, tp_dst;
  Be16 gbp_id;
  uint8_t gbp_flags, erspan_ver;
  uint32_t erspan_idx;
  uint8_t erspan_dir, erspan_hwid, gtpu_flags, gtpu_msgtype;
  // Below OpenFlow Geneve's options are the bytes of the wire, this many, and options_present is 0; a mask has all bits of
  // the length where options are compared at all. Above it is 0.
  uint32_t options_length;
  uint64_t options_present;  // bit i: tun_metadata i
  uint8_t options[256];      // tun_metadata contents in the switch's own layout, see the TLV table; or the wire's bytes
  friend bool operator==(const TunnelKey& a, const TunnelKey& b) { return std::memcmp(&a, &b, sizeof a) == 0; }
};
static_assert(std::has_unique_object_representations_v<TunnelKey>);   // no padding: bytes are compared
enum TunnelFlags : uint16_t { kTunnelKey = 1, kTunnelCsum = 2, kTunnelDf = 4, kTunnelOam = 8 };

struct alignas(8) FlowKey {
  // Metadata.
  TunnelKey tunnel;
  Be64 metadata;
  uint32_t regs[32];
  uint32_t skb_priority, pkt_mark;
  uint32_t dp_hash, recirc_id;
  uint32_t in_port;          // a DpPort in the datapath, an OfPort (16 bits) after translation began
  uint8_t ct_state, ct_nw_proto;
  uint16_t ct_zone;
  uint32_t ct_mark;
  Be32 packet_type;          // 0: Ethernet
  uint8_t ct_label[16];      // network order
  Be32 ct_nw_src, ct_nw_dst;
  net::Ipv6 ct_ipv6_src, ct_ipv6_dst;
  Be16 ct_tp_src, ct_tp_dst;
  uint32_t conj_id;
  uint32_t actset_output;
  uint32_t pad0;
  // Layer 2.
  net::Mac eth_dst, eth_src;
  Be16 eth_type;
  uint8_t pad1[2];
  VlanTag vlans[kVlanTags];  // outermost first
  Be32 mpls[kMplsLabels];    // label stack entries, outermost first
  uint32_t pad2;
  // Layer 3. ARP uses nw_src/nw_dst/nw_proto (opcode) and arp_sha/arp_tha.
  Be32 nw_src, nw_dst;
  net::Ipv6 ipv6_src, ipv6_dst;
  Be32 ipv6_label;
  uint8_t nw_frag, nw_tos, nw_ttl, nw_proto;
  net::Ipv6 nd_target;
  net::Mac arp_sha, arp_tha;   // also nd_sll, nd_tll
  Be16 tcp_flags;
  Be16 nd_options_type;
  uint8_t nsh[24];             // flags, ttl, mdtype, np, path header, context 1-4
  Be32 nd_reserved;
  Be16 tp_src, tp_dst;         // also ICMP type and code (low 8 bits)
  Be32 igmp_group;
  uint32_t pad3;
};
inline constexpr size_t kKeyWords = sizeof(FlowKey) / 8;
static_assert(sizeof(FlowKey) % 8 == 0 && kKeyWords <= 128);

using FlowMask = FlowKey;

// Which words of a key or mask may be other than zero: what hashing and comparing walk over.
struct WordMap {
  uint64_t bits[2] = {0, 0};
  void set(size_t word) { bits[word / 64] |= uint64_t{1} << (word % 64); }
  bool test(size_t word) const { return bits[word / 64] >> (word % 64) & 1; }
  template <typename F>
  void each(F&& f) const {
    for (unsigned half = 0; half < 2; ++half)
      for (uint64_t b = bits[half]; b; b &= b - 1) f(half * 64 + static_cast<unsigned>(std::countr_zero(b)));
  }
  friend bool operator==(const WordMap&, const WordMap&) = default;
};

inline uint64_t* words(FlowKey& k) { return reinterpret_cast<uint64_t*>(&k); }
inline const uint64_t* words(const FlowKey& k) { return reinterpret_cast<const uint64_t*>(&k); }
WordMap nonzero_words(const FlowKey& key);
// Marks every bit of the members as looked at: FLOW_MASK(mask, eth_src).
#define TURNOUT_MASK_ALL(mask, member) std::memset(static_cast<void*>(&(mask).member), 0xff, sizeof((mask).member))

bool equal(const FlowKey& a, const FlowKey& b);
bool equal_masked(const FlowKey& a, const FlowKey& b, const FlowMask& mask, const WordMap& map);   // map: words of mask
uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, const WordMap& map);
uint64_t hash_words(const FlowKey& key, const WordMap& map);
FlowKey apply_mask(const FlowKey& key, const FlowMask& mask);

}  // namespace turnout::flow
