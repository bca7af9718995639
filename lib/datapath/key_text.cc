// Printing keys and masks of datapath flows.
#include "lib/datapath/key_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/attribute_text.h"
#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/flow/extract.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using flow::FlowKey;
using flow::FlowMask;
using namespace text;

class Writer {
 public:
  Writer(const FlowKey& key, const FlowMask& mask, const KeyTextOptions& options)
      : key_(key), mask_(mask), verbose_(options.verbose), options_(options) {}

  std::string all() {
    if (options_.kernel_order) kernel_metadata();
    else metadata();
    if (!options_.kernel_order || key_.packet_type) attribute(KeyAttribute::kPacketType);
    // Where the packet type is not compared (or not printed), eth() says that the packet has an Ethernet header.
    if (!key_.packet_type) attribute(KeyAttribute::kEthernet, options_.kernel_order || !mask_.packet_type);
    tags();
    std::string text = std::move(out_);
    text += std::string(encaps_, ')');
    return text;
  }

 private:
  void begin(std::string_view name) {
    if (!out_.empty() && out_.back() != '(') out_ += ',';
    out_ += name;
    out_ += '(';
  }
  void end() { out_ += ')'; }

  bool is_compared(KeyAttribute a) const { return datapath::is_compared(row_of(a), key_, mask_); }
  void attribute(KeyAttribute a, bool even_if_empty = false) {
    if (!even_if_empty && !verbose_ && !is_compared(a)) return;
    if (!out_.empty() && out_.back() != '(') out_ += ',';
    append_attribute(out_, row_of(a), key_, mask_, verbose_);
  }

  void metadata() {
    attribute(KeyAttribute::kPriority);
    tunnel();
    attribute(KeyAttribute::kMark);
    connection();
    attribute(KeyAttribute::kRecircId);
    attribute(KeyAttribute::kDpHash);
    port();
  }

  void kernel_metadata() {
    attribute(KeyAttribute::kRecircId);
    attribute(KeyAttribute::kDpHash);
    attribute(KeyAttribute::kPriority);
    tunnel();
    port();
    attribute(KeyAttribute::kMark);
    connection();
  }

  void connection() {
    for (KeyAttribute a : {KeyAttribute::kCtState, KeyAttribute::kCtZone, KeyAttribute::kCtMark, KeyAttribute::kCtLabel}) attribute(a);
    if (is_compared(KeyAttribute::kCtTuple4) && key_.ct_nw_src) attribute(KeyAttribute::kCtTuple4);
    else if (is_compared(KeyAttribute::kCtTuple6)) attribute(KeyAttribute::kCtTuple6);
  }

  void tunnel() {
    if (!is_tunnelled(key_.tunnel)) return;
    begin("tunnel");
    append_tunnel(out_, key_, mask_, verbose_);
    end();
  }

  void port() {
    if (!mask_.in_port && !verbose_) return;
    if (options_.port_name && mask_.in_port == ~0u) {
      if (const auto name = options_.port_name(DpPort{key_.in_port})) {
        begin("in_port");
        out_ += *name;
        end();
        return;
      }
    }
    attribute(KeyAttribute::kInPort);
  }

  void eth_type(Be16 type, Be16 mask) {
    if (type.host() == flow::kEthTypeNone) {   // a frame without a type: what other than a type is matched
      if (mask || verbose_) begin("eth_type"), out_ += "0/0xffff", end();
      return;
    }
    if (!mask && !verbose_) return;
    begin("eth_type");
    out_ += fmt::format("0x{:04x}", type.host());
    if (mask.raw() != 0xffff) out_ += fmt::format("/0x{:04x}", mask.host());
    end();
  }

  void tags() {
    unsigned tags = 0;
    for (; tags < flow::kVlanTags && key_.vlans[tags].tpid; ++tags) tag(key_.vlans[tags].tpid, tags);
    const uint16_t type = key_.eth_type.host();
    // A TPID where a tag would have been read: the frame ended within the tag.
    if ((type == net::kEthTypeVlan || type == net::kEthTypeQinq) && tags < flow::vlan_limit()) return tag(key_.eth_type, tags);
    if (!tags || type != flow::kEthTypeNone) eth_type(key_.eth_type, mask_.eth_type);
    network();
  }

