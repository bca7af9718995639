// Walks the rows of key_layout.h. What has a shape of its own is written out here: VLAN tags, MPLS, NSH; tunnels have a
// file of their own.
#include "lib/datapath/kernel/key_codec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/datapath/kernel/key_layout.h"
#include "lib/datapath/kernel/tunnel_codec.h"

namespace turnout::datapath::kernel {
namespace {

using flow::FlowKey;

// Writes keys (value is key) and masks (of key). The rows become code, one piece each, for an upcall goes through it.
template <What what>
class Encoder {
 public:
  Encoder(const FlowKey& key, const FlowKey& value, AttributeWriter& out) : key_(key), value_(value), out_(out) {}

  void run() {
    rows<kMetadata>();
    if (is_tunnelled(key_.tunnel)) {
      if (is_mask()) encode_tunnel_mask(key_.tunnel, value_.tunnel, out_);
      else encode_tunnel_key(key_.tunnel, out_);
    }
    tags(0);
  }

 private:
  static bool is_tunnelled(const flow::TunnelKey& t) { return t.ipv4_dst || t.ipv4_src || !t.ipv6_dst.is_zero() || !t.ipv6_src.is_zero(); }
  static constexpr bool is_mask() { return what == What::kMask; }
  static bool is_zero(const uint8_t* bytes, size_t size) { return std::all_of(bytes, bytes + size, [](uint8_t b) { return b == 0; }); }

  template <const auto& kRows>
  void rows() {
    [&]<size_t... row>(std::index_sequence<row...>) { (this->template row_of<kRows, row>(), ...); }(
        std::make_index_sequence<std::size(kRows)>());
  }
  // The kernel takes what is not in a mask for a wildcard.
  template <const auto& kRows, size_t kRow>
  void row_of() {
    constexpr const Layout& l = kRows[kRow];
    if (!l.applies(key_)) return;
    std::array<uint8_t, l.size> payload{};
    encode_row<kRows, kRow, what>(value_, payload.data());
    if (!is_mask() || !is_zero(payload.data(), l.size)) out_.put(l.attribute, payload);
  }
  void put(uint16_t type, const void* payload, size_t size) {
    if (!is_mask() || !is_zero(static_cast<const uint8_t*>(payload), size)) out_.put(type, payload, size);
  }
  void ethertype(Be16 type) { out_.put(OVS_KEY_ATTR_ETHERTYPE, is_mask() ? ~Be16{} : type); }

  void tags(unsigned depth) {
    if (depth == flow::kVlanTags || !key_.vlans[depth].tpid) return frame();
    ethertype(key_.vlans[depth].tpid);
    Be16 tci = value_.vlans[depth].tci;
    if (is_mask()) tci |= Be16{flow::kVlanPresent};   // compared in any case, and required to say so
    out_.put(OVS_KEY_ATTR_VLAN, tci);
    const size_t nest = out_.nest(OVS_KEY_ATTR_ENCAP);
    if (key_.vlans[depth].tci) tags(depth + 1);
    out_.end(nest);
  }

  void frame() {
    if (key_.eth_type != Be16{flow::kEthTypeNone}) ethertype(key_.eth_type);
    else if (is_mask()) ethertype({});
    rows<kNetwork>();
    if (layout::is_type(key_, net::kEthTypeMpls) || layout::is_type(key_, net::kEthTypeMplsMulticast)) mpls();
    if (layout::is_type(key_, net::kEthTypeNsh)) nsh();
  }

  void mpls() {
    size_t n = 0;
    while (n < flow::kMplsLabels && key_.mpls[n]) ++n;
    n = std::max<size_t>(n, 1);
    put(OVS_KEY_ATTR_MPLS, value_.mpls, n * sizeof value_.mpls[0]);
  }

  void nsh() {
    const size_t nest = out_.nest(OVS_KEY_ATTR_NSH);
    put(OVS_NSH_KEY_ATTR_BASE, value_.nsh, sizeof(ovs_nsh_key_base));
    if (key_.nsh[2] == 1) put(OVS_NSH_KEY_ATTR_MD1, value_.nsh + sizeof(ovs_nsh_key_base), sizeof(ovs_nsh_key_md1));
    out_.end(nest);
  }

  const FlowKey &key_, &value_;
  AttributeWriter& out_;
};

// What a row's attribute needs of its payload, by the attribute's number. Those that have no row have no code.
struct RowDecoder {
  size_t size = 0;
  void (*decode)(const uint8_t* payload, FlowKey& key) = nullptr;
};
using RowDecoders = std::array<RowDecoder, OVS_KEY_ATTR_MAX + 1>;

template <const auto& kRows, What what>
constexpr void add_rows(RowDecoders& to) {
  [&]<size_t... row>(std::index_sequence<row...>) {
    ((to[kRows[row].attribute] = {kRows[row].size, decode_row<kRows, row, what>}), ...);
  }(std::make_index_sequence<std::size(kRows)>());
}

template <What what>
constexpr RowDecoders kRowDecoders = [] {
  RowDecoders all;
  add_rows<kMetadata, what>(all);
  add_rows<kNetwork, what>(all);
  return all;
}();

template <What what>
class Decoder {
 public:
  explicit Decoder(FlowKey& out) : out_(out) {}

  Status run(std::span<const uint8_t> bytes) { return level(bytes, 0); }

