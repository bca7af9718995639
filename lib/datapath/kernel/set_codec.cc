// See set_codec.h. Rows of key_layout.h give the payloads; MPLS and NSH have none and stand as they do in a key.
#include "lib/datapath/kernel/set_codec.h"

#include <linux/openvswitch.h>

#include <algorithm>
#include <array>

#include "lib/datapath/kernel/key_layout.h"
#include "lib/datapath/kernel/tunnel_codec.h"

namespace turnout::datapath::kernel {
namespace {

struct Attributes { KeyAttribute ours; uint16_t kernels; };
constexpr Attributes kAttributes[] = {
    {KeyAttribute::kPriority, OVS_KEY_ATTR_PRIORITY}, {KeyAttribute::kMark, OVS_KEY_ATTR_SKB_MARK},
    {KeyAttribute::kDpHash, OVS_KEY_ATTR_DP_HASH},    {KeyAttribute::kRecircId, OVS_KEY_ATTR_RECIRC_ID},
    {KeyAttribute::kInPort, OVS_KEY_ATTR_IN_PORT},    {KeyAttribute::kCtState, OVS_KEY_ATTR_CT_STATE},
    {KeyAttribute::kCtZone, OVS_KEY_ATTR_CT_ZONE},    {KeyAttribute::kCtMark, OVS_KEY_ATTR_CT_MARK},
    {KeyAttribute::kCtLabel, OVS_KEY_ATTR_CT_LABELS}, {KeyAttribute::kCtTuple4, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4},
    {KeyAttribute::kCtTuple6, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6},
    {KeyAttribute::kEthernet, OVS_KEY_ATTR_ETHERNET}, {KeyAttribute::kIpv4, OVS_KEY_ATTR_IPV4},
    {KeyAttribute::kIpv6, OVS_KEY_ATTR_IPV6},         {KeyAttribute::kTcp, OVS_KEY_ATTR_TCP},
    {KeyAttribute::kTcpFlags, OVS_KEY_ATTR_TCP_FLAGS}, {KeyAttribute::kUdp, OVS_KEY_ATTR_UDP},
    {KeyAttribute::kSctp, OVS_KEY_ATTR_SCTP},         {KeyAttribute::kIcmp, OVS_KEY_ATTR_ICMP},
    {KeyAttribute::kIcmpv6, OVS_KEY_ATTR_ICMPV6},     {KeyAttribute::kArp, OVS_KEY_ATTR_ARP},
    {KeyAttribute::kNd, OVS_KEY_ATTR_ND},             {KeyAttribute::kMpls, OVS_KEY_ATTR_MPLS},
    {KeyAttribute::kNsh, OVS_KEY_ATTR_NSH}};

const Attributes* find_kernels(uint16_t attribute) {
  const auto* found = std::ranges::find(kAttributes, attribute, &Attributes::kernels);
  return found == std::end(kAttributes) ? nullptr : found;
}

constexpr size_t kNshBase = sizeof(ovs_nsh_key_base), kNshContexts = sizeof(ovs_nsh_key_md1);
static_assert(sizeof(flow::FlowKey::nsh) == kNshBase + kNshContexts);

bool all_bits(std::span<const uint8_t> bytes) { return std::ranges::all_of(bytes, [](uint8_t b) { return b == 0xff; }); }

void put(AttributeWriter& out, uint16_t type, std::span<const uint8_t> value, std::span<const uint8_t> mask, bool masked) {
  std::array<uint8_t, kMaxPayload * 2> both{};
  std::ranges::copy(value, both.begin());
  if (masked) std::ranges::copy(mask, both.begin() + static_cast<std::ptrdiff_t>(value.size()));
  out.put(type, both.data(), masked ? value.size() * 2 : value.size());
}

class Encoder {
 public:
  Encoder(const Set& set, AttributeWriter& out) : type_(kernel_attribute(set.attribute)), match_(set.match()), out_(out) {}

  void run() {
    if (type_ == OVS_KEY_ATTR_MPLS) return mpls();
    if (type_ == OVS_KEY_ATTR_NSH) return nsh();
    if (const Layout* layout = find_layout(type_)) row(*layout);
  }

 private:
  void row(const Layout& layout) {
    std::array<uint8_t, kMaxPayload> value{}, mask{}, all{};
    flow::FlowKey ones;
    std::memset(static_cast<void*>(&ones), 0xff, sizeof ones);
    encode_row(layout, match_.key, What::kKey, value.data());
    encode_row(layout, match_.mask, What::kMask, mask.data());
    encode_row(layout, ones, What::kMask, all.data());
    whole({value.data(), layout.size}, {mask.data(), layout.size}, mask == all);
  }

  void mpls() {
    // One entry: the kernel sets no others.
    const auto* value = reinterpret_cast<const uint8_t*>(match_.key.mpls);
    const auto* mask = reinterpret_cast<const uint8_t*>(match_.mask.mpls);
    whole({value, sizeof(ovs_key_mpls)}, {mask, sizeof(ovs_key_mpls)}, all_bits({mask, sizeof(ovs_key_mpls)}));
  }

