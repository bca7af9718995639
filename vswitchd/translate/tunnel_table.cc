// See tunnel_table.h.
#include "vswitchd/translate/tunnel_table.h"

#include <algorithm>

namespace turnout::translate {
namespace {

using Form = netdev::TunnelAddress::Form;

struct Asks { bool key, remote, local; };

constexpr unsigned kLocalForms = 3;     // fixed, any, flow

unsigned class_of(const netdev::TunnelConfig& config) {
  const unsigned local = config.local.is_fixed() ? 0 : config.local.form == Form::kAny ? 1 : 2;
  return (config.in_key.flow ? 2 * kLocalForms : 0) + (config.remote.is_fixed() ? 0 : kLocalForms) + local;
}
Asks asks_of(unsigned class_number) {
  return {class_number < 2 * kLocalForms, class_number % (2 * kLocalForms) < kLocalForms, class_number % kLocalForms == 0};
}

bool comes_before(const auto& entry, const auto& outside) { return entry.first < outside; }

}  // namespace

bool is_tunnelled(const flow::TunnelKey& t) { return t.ipv4_dst || !t.ipv6_dst.is_zero(); }

void TunnelTable::add(DpPort port, const netdev::TunnelConfig& config, const Interface* interface) {
  Outside outside{port, {}, {}, {}, {}, {}};
  if (!config.in_key.flow) outside.id = Be64{config.in_key.value};
  if (config.remote.is_fixed()) outside.ipv4_src = config.remote.ipv4, outside.ipv6_src = config.remote.ipv6;
  if (config.local.is_fixed()) outside.ipv4_dst = config.local.ipv4, outside.ipv6_dst = config.local.ipv6;
  Class& entries = classes_[class_of(config)];
  entries.emplace(std::lower_bound(entries.begin(), entries.end(), outside, [](auto& a, auto& b) { return comes_before(a, b); }),
                  outside, interface);
}

void TunnelTable::remove(const Interface* interface) {
  for (Class& entries : classes_) std::erase_if(entries, [&](const auto& entry) { return entry.second == interface; });
}

bool TunnelTable::has(DpPort port) const {
  return std::any_of(classes_.begin(), classes_.end(), [&](const Class& entries) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first.port == port; });
  });
}

bool TunnelTable::empty() const {
  return std::all_of(classes_.begin(), classes_.end(), [](const Class& entries) { return entries.empty(); });
}

const Interface* TunnelTable::find(unsigned class_number, const flow::FlowKey& key, flow::FlowMask* mask) const {
  const Class& entries = classes_[class_number];
  Outside outside{DpPort{key.in_port}, {}, {}, {}, {}, {}};
  const auto by_order = [](const auto& a, const auto& b) { return comes_before(a, b); };
  const auto first = std::lower_bound(entries.begin(), entries.end(), outside, by_order);
  if (first == entries.end() || first->first.port != outside.port) return nullptr;
  const Asks asks = asks_of(class_number);
  if (asks.key) {
    outside.id = key.tunnel.id;
    TURNOUT_MASK_ALL(*mask, tunnel.id);
    mask->tunnel.flags |= flow::kTunnelKey;
  }
  if (asks.remote) outside.ipv4_src = key.tunnel.ipv4_src, outside.ipv6_src = key.tunnel.ipv6_src;
  if (asks.local) outside.ipv4_dst = key.tunnel.ipv4_dst, outside.ipv6_dst = key.tunnel.ipv6_dst;
  const auto at = std::lower_bound(first, entries.end(), outside, by_order);
  return at != entries.end() && at->first == outside ? at->second : nullptr;
}

}  // namespace turnout::translate