 private:
  Status level(std::span<const uint8_t> bytes, unsigned depth) {
    std::optional<Be16> type, tci;
    std::optional<std::span<const uint8_t>> inner;
    AttributeReader reader(bytes);
    while (auto a = reader.next()) {
      switch (a->type) {
        case OVS_KEY_ATTR_ETHERTYPE: type = a->as<Be16>(); break;
        case OVS_KEY_ATTR_VLAN: tci = a->as<Be16>(); break;
        case OVS_KEY_ATTR_ENCAP: inner = a->payload; break;
        default:
          if (Status s = attribute(*a); !s) return s;
      }
    }
    if (!reader.is_whole()) return fail("malformed netlink attributes in a flow key");
    const bool tagged = tci || inner;
    if (!tagged) {
      out_.eth_type = type.value_or(what == What::kKey ? Be16{flow::kEthTypeNone} : Be16{});
      return {};
    }
    // One tag more than a key holds, of which only the type is known: turnout.ko says so as of a tag that is cut off.
    if (depth == flow::kVlanTags && !tci.value_or(Be16{}) && (!inner || inner->empty())) {
      out_.eth_type = type.value_or(Be16{});
      return {};
    }
    if (depth == flow::kVlanTags) return fail("too many VLAN tags in a flow key");
    out_.vlans[depth] = {type.value_or(Be16{}), tci.value_or(Be16{})};
    // Nothing inside a tag that is there: a frame without an Ethernet type. Inside one that is cut off: nothing at all.
    const bool cut_off = what == What::kMask || !(out_.vlans[depth].tci & Be16{flow::kVlanPresent});
    if (!inner || (inner->empty() && cut_off)) return {};
    return level(*inner, depth + 1);
  }

  Status attribute(const Attribute& a) {
    switch (a.type) {
      case OVS_KEY_ATTR_TUNNEL: return decode_tunnel(a.payload, what == What::kMask ? TunnelSort::kMask : TunnelSort::kKey, out_.tunnel);
      case OVS_KEY_ATTR_MPLS: return mpls(a.payload);
      case OVS_KEY_ATTR_NSH: return nsh(a.payload);
    }
    if (a.type > OVS_KEY_ATTR_MAX) return {};
    const RowDecoder& row = kRowDecoders<what>[a.type];
    if (!row.decode) return {};
    if (a.payload.size() < row.size) return fail("truncated attribute " + std::to_string(a.type) + " in a flow key");
    row.decode(a.payload.data(), out_);
    return {};
  }

  Status mpls(std::span<const uint8_t> payload) {
    std::memcpy(out_.mpls, payload.data(), std::min(payload.size() & ~size_t{3}, sizeof out_.mpls));
    return {};
  }

  Status nsh(std::span<const uint8_t> payload) {
    AttributeReader reader(payload);
    while (auto a = reader.next()) {
      if (a->type == OVS_NSH_KEY_ATTR_BASE)
        std::memcpy(out_.nsh, a->payload.data(), std::min(a->payload.size(), sizeof(ovs_nsh_key_base)));
      if (a->type == OVS_NSH_KEY_ATTR_MD1)
        std::memcpy(out_.nsh + sizeof(ovs_nsh_key_base), a->payload.data(), std::min(a->payload.size(), sizeof(ovs_nsh_key_md1)));
    }
    return reader.is_whole() ? Status{} : fail("malformed NSH in a flow key");
  }

  FlowKey& out_;
};

}  // namespace

Status check_match(const FlowKey& key, const flow::FlowMask& mask) {
  const auto none = [](const char* what) { return fail(std::string("kernel datapaths have no ") + what, EOPNOTSUPP); };
  if (mask.tunnel.gtpu_flags || mask.tunnel.gtpu_msgtype) {
    if (key.tunnel.gtpu_flags || key.tunnel.gtpu_msgtype) return none("GTP-U options in a key");
  }
  if (layout::is_neighbour_discovery(key) && (mask.nd_reserved || mask.nd_options_type) && (key.nd_reserved || key.nd_options_type))
    return none("nd_ext in a key");
  return {};
}

void encode_key(const FlowKey& key, AttributeWriter& out) { Encoder<What::kKey>(key, key, out).run(); }

void encode_mask(const FlowKey& key, const flow::FlowMask& mask, AttributeWriter& out) {
  Encoder<What::kMask>(key, mask, out).run();
}

Result<FlowKey> decode_key(std::span<const uint8_t> bytes) {
  Result<FlowKey> key(tl::in_place);
  if (Status s = Decoder<What::kKey>(*key).run(bytes); !s) return fail(s);
  return key;
}

Result<flow::FlowMask> decode_mask(const FlowKey& key, std::span<const uint8_t> bytes) {
  Result<flow::FlowMask> result(tl::in_place);
  flow::FlowMask& mask = *result;
  if (bytes.empty()) {
    std::memset(static_cast<void*>(&mask), 0xff, sizeof mask);
    return result;
  }
  if (Status s = Decoder<What::kMask>(mask).run(bytes); !s) return fail(s);
  TURNOUT_MASK_ALL(mask, packet_type);
  TURNOUT_MASK_ALL(mask, eth_type);
  for (unsigned i = 0; i < flow::kVlanTags; ++i) {
    if (key.vlans[i].tpid) {
      TURNOUT_MASK_ALL(mask, vlans[i].tpid);
      mask.vlans[i].tci |= Be16{flow::kVlanPresent};
    } else {
      TURNOUT_MASK_ALL(mask, vlans[i]);
    }
  }
  return result;
}

}  // namespace turnout::datapath::kernel