  void tag(Be16 tpid, unsigned i) {
    eth_type(tpid, Be16{0xffff});
    const uint16_t value = key_.vlans[i].tci.host(), mask = mask_.vlans[i].tci.host();
    begin("vlan");
    ItemWriter items(out_, verbose_);
    vlan_item(items, "vid", value & 0xfff, mask & 0xfff, 0xfff);
    vlan_item(items, "pcp", value >> 13, mask >> 13, 7);
    if (!(value & flow::kVlanPresent)) items.item("cfi", {"0", {}, true, true});
    end();
    begin("encap");
    ++encaps_;
  }

  void vlan_item(ItemWriter& items, const char* name, unsigned value, unsigned mask, unsigned all) {
    items.item(name, {std::to_string(value), fmt::format("{:#x}", mask), mask || value, mask == all});
  }

  void network() {
    switch (key_.eth_type.host()) {
      case net::kEthTypeIpv4:
        attribute(KeyAttribute::kIpv4);
        return transport(false);
      case net::kEthTypeIpv6:
        attribute(KeyAttribute::kIpv6);
        return transport(true);
      case net::kEthTypeArp:
      case net::kEthTypeRarp: return attribute(KeyAttribute::kArp);
      case net::kEthTypeMpls:
      case net::kEthTypeMplsMulticast: return attribute(KeyAttribute::kMpls);
      case net::kEthTypeNsh: return attribute(KeyAttribute::kNsh, true);
      default: return;
    }
  }

  void transport(bool ipv6) {
    if (key_.nw_frag & flow::kFragLater) return;
    switch (key_.nw_proto) {
      case net::kIpTcp:
        attribute(KeyAttribute::kTcp);
        if (is_compared(KeyAttribute::kTcpFlags) || key_.tcp_flags || options_.kernel_order) attribute(KeyAttribute::kTcpFlags);
        return;
      case net::kIpUdp: return attribute(KeyAttribute::kUdp);
      case net::kIpSctp: return attribute(KeyAttribute::kSctp);
      case net::kIpIcmp: return ipv6 ? void() : attribute(KeyAttribute::kIcmp);
      case net::kIpIcmpv6: return ipv6 ? icmpv6() : void();
      default: return;
    }
  }

  void icmpv6() {
    attribute(KeyAttribute::kIcmpv6);
    const uint16_t type = key_.tp_src.host();
    if ((type == net::kNdSolicit || type == net::kNdAdvert) && !key_.tp_dst) {
      attribute(KeyAttribute::kNd);
      if (is_compared(KeyAttribute::kNdExtensions)) attribute(KeyAttribute::kNdExtensions);
    }
  }

  const FlowKey& key_;
  const FlowMask& mask_;
  bool verbose_;
  const KeyTextOptions& options_;
  std::string out_;
  size_t encaps_ = 0;
};

}  // namespace

std::string format_flow(const FlowKey& key, const FlowMask& mask, const KeyTextOptions& options) {
  return Writer(key, mask, options).all();
}

std::string format_key(const FlowKey& key, const KeyTextOptions& options) {
  FlowMask mask;
  std::memset(static_cast<void*>(&mask), 0xff, sizeof mask);
  // What an exact key would only fill with zeros:
  if (!key.skb_priority) mask.skb_priority = 0;
  if (!key.pkt_mark) mask.pkt_mark = 0;
  if (!key.dp_hash) mask.dp_hash = 0;
  if (!key.ct_state) mask.ct_state = 0;
  if (!key.ct_zone) mask.ct_zone = 0;
  if (!key.ct_mark) mask.ct_mark = 0;
  if (hex_number(key.ct_label) == "0") std::memset(mask.ct_label, 0, sizeof mask.ct_label);
  mask.ct_nw_src = mask.ct_nw_dst = Be32{};
  mask.ct_ipv6_src = mask.ct_ipv6_dst = {};
  mask.ct_nw_proto = 0;
  leave_out_absent_options(key.tunnel, mask.tunnel);
  if (!key.nd_reserved) mask.nd_reserved = Be32{};
  if (!key.nd_options_type) mask.nd_options_type = Be16{};
  mask.ct_tp_src = mask.ct_tp_dst = Be16{};
  KeyTextOptions exact = options;
  exact.verbose = false;
  return Writer(key, mask, exact).all();
}

std::string format_ufid(const Ufid& u) {
  return fmt::format("ufid:{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", u[0], u[1] >> 16, u[1] & 0xffff, u[2] >> 16,
                     u[2] & 0xffff, u[3]);
}

bool looks_like_flow(std::string_view text) { return text.find('(') != std::string_view::npos; }

}  // namespace turnout::datapath
