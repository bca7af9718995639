// Wire headers as structs without alignment, in network order, and the numbers that stand in them.
#pragma once

#include <cstdint>

#include "lib/base/endian.h"
#include "lib/net/address.h"

namespace turnout::net {

// EtherTypes (IEEE 802 numbers).
inline constexpr uint16_t kEthTypeIpv4 = 0x0800, kEthTypeArp = 0x0806, kEthTypeTeb = 0x6558, kEthTypeRarp = 0x8035,
                          kEthTypeVlan = 0x8100, kEthTypeIpv6 = 0x86dd, kEthTypeSlow = 0x8809, kEthTypeMpls = 0x8847,
                          kEthTypeMplsMulticast = 0x8848, kEthTypeQinq = 0x88a8, kEthTypeLldp = 0x88cc,
                          kEthTypeNsh = 0x894f, kEthTypeCfm = 0x8902;
inline constexpr uint16_t kEthTypeMin = 0x0600;   // below it the field is an IEEE 802.3 length
// IP protocols.
inline constexpr uint8_t kIpHopOptions = 0, kIpIcmp = 1, kIpIgmp = 2, kIpTcp = 6, kIpUdp = 17, kIpRouting = 43,
                         kIpFragment = 44, kIpGre = 47, kIpEsp = 50, kIpAh = 51, kIpIcmpv6 = 58, kIpNone = 59,
                         kIpDestOptions = 60, kIpMobility = 135, kIpSctp = 132;
// TCP flags in the low 12 bits of the word at offset 12.
inline constexpr uint16_t kTcpFin = 0x001, kTcpSyn = 0x002, kTcpRst = 0x004, kTcpPsh = 0x008, kTcpAck = 0x010,
                          kTcpUrg = 0x020, kTcpEce = 0x040, kTcpCwr = 0x080, kTcpNs = 0x100;
inline constexpr uint8_t kNdSolicit = 135, kNdAdvert = 136, kNdOptionSourceLink = 1, kNdOptionTargetLink = 2;
inline constexpr uint8_t kIcmpv6EchoRequest = 128, kIcmpv6EchoReply = 129;

// A big-endian integer anywhere in memory: reads and writes as the Be type, without its alignment.
template <typename T>
class Wire {
 public:
  Wire() = default;
  Wire(BigEndian<T> v) { *this = v; }   // NOLINT: stands for the Be type
  Wire& operator=(BigEndian<T> v) {
    const T raw = v.raw();
    __builtin_memcpy(bytes_, &raw, sizeof raw);
    return *this;
  }
  operator BigEndian<T>() const {       // NOLINT
    T raw;
    __builtin_memcpy(&raw, bytes_, sizeof raw);
    return BigEndian<T>::from_raw(raw);
  }
  T host() const { return BigEndian<T>(*this).host(); }
  Wire& operator&=(BigEndian<T> v) { return *this = BigEndian<T>(*this) & v; }
  Wire& operator|=(BigEndian<T> v) { return *this = BigEndian<T>(*this) | v; }

 private:
  uint8_t bytes_[sizeof(T)] = {};
};
using Wire16 = Wire<uint16_t>;
using Wire32 = Wire<uint32_t>;

struct EthHeader { Mac dst, src; Wire16 type; };
struct VlanHeader { Wire16 tci, type; };                // behind the 0x8100 or 0x88a8 in front of it
struct MplsHeader { Wire32 entry; };                     // label, traffic class, bottom of stack, TTL
struct LlcSnapHeader { uint8_t dsap, ssap, control, oui[3]; Wire16 type; };
struct ArpHeader { Wire16 hrd, pro; uint8_t hln, pln; Wire16 op; Mac sha; Wire32 spa; Mac tha; Wire32 tpa; };   // for IPv4
struct Ipv4Header {
  uint8_t version_ihl, tos;
  Wire16 total_length, id, fragment;                    // fragment: flags and offset in units of 8 bytes
  uint8_t ttl, protocol;
  Wire16 checksum;
  Wire32 src, dst;
  unsigned header_length() const { return (version_ihl & 15u) * 4; }
};
struct Ipv6Header {
  Wire32 version_class_label;
  Wire16 payload_length;
  uint8_t next_header, hop_limit;
  Ipv6 src, dst;
};
struct Ipv6Extension { uint8_t next_header, length; };   // length in units of 8 bytes, the first not counted
struct Ipv6Fragment { uint8_t next_header, reserved; Wire16 offset; Wire32 id; };
struct TcpHeader {
  Wire16 src, dst;
  Wire32 seq, ack;
  Wire16 offset_flags, window, checksum, urgent;
  unsigned header_length() const { return (offset_flags.host() >> 12) * 4u; }
};
struct UdpHeader { Wire16 src, dst, length, checksum; };
struct SctpHeader { Wire16 src, dst; Wire32 tag, checksum; };
struct IcmpHeader { uint8_t type, code; Wire16 checksum; Wire32 rest; };       // ICMP and ICMPv6
struct NdHeader { uint8_t type, code; Wire16 checksum; Wire32 reserved; Ipv6 target; };
struct NdLinkOption { uint8_t type, length; Mac address; };                // length in units of 8 bytes
struct IgmpHeader { uint8_t type, code; Wire16 checksum; Wire32 group; };
struct NshHeader { Wire16 version_flags_ttl_length; uint8_t mdtype, np; Wire32 path; };

inline constexpr uint16_t kIpv4DontFragment = 0x4000, kIpv4MoreFragments = 0x2000, kIpv4OffsetMask = 0x1fff;
inline constexpr uint16_t kIpv6OffsetMask = 0xfff8, kIpv6MoreFragments = 1;

static_assert(sizeof(EthHeader) == 14 && sizeof(ArpHeader) == 28 && sizeof(Ipv4Header) == 20 && sizeof(Ipv6Header) == 40);
static_assert(sizeof(TcpHeader) == 20 && sizeof(NdHeader) == 24 && alignof(Ipv6Header) == 1);

// TCP flags and checksums move within wider words:
inline Be16 tcp_flags_of(const TcpHeader& h) { return Be16(h.offset_flags) & Be16{0x0fff}; }

}  // namespace turnout::net
