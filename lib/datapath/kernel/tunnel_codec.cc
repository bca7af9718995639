// See tunnel_codec.h.
#include "lib/datapath/kernel/tunnel_codec.h"

#include <linux/erspan.h>
#include <linux/openvswitch.h>

#include <algorithm>

namespace turnout::datapath::kernel {
namespace {

using flow::TunnelKey;

enum class Sort { kKey, kMask, kSet };

erspan_metadata encode_erspan(const TunnelKey& k, const TunnelKey& v, Sort sort) {
  erspan_metadata data{};
  data.version = sort == Sort::kMask && v.erspan_ver == 0xff ? -1 : v.erspan_ver;
  if (k.erspan_ver == 1) {
    data.u.index = Be32{v.erspan_idx}.raw();
  } else {
    data.u.md2.dir = v.erspan_dir & 1;
    data.u.md2.hwid = v.erspan_hwid & 0xf;
    data.u.md2.hwid_upper = v.erspan_hwid >> 4 & 3;
  }
  return data;
}

class TunnelEncoder {
 public:
  TunnelEncoder(const TunnelKey& key, const TunnelKey& value, Sort sort, AttributeWriter& out)
      : k_(key), v_(value), sort_(sort), out_(out) {}

  void run() {
    const size_t nest = out_.nest(OVS_KEY_ATTR_TUNNEL);
    // That there is an identifier at all is compared by the attribute's presence in a mask.
    if (v_.flags & flow::kTunnelKey || (sort_ == Sort::kMask && v_.id)) out_.put(OVS_TUNNEL_KEY_ATTR_ID, v_.id);
    if (k_.ipv4_dst || k_.ipv4_src) {
      put(OVS_TUNNEL_KEY_ATTR_IPV4_SRC, v_.ipv4_src);
      put(OVS_TUNNEL_KEY_ATTR_IPV4_DST, v_.ipv4_dst);
    } else {
      put(OVS_TUNNEL_KEY_ATTR_IPV6_SRC, v_.ipv6_src);
      put(OVS_TUNNEL_KEY_ATTR_IPV6_DST, v_.ipv6_dst);
    }
    put(OVS_TUNNEL_KEY_ATTR_TOS, v_.tos);
    put(OVS_TUNNEL_KEY_ATTR_TTL, v_.ttl, sort_ == Sort::kSet);
    if (v_.flags & flow::kTunnelDf) out_.put_flag(OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT);
    if (v_.flags & flow::kTunnelCsum) out_.put_flag(OVS_TUNNEL_KEY_ATTR_CSUM);
    put(OVS_TUNNEL_KEY_ATTR_TP_SRC, v_.tp_src);
    put(OVS_TUNNEL_KEY_ATTR_TP_DST, v_.tp_dst);
    if (v_.flags & flow::kTunnelOam) out_.put_flag(OVS_TUNNEL_KEY_ATTR_OAM);
    options();
    out_.end(nest);
  }

 private:
  template <typename T>
  void put(uint16_t type, const T& value, bool always = false) {
    if (always || sort_ == Sort::kKey || !(value == T{})) out_.put(type, value);
  }

  // One of the three sorts at most: a packet comes through one tunnel.
  void options() {
    if (k_.gbp_id || k_.gbp_flags) {
      const uint32_t gbp = uint32_t{v_.gbp_flags} << 16 | v_.gbp_id.host();
      if (!gbp) return;
      const size_t nest = out_.nest(OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS);
      out_.put(OVS_VXLAN_EXT_GBP, gbp);
      out_.end(nest);
    } else if (k_.erspan_ver) {
      if (v_.erspan_ver || v_.erspan_idx || v_.erspan_dir || v_.erspan_hwid)
        out_.put(OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS, encode_erspan(k_, v_, sort_));
    } else if (k_.options_length && v_.options_length) {
      out_.put(OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, v_.options, std::min<size_t>(k_.options_length, sizeof v_.options));
    }
  }

  const TunnelKey &k_, &v_;
  const Sort sort_;
  AttributeWriter& out_;
};

class TunnelDecoder {
 public:
  TunnelDecoder(TunnelSort sort, TunnelKey& out) : sort_(sort), out_(out) {}

