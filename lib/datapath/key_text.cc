// Printing keys and masks of datapath flows.
#include "lib/datapath/key_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/key_text_fields.h"
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
    if (!options_.kernel_order || key_.packet_type) packet_type();
    // Where the packet type is not compared (or not printed), eth() says that the packet has an Ethernet header.
    if (!key_.packet_type) list("eth", kEthFields, options_.kernel_order || !mask_.packet_type);
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

  // NAME(VALUE/MASK) for a single number.
  template <typename T>
  void single(std::string_view name, T value, T mask, bool hex = true) {
    if (!mask && !verbose_) return;
    begin(name);
    const Text t = number<T>(value, mask, static_cast<T>(~T{0}), hex);
    out_ += t.value;
    if (!t.exact) out_ += '/' + t.mask;
    end();
  }

  void list(std::string_view name, std::span<const SubField> fields, bool even_if_empty = false) {
    if (!even_if_empty && !verbose_ &&
        std::ranges::none_of(fields, [&](const SubField& f) { return text_of(f, key_, mask_).any; }))
      return;
    begin(name);
    ItemWriter items(out_, verbose_);
    for (const SubField& f : fields) {
      if (f.format == SubFormat::kFrag && !text_of(f, key_, mask_).any) continue;
      items.item(f.name, text_of(f, key_, mask_));
    }
    end();
  }

  bool any_of(std::span<const SubField> fields) const {
    return std::ranges::any_of(fields, [&](const SubField& f) { return text_of(f, key_, mask_).any; });
  }

  void metadata() {
    single("skb_priority", key_.skb_priority, mask_.skb_priority);
    if (is_tunnelled(key_.tunnel)) attribute_tunnel();
    single("skb_mark", key_.pkt_mark, mask_.pkt_mark);
    connection();
    single("recirc_id", key_.recirc_id, mask_.recirc_id);
    single("dp_hash", key_.dp_hash, mask_.dp_hash);
    port();
  }

  void kernel_metadata() {
    single("recirc_id", key_.recirc_id, mask_.recirc_id);
    single("dp_hash", key_.dp_hash, mask_.dp_hash);
    single("skb_priority", key_.skb_priority, mask_.skb_priority);
    if (is_tunnelled(key_.tunnel)) attribute_tunnel();
    port();
    single("skb_mark", key_.pkt_mark, mask_.pkt_mark);
    connection();
  }

  void connection() {
    ct_state();
    single("ct_zone", key_.ct_zone, mask_.ct_zone);
    single("ct_mark", key_.ct_mark, mask_.ct_mark);
    ct_label();
    if (any_of(kCtTuple4Fields) && key_.ct_nw_src) list("ct_tuple4", kCtTuple4Fields);
    else if (any_of(kCtTuple6Fields)) list("ct_tuple6", kCtTuple6Fields);
  }

  void ct_state() {
    if (!mask_.ct_state && !verbose_) return;
    begin("ct_state");
    if (verbose_) {
      out_ += alternate_hex(key_.ct_state) + '/' + alternate_hex(mask_.ct_state);
    } else {
      out_ += flow::format_masked_flags(flow::kCtStateNames, key_.ct_state, mask_.ct_state);
    }
    end();
  }

  void ct_label() {
    const std::string mask = hex_number(mask_.ct_label);
    if (mask == "0" && !verbose_) return;
    begin("ct_label");
    out_ += hex_number(key_.ct_label);
    if (std::ranges::any_of(mask_.ct_label, [](uint8_t b) { return b != 0xff; })) out_ += '/' + mask;
    end();
  }

  void attribute_tunnel() {
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
    single("in_port", key_.in_port, mask_.in_port, false);
  }

  void packet_type() {
    if (!mask_.packet_type && !verbose_) return;
    const uint32_t value = key_.packet_type.host(), mask = mask_.packet_type.host();
    begin("packet_type");
    ItemWriter items(out_, verbose_);
    items.item("ns", number<uint16_t>(value >> 16, mask >> 16, 0xffff, false), true);
    items.item("id", number<uint16_t>(value & 0xffff, mask & 0xffff, 0xffff, true), true);
    end();
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
        list("ipv4", kIpv4Fields);
        return transport(false);
      case net::kEthTypeIpv6:
        list("ipv6", kIpv6Fields);
        return transport(true);
      case net::kEthTypeArp:
      case net::kEthTypeRarp: return list("arp", kArpFields);
      case net::kEthTypeMpls:
      case net::kEthTypeMplsMulticast: return mpls();
      case net::kEthTypeNsh: return nsh();
      default: return;
    }
  }

  void transport(bool ipv6) {
    if (key_.nw_frag & flow::kFragLater) return;
    switch (key_.nw_proto) {
      case net::kIpTcp:
        list("tcp", kPortFields);
        return tcp_flags();
      case net::kIpUdp: return list("udp", kPortFields);
      case net::kIpSctp: return list("sctp", kPortFields);
      case net::kIpIcmp: return ipv6 ? void() : list("icmp", kIcmpFields);
      case net::kIpIcmpv6: return ipv6 ? icmpv6() : void();
      default: return;
    }
  }

  void icmpv6() {
    list("icmpv6", kIcmpFields);
    const uint16_t type = key_.tp_src.host();
    if ((type == net::kNdSolicit || type == net::kNdAdvert) && !key_.tp_dst) list("nd", kNdFields);
  }

  void tcp_flags() {
    const uint16_t value = key_.tcp_flags.host(), mask = mask_.tcp_flags.host() & 0xfff;
    if (!mask && !(verbose_ && value)) return;
    begin("tcp_flags");
    if (!mask) {
      out_ += "0/0";
    } else {
      out_ += mask == 0xfff ? flow::format_flags(flow::kTcpFlagNames, value)
                            : flow::format_masked_flags(flow::kTcpFlagNames, value, mask);
    }
    end();
  }

  void mpls() {
    const bool any = std::ranges::any_of(mask_.mpls, [](Be32 m) { return static_cast<bool>(m); });
    if (!any && !verbose_) return;
    begin("mpls");
    ItemWriter items(out_, verbose_);
    for (unsigned i = 0; i < flow::kMplsLabels; ++i) {
      const uint32_t value = key_.mpls[i].host(), mask = mask_.mpls[i].host();
      const bool exact = mask == ~0u;
      mpls_item(items, "label", value >> 12, mask >> 12, exact, true);
      mpls_item(items, "tc", value >> 9 & 7, mask >> 9 & 7, exact, false);
      mpls_item(items, "ttl", value & 0xff, mask & 0xff, exact, true);
      mpls_item(items, "bos", value >> 8 & 1, mask >> 8 & 1, exact, false);
      if (value & 0x100 || i + 1 == flow::kMplsLabels || !mask_.mpls[i + 1]) break;
    }
    end();
  }

  // An entry with any mask bit prints all its parts, so that the order alone tells the entries apart, and the masks of all
  // parts unless all are full.
  void mpls_item(ItemWriter& items, const char* name, uint32_t value, uint32_t mask, bool exact, bool prefix) {
    const std::string shown = prefix ? fmt::format("0x{:x}", mask) : fmt::format("{:x}", mask);
    items.item(name, {std::to_string(value), shown, true, exact}, true);
  }

  // What is not compared is left out in the verbose form too.
  void nsh_item(ItemWriter& items, std::string_view name, const Text& t) {
    if (t.any) items.item(name, t);
  }

  void nsh() {
    const uint8_t *k = key_.nsh, *m = mask_.nsh;
    begin("nsh");
    ItemWriter items(out_, verbose_);
    nsh_item(items, "flags", number<uint8_t>(k[0], m[0], 0xff, false));
    nsh_item(items, "ttl", number<uint8_t>(k[1], m[1], 0xff, false));
    nsh_item(items, "mdtype", number<uint8_t>(k[2], m[2], 0xff, false));
    nsh_item(items, "np", number<uint8_t>(k[3], m[3], 0xff, false));
    const uint32_t path = load<Be32>(key_, kNshOffset + 4).host(), path_mask = load<Be32>(mask_, kNshOffset + 4).host();
    nsh_item(items, "spi", number<uint32_t>(path >> 8, path_mask >> 8, 0xffffff, true));
    nsh_item(items, "si", number<uint32_t>(path & 0xff, path_mask & 0xff, 0xff, false));
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = kNshOffset + 8 + i * 4;
      const Text context = number<uint32_t>(load<Be32>(key_, at).host(), load<Be32>(mask_, at).host(), ~0u, true);
      // Only the first type of header has contexts; the others are written with zeros in their place.
      nsh_item(items, fmt::format("c{}", i + 1), k[2] == 1 ? context : Text{"0x0", {}, true, true});
    }
    end();
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
