// Tunnel interfaces: what Interface.options says of one, checked, and the device of a host that carries it. Values, pure.
// ovs-vswitchd.conf.db(5), table Interface, "Tunnel Options".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/endian.h"
#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/net/address.h"

namespace turnout::netdev {

struct TunnelKind {                    // one for each Interface.type
  enum class Family : uint8_t { kAny, kIpv4, kIpv6 };
  std::string_view type;               // "vxlan"
  std::string_view link_kind;          // rtnetlink's word for its devices; empty: no kernel here has any
  std::string_view device;             // of the device: its name, or with a UDP port what stands before the number
  uint16_t default_port;               // 0: none, and options:dst_port is unknown
  uint8_t key_bits;                    // of options:key; 0: it has none
  Family family;                       // of the addresses outside
  bool layer3;                         // packets inside have no Ethernet header
};
std::span<const TunnelKind> tunnel_kinds();
const TunnelKind* find_tunnel_kind(std::string_view type);              // nullptr: another type of interface

struct TunnelAddress {
  enum class Form : uint8_t { kAny, kFlow, kIpv4, kIpv6 } form = Form::kAny;
  Be32 ipv4;
  net::Ipv6 ipv6;
  bool is_fixed() const { return form == Form::kIpv4 || form == Form::kIpv6; }
  std::string text() const;            // "::" for any, "flow"
  friend bool operator==(const TunnelAddress&, const TunnelAddress&) = default;
  friend auto operator<=>(const TunnelAddress&, const TunnelAddress&) = default;
};

// A number that the configuration gives or each packet brings.
struct TunnelNumber {
  bool given = false, flow = false;
  uint64_t value = 0;
  friend bool operator==(const TunnelNumber&, const TunnelNumber&) = default;
};

enum class TunnelPackets : uint8_t { kLegacyL2, kLegacyL3, kAnyType };   // options:packet_type

struct TunnelConfig {
  const TunnelKind* kind = nullptr;
  TunnelAddress remote, local;
  TunnelNumber in_key, out_key;
  uint16_t udp_port = 0;               // 0: a kind without
  bool gbp = false, gpe = false;       // options:exts
  TunnelPackets packets = TunnelPackets::kLegacyL2;
  bool tos_inherit = false, ttl_inherit = false;
  uint8_t tos = 0, ttl = 0;            // ttl 0: the default, 64
  bool dont_fragment = true;
  std::optional<bool> csum;            // see wants_checksum()
  bool sequence = false;               // gre: options:seq
  std::optional<uint32_t> egress_mark;
  TunnelNumber erspan_version, erspan_index, erspan_direction, erspan_hardware;

  static constexpr uint8_t kDefaultTtl = 64;
  // Unset: over IPv6 what UDP demands (RFC 8200 §8.1), none for the rest.
  bool wants_checksum() const;
  std::string device_name() const;     // "vxlan_sys_4789", "gre_sys"
  friend bool operator==(const TunnelConfig&, const TunnelConfig&) = default;
};

struct ParsedTunnel {
  TunnelConfig config;
  std::vector<std::string> warnings;   // what is passed over, a line each
};
// Code EINVAL; the error is what Interface.error says. type is one of tunnel_kinds().
Result<ParsedTunnel> parse_tunnel(const std::string& name, std::string_view type,
                                  const std::map<std::string, std::string>& options);

// Would a packet for one of them be for the other, too? Then only one of them can be.
bool same_packets(const TunnelConfig& a, const TunnelConfig& b);
// Can their devices stand side by side, or be one? VXLAN's extensions are settings of its device.
bool same_device_settings(const TunnelConfig& a, const TunnelConfig& b);

// "key=5, remote_ip=10.0.0.2", the options that are not at their defaults, as dpif/show prints them.
std::string tunnel_options_text(const TunnelConfig& config);
// "::->10.0.0.2, key=0x5, legacy_l2, dp port=2", as ofproto/list-tunnels and messages do.
std::string tunnel_match_text(const TunnelConfig& config, DpPort port);
// "port 2: vx (vxlan: ::->10.0.0.2, key=0x5, legacy_l2, dp port=2, ttl=64)"
std::string tunnel_line(const std::string& name, const TunnelConfig& config, DpPort port);

}  // namespace turnout::netdev