  Status run(std::span<const uint8_t> payload) {
    AttributeReader reader(payload);
    while (auto a = reader.next())
      if (!attribute(*a)) return fail("malformed attribute " + std::to_string(a->type) + " of a tunnel");
    return reader.is_whole() ? Status{} : fail("malformed tunnel in a flow key");
  }

 private:
  bool attribute(const Attribute& a) {
    switch (a.type) {
      case OVS_TUNNEL_KEY_ATTR_ID: out_.flags |= flow::kTunnelKey; return take(a, out_.id);
      case OVS_TUNNEL_KEY_ATTR_IPV4_SRC: return take(a, out_.ipv4_src);
      case OVS_TUNNEL_KEY_ATTR_IPV4_DST: return take(a, out_.ipv4_dst);
      case OVS_TUNNEL_KEY_ATTR_IPV6_SRC: return take(a, out_.ipv6_src);
      case OVS_TUNNEL_KEY_ATTR_IPV6_DST: return take(a, out_.ipv6_dst);
      case OVS_TUNNEL_KEY_ATTR_TOS: return take(a, out_.tos);
      case OVS_TUNNEL_KEY_ATTR_TTL: return take(a, out_.ttl);
      case OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT: out_.flags |= flow::kTunnelDf; return true;
      case OVS_TUNNEL_KEY_ATTR_CSUM: out_.flags |= flow::kTunnelCsum; return true;
      case OVS_TUNNEL_KEY_ATTR_OAM: out_.flags |= flow::kTunnelOam; return true;
      case OVS_TUNNEL_KEY_ATTR_TP_SRC: return take(a, out_.tp_src);
      case OVS_TUNNEL_KEY_ATTR_TP_DST: return take(a, out_.tp_dst);
      case OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS: return geneve(a.payload);
      case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS: return vxlan(a.payload);
      case OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS: return erspan(a);
    }
    return true;   // of a newer kernel
  }

  template <typename T>
  static bool take(const Attribute& a, T& to) {
    const auto value = a.as<T>();
    if (value) to = *value;
    return value.has_value();
  }

  bool geneve(std::span<const uint8_t> payload) {
    if (payload.size() > sizeof out_.options) return false;
    std::ranges::copy(payload, out_.options);
    out_.options_length = sort_ == TunnelSort::kMask ? ~0u : static_cast<uint32_t>(payload.size());
    return true;
  }

  bool vxlan(std::span<const uint8_t> payload) {
    AttributeReader reader(payload);
    while (auto a = reader.next())
      if (auto gbp = a->type == OVS_VXLAN_EXT_GBP ? a->as<uint32_t>() : std::nullopt) {
        out_.gbp_flags = static_cast<uint8_t>(*gbp >> 16);
        out_.gbp_id = Be16{static_cast<uint16_t>(*gbp)};
      }
    return reader.is_whole();
  }

  // The key's version, which says what the rest is, is not known here where this is a mask: both readings are kept, and
  // the one that is not meant is compared with zeros.
  bool erspan(const Attribute& a) {
    const auto data = a.as<erspan_metadata>();
    if (!data) return false;
    const bool mask = sort_ == TunnelSort::kMask;
    out_.erspan_ver = static_cast<uint8_t>(data->version);
    if (mask || data->version == 1) {
      const uint32_t index = Be32::from_raw(data->u.index).host();
      out_.erspan_idx = mask && index == 0xfffff ? ~0u : index;
    }
    if (mask || data->version != 1) {
      out_.erspan_dir = data->u.md2.dir;
      out_.erspan_hwid = static_cast<uint8_t>(data->u.md2.hwid_upper << 4 | data->u.md2.hwid);
    }
    return true;
  }

  const TunnelSort sort_;
  TunnelKey& out_;
};

}  // namespace

void encode_tunnel_key(const TunnelKey& key, AttributeWriter& out) { TunnelEncoder(key, key, Sort::kKey, out).run(); }
void encode_tunnel_mask(const TunnelKey& key, const TunnelKey& mask, AttributeWriter& out) {
  TunnelEncoder(key, mask, Sort::kMask, out).run();
}
void encode_set_tunnel(const TunnelKey& key, AttributeWriter& out) { TunnelEncoder(key, key, Sort::kSet, out).run(); }

Status decode_tunnel(std::span<const uint8_t> payload, TunnelSort sort, TunnelKey& tunnel) {
  return TunnelDecoder(sort, tunnel).run(payload);
}

}  // namespace turnout::datapath::kernel