  void whole(std::span<const uint8_t> value, std::span<const uint8_t> mask, bool full) {
    const size_t nest = out_.nest(full ? OVS_ACTION_ATTR_SET : OVS_ACTION_ATTR_SET_MASKED);
    put(out_, type_, value, mask, !full);
    out_.end(nest);
  }

  // A nest of attributes that hold value and mask each.
  void nsh() {
    const uint8_t *value = match_.key.nsh, *mask = match_.mask.nsh;
    const bool contexts = std::any_of(mask + kNshBase, mask + kNshBase + kNshContexts, [](uint8_t b) { return b != 0; });
    const bool full = all_bits({mask, kNshBase + (match_.key.nsh[2] == 1 ? kNshContexts : 0)});
    const size_t nest = out_.nest(full ? OVS_ACTION_ATTR_SET : OVS_ACTION_ATTR_SET_MASKED), inner = out_.nest(OVS_KEY_ATTR_NSH);
    put(out_, OVS_NSH_KEY_ATTR_BASE, {value, kNshBase}, {mask, kNshBase}, !full);
    // Beside a mask also where no context is set: without it the reference's tools take all contexts for set to zero.
    if (contexts || !full)
      put(out_, OVS_NSH_KEY_ATTR_MD1, {value + kNshBase, kNshContexts}, {mask + kNshBase, kNshContexts}, !full);
    out_.end(inner);
    out_.end(nest);
  }

  const uint16_t type_;
  const flow::Match match_;
  AttributeWriter& out_;
};

Result<Action> truncated(uint16_t type) { return fail("truncated attribute " + std::to_string(type) + " in a set action"); }

Result<Action> decode_mpls(std::span<const uint8_t> payload, bool masked) {
  constexpr size_t kSize = sizeof(ovs_key_mpls);
  if (payload.size() < (masked ? 2 * kSize : kSize)) return truncated(OVS_KEY_ATTR_MPLS);
  flow::Match match;
  std::memcpy(match.key.mpls, payload.data(), kSize);
  if (masked) std::memcpy(match.mask.mpls, payload.data() + kSize, kSize);
  else match.mask.mpls[0] = ~Be32{};
  return Set{KeyAttribute::kMpls, match};
}

Result<Action> decode_nsh(std::span<const uint8_t> payload, bool masked) {
  flow::Match match;
  AttributeReader reader(payload);
  while (auto a = reader.next()) {
    const bool base = a->type == OVS_NSH_KEY_ATTR_BASE;
    if (!base && a->type != OVS_NSH_KEY_ATTR_MD1) continue;
    const size_t size = base ? kNshBase : kNshContexts, at = base ? 0 : kNshBase;
    if (a->payload.size() < (masked ? 2 * size : size)) return truncated(OVS_KEY_ATTR_NSH);
    std::memcpy(match.key.nsh + at, a->payload.data(), size);
    if (masked) std::memcpy(match.mask.nsh + at, a->payload.data() + size, size);
    else std::memset(match.mask.nsh + at, 0xff, size);
  }
  if (!reader.is_whole()) return truncated(OVS_KEY_ATTR_NSH);
  return Set{KeyAttribute::kNsh, match};
}

Result<Action> decode_row_of(KeyAttribute attribute, const Layout& layout, std::span<const uint8_t> payload, bool masked) {
  if (payload.size() < layout.size * (masked ? 2u : 1u)) return truncated(layout.attribute);
  flow::Match match;
  std::array<uint8_t, kMaxPayload> all{};
  flow::FlowKey ones;
  std::memset(static_cast<void*>(&ones), 0xff, sizeof ones);
  encode_row(layout, ones, What::kMask, all.data());
  decode_row(layout, payload.data(), What::kKey, match.key);
  decode_row(layout, masked ? payload.data() + layout.size : all.data(), What::kMask, match.mask);
  return Set{attribute, match};
}

}  // namespace

uint16_t kernel_attribute(KeyAttribute attribute) {
  const auto* found = std::ranges::find(kAttributes, attribute, &Attributes::ours);
  return found == std::end(kAttributes) ? 0 : found->kernels;
}

void encode_set(const Set& set, AttributeWriter& out) { Encoder(set, out).run(); }

Result<Action> decode_set(std::span<const uint8_t> payload, bool masked) {
  const auto a = AttributeReader(payload).next();
  if (!a) return fail("malformed set action");
  if (a->type == OVS_KEY_ATTR_TUNNEL && !masked) {
    flow::TunnelKey tunnel{};
    if (Status s = decode_tunnel(a->payload, TunnelSort::kKey, tunnel); !s) return fail(s);
    return SetTunnel{std::make_shared<const flow::TunnelKey>(tunnel)};
  }
  if (a->type == OVS_KEY_ATTR_MPLS) return decode_mpls(a->payload, masked);
  if (a->type == OVS_KEY_ATTR_NSH) return decode_nsh(a->payload, masked);
  const Layout* layout = find_layout(a->type);
  const Attributes* row = find_kernels(a->type);
  if (!layout || !row) return fail("set action of attribute " + std::to_string(a->type) + ", which is not known");
  return decode_row_of(row->ours, *layout, a->payload, masked);
}

}  // namespace turnout::datapath::kernel
