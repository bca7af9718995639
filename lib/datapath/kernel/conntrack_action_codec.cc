// See conntrack_action_codec.h.
#include "lib/datapath/kernel/conntrack_action_codec.h"

#include <linux/openvswitch.h>

#include <algorithm>

namespace turnout::datapath::kernel {
namespace {

// The kernel keeps a label's least significant byte first, as the key's codec knows.
struct LabelPayload { uint8_t value[16], mask[16]; };
struct MarkPayload { uint32_t value, mask; };

void encode_nat(const Nat& nat, AttributeWriter& out) {
  const size_t nest = out.nest(OVS_CT_ATTR_NAT);
  if (nat.kind != Nat::Kind::kCommitted)
    out.put_flag(nat.kind == Nat::Kind::kSource ? OVS_NAT_ATTR_SRC : OVS_NAT_ATTR_DST);
  if (nat.family == Nat::Family::kIpv4) {
    out.put(OVS_NAT_ATTR_IP_MIN, nat.ipv4_min);
    if (nat.ipv4_max) out.put(OVS_NAT_ATTR_IP_MAX, nat.ipv4_max);
  } else if (nat.family == Nat::Family::kIpv6) {
    out.put(OVS_NAT_ATTR_IP_MIN, nat.ipv6_min);
    if (!nat.ipv6_max.is_zero()) out.put(OVS_NAT_ATTR_IP_MAX, nat.ipv6_max);
  }
  if (nat.port_min || nat.port_max) out.put(OVS_NAT_ATTR_PROTO_MIN, nat.port_min);
  if (nat.port_max) out.put(OVS_NAT_ATTR_PROTO_MAX, nat.port_max);
  if (nat.persistent) out.put_flag(OVS_NAT_ATTR_PERSISTENT);
  if (nat.hash) out.put_flag(OVS_NAT_ATTR_PROTO_HASH);
  if (nat.random) out.put_flag(OVS_NAT_ATTR_PROTO_RANDOM);
  out.end(nest);
}

template <typename T>
bool take(const Attribute& a, T& to) {
  const auto value = a.as<T>();
  if (value) to = *value;
  return value.has_value();
}

bool take_address(const Attribute& a, Nat::Family& family, Be32& ipv4, net::Ipv6& ipv6) {
  family = a.payload.size() >= sizeof ipv6 ? Nat::Family::kIpv6 : Nat::Family::kIpv4;
  return family == Nat::Family::kIpv6 ? take(a, ipv6) : take(a, ipv4);
}

bool decode_nat_attribute(const Attribute& a, Nat& nat) {
  switch (a.type) {
    case OVS_NAT_ATTR_SRC: nat.kind = Nat::Kind::kSource; return true;
    case OVS_NAT_ATTR_DST: nat.kind = Nat::Kind::kDestination; return true;
    case OVS_NAT_ATTR_IP_MIN: return take_address(a, nat.family, nat.ipv4_min, nat.ipv6_min);
    case OVS_NAT_ATTR_IP_MAX: return take_address(a, nat.family, nat.ipv4_max, nat.ipv6_max);
    case OVS_NAT_ATTR_PROTO_MIN: return take(a, nat.port_min);
    case OVS_NAT_ATTR_PROTO_MAX: return take(a, nat.port_max);
    case OVS_NAT_ATTR_PERSISTENT: return nat.persistent = true;
    case OVS_NAT_ATTR_PROTO_HASH: return nat.hash = true;
    case OVS_NAT_ATTR_PROTO_RANDOM: return nat.random = true;
  }
  return true;
}

// Ends of ranges that the kernel tells though they are the beginnings are left out, as where they are not given.
bool decode_nat(std::span<const uint8_t> payload, Nat& nat) {
  AttributeReader reader(payload);
  while (auto a = reader.next())
    if (!decode_nat_attribute(*a, nat)) return false;
  if (nat.ipv4_max == nat.ipv4_min) nat.ipv4_max = Be32{};
  if (nat.ipv6_max == nat.ipv6_min) nat.ipv6_max = {};
  if (nat.port_max == nat.port_min) nat.port_max = 0;
  return reader.is_whole();
}

bool take_name(const Attribute& a, std::string& to) {
  to.assign(reinterpret_cast<const char*>(a.payload.data()), a.payload.size());
  if (const size_t end = to.find('\0'); end != std::string::npos) to.resize(end);
  return true;
}

bool decode_attribute(const Attribute& a, ConntrackSpec& spec) {
  switch (a.type) {
    case OVS_CT_ATTR_COMMIT: return spec.commit = true;
    case OVS_CT_ATTR_FORCE_COMMIT: return spec.commit = spec.force = true;
    case OVS_CT_ATTR_ZONE: return take(a, spec.zone);
    case OVS_CT_ATTR_MARK: {
      MarkPayload mark{};
      const bool read = take(a, mark);
      spec.mark = mark.value, spec.mark_mask = mark.mask;
      return read;
    }
    case OVS_CT_ATTR_LABELS: {
      LabelPayload label{};
      const bool read = take(a, label);
      std::ranges::reverse_copy(label.value, spec.label.begin());
      std::ranges::reverse_copy(label.mask, spec.label_mask.begin());
      return read;
    }
    case OVS_CT_ATTR_HELPER: return take_name(a, spec.helper);
    case OVS_CT_ATTR_TIMEOUT: return take_name(a, spec.timeout);
    case OVS_CT_ATTR_EVENTMASK: {
      uint32_t mask = 0;
      const bool read = take(a, mask);
      spec.event_mask = mask;
      return read;
    }
    case OVS_CT_ATTR_NAT: return decode_nat(a.payload, spec.nat.emplace());
  }
  return true;   // of a newer kernel
}

}  // namespace

void encode_conntrack(const ConntrackSpec& spec, AttributeWriter& out) {
  const size_t nest = out.nest(OVS_ACTION_ATTR_CT);
  if (spec.commit) out.put_flag(spec.force ? OVS_CT_ATTR_FORCE_COMMIT : OVS_CT_ATTR_COMMIT);
  if (spec.zone) out.put(OVS_CT_ATTR_ZONE, spec.zone);
  if (spec.mark_mask) out.put(OVS_CT_ATTR_MARK, MarkPayload{spec.mark & spec.mark_mask, spec.mark_mask});
  if (std::ranges::any_of(spec.label_mask, [](uint8_t b) { return b != 0; })) {
    LabelPayload label;
    std::ranges::reverse_copy(spec.label, label.value);
    std::ranges::reverse_copy(spec.label_mask, label.mask);
    for (size_t i = 0; i < sizeof label.value; ++i) label.value[i] &= label.mask[i];
    out.put(OVS_CT_ATTR_LABELS, label);
  }
  if (!spec.helper.empty()) out.put(OVS_CT_ATTR_HELPER, spec.helper.c_str(), spec.helper.size() + 1);
  if (!spec.timeout.empty()) out.put(OVS_CT_ATTR_TIMEOUT, spec.timeout.c_str(), spec.timeout.size() + 1);
  if (spec.event_mask) out.put(OVS_CT_ATTR_EVENTMASK, *spec.event_mask);
  if (spec.nat) encode_nat(*spec.nat, out);
  out.end(nest);
}

Result<ConntrackSpec> decode_conntrack(std::span<const uint8_t> payload) {
  ConntrackSpec spec;
  AttributeReader reader(payload);
  while (auto a = reader.next())
    if (!decode_attribute(*a, spec)) return fail("malformed attribute " + std::to_string(a->type) + " of a ct action");
  if (!reader.is_whole()) return fail("malformed ct action");
  return spec;
}

}  // namespace turnout::datapath::kernel
