// See encapsulate.h.
#include "vswitchd/translate/encapsulate.h"

#include "lib/net/headers.h"
#include "vswitchd/translate/tunnel_table.h"

namespace turnout::translate {
namespace {

constexpr uint8_t kEcnBits = 3, kEcnCapable0 = 2, kEcnCongested = 3;

bool is_ip(const flow::FlowKey& key) {
  return key.eth_type == Be16{net::kEthTypeIpv4} || key.eth_type == Be16{net::kEthTypeIpv6};
}

// ECN is inherited always, but congestion inside stays inside: the tunnel's far end brings the marks of the path
// together (RFC 3168 §9.1.1, full functionality).
uint8_t tos_outside(const netdev::TunnelConfig& config, const flow::FlowKey& key, flow::FlowMask* mask) {
  if (!is_ip(key)) return config.tos;
  mask->nw_tos |= config.tos_inherit ? uint8_t{0xff} : kEcnBits;
  const uint8_t inside = key.nw_tos & kEcnBits;
  const uint8_t codepoint = static_cast<uint8_t>(config.tos_inherit ? key.nw_tos & ~kEcnBits : config.tos);
  return static_cast<uint8_t>(codepoint | (inside == kEcnCongested ? kEcnCapable0 : inside));
}

uint8_t ttl_outside(const netdev::TunnelConfig& config, const flow::FlowKey& key, flow::FlowMask* mask) {
  if (config.ttl_inherit && is_ip(key)) {
    mask->nw_ttl = 0xff;
    return key.nw_ttl;
  }
  return config.ttl ? config.ttl : netdev::TunnelConfig::kDefaultTtl;
}

// With out_key=flow: what an OpenFlow action set, else the key that the packet came with, else 0.
void put_key(const netdev::TunnelConfig& config, const flow::FlowKey& key, flow::FlowMask* mask, flow::TunnelKey& out) {
  if (config.out_key.flow) {
    out.id = key.tunnel.id;
    out.flags |= flow::kTunnelKey;
    if (is_tunnelled(key.tunnel)) TURNOUT_MASK_ALL(*mask, tunnel.id), mask->tunnel.flags |= flow::kTunnelKey;
  } else if (config.out_key.value) {
    out.id = Be64{config.out_key.value};
    out.flags |= flow::kTunnelKey;
  }
}

void put_erspan(const netdev::TunnelConfig& config, flow::TunnelKey& out) {
  out.erspan_ver = static_cast<uint8_t>(config.erspan_version.value);
  out.erspan_idx = static_cast<uint32_t>(config.erspan_index.value);
  out.erspan_dir = static_cast<uint8_t>(config.erspan_direction.value);
  out.erspan_hwid = static_cast<uint8_t>(config.erspan_hardware.value);
}

}  // namespace

std::optional<flow::TunnelKey> encapsulation(const netdev::TunnelConfig& config, const flow::FlowKey& key, flow::FlowMask* mask) {
  if (!config.remote.is_fixed()) return std::nullopt;
  flow::TunnelKey out{};
  out.ipv4_dst = config.remote.ipv4;
  out.ipv6_dst = config.remote.ipv6;
  out.ipv4_src = config.local.ipv4;
  out.ipv6_src = config.local.ipv6;
  out.tos = tos_outside(config, key, mask);
  out.ttl = ttl_outside(config, key, mask);
  out.tp_dst = Be16{config.udp_port};
  if (config.dont_fragment) out.flags |= flow::kTunnelDf;
  if (config.wants_checksum()) out.flags |= flow::kTunnelCsum;
  put_key(config, key, mask, out);
  if (config.erspan_version.given) put_erspan(config, out);
  return out;
}

}  // namespace turnout::translate
