// Texts about tunnels: ovs-vswitchd(8), dpif/show and ofproto/list-tunnels.
#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/netdev/tunnel.h"

namespace turnout::netdev {
namespace {

std::string hex(uint64_t value) { return value ? fmt::format("{:#x}", value) : "0"; }

std::string match_key_text(const TunnelNumber& key) { return key.flow ? "flow" : hex(key.value); }

const char* packets_text(TunnelPackets packets) {
  switch (packets) {
    case TunnelPackets::kLegacyL2: return "legacy_l2";
    case TunnelPackets::kLegacyL3: return "legacy_l3";
    case TunnelPackets::kAnyType: return "ptap";
  }
  return "unknown";
}

// Options in the order of their names.
class Options {
 public:
  void add(std::string_view name, std::string_view value) { parts_.push_back(fmt::format("{}={}", name, value)); }
  void add(std::string_view name, const TunnelNumber& n, std::string_view format) {
    if (n.given) add(name, n.flow ? "flow" : fmt::format(fmt::runtime(format), n.value));
  }
  std::string text() const { return join(parts_, ", "); }

 private:
  std::vector<std::string> parts_;
};

}  // namespace

std::string TunnelAddress::text() const {
  switch (form) {
    case Form::kAny: return "::";
    case Form::kFlow: return "flow";
    case Form::kIpv4: return net::ipv4_to_string(ipv4);
    case Form::kIpv6: return ipv6.to_string();
  }
  return {};
}

std::string tunnel_options_text(const TunnelConfig& c) {
  Options o;
  const bool one_key = c.in_key.given && c.in_key == c.out_key;
  const bool layer2 = c.packets == TunnelPackets::kLegacyL2;
  if (c.csum && *c.csum != TunnelConfig{c.kind, c.remote, c.local, {}, {}, c.udp_port}.wants_checksum())
    o.add("csum", *c.csum ? "true" : "false");
  if (!c.dont_fragment) o.add("df_default", "false");
  if (c.udp_port != c.kind->default_port) o.add("dst_port", std::to_string(c.udp_port));
  if (c.egress_mark) o.add("egress_pkt_mark", std::to_string(*c.egress_mark));
  o.add("erspan_dir", c.erspan_direction, "{}");
  o.add("erspan_hwid", c.erspan_hardware, "{:#x}");
  o.add("erspan_idx", c.erspan_index, "{:#x}");
  if (c.kind->type.ends_with("erspan")) o.add("erspan_ver", {true, c.erspan_version.flow, c.erspan_version.value}, "{}");
  if (!one_key) o.add("in_key", c.in_key, "{}");
  if (one_key) o.add("key", c.in_key, "{}");
  if (c.local.form != TunnelAddress::Form::kAny) o.add("local_ip", c.local.text());
  if (!one_key) o.add("out_key", c.out_key, "{}");
  if (!c.kind->layer3 ? !layer2 : c.packets != TunnelPackets::kLegacyL3) o.add("packet_type", packets_text(c.packets));
  o.add("remote_ip", c.remote.text());
  if (c.sequence) o.add("seq", "true");
  if (c.tos_inherit) o.add("tos", "inherit");
  else if (c.tos) o.add("tos", hex(c.tos));
  if (c.ttl_inherit) o.add("ttl", "inherit");
  else if (c.ttl) o.add("ttl", std::to_string(c.ttl));
  return o.text();
}

std::string tunnel_match_text(const TunnelConfig& c, DpPort port) {
  return fmt::format("{}->{}, key={}, {}, dp port={}", c.local.text(), c.remote.text(), match_key_text(c.in_key),
                     packets_text(c.packets), port.value);
}

std::string tunnel_line(const std::string& name, const TunnelConfig& c, DpPort port) {
  std::string text = fmt::format("port {}: {} ({}: {}", port.value, name, c.kind->type, tunnel_match_text(c, port));
  if (!(c.in_key == c.out_key)) text += ", out_key=" + (c.out_key.given ? match_key_text(c.out_key) : "none");
  text += ", ttl=" + (c.ttl_inherit ? "inherit" : std::to_string(c.ttl ? c.ttl : TunnelConfig::kDefaultTtl));
  if (c.tos_inherit || c.tos) text += ", tos=" + (c.tos_inherit ? "inherit" : hex(c.tos));
  if (!c.dont_fragment) text += ", df=false";
  if (c.wants_checksum()) text += ", csum=true";
  return text + ")";
}

}  // namespace turnout::netdev
