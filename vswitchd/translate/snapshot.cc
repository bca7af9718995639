// Look-ups in a snapshot: binary searches in sorted arrays.
#include "vswitchd/translate/snapshot.h"

#include <algorithm>

namespace turnout::translate {
namespace {

template <typename Pairs, typename Key>
auto find_key(const Pairs& pairs, const Key& key) {
  auto it = std::lower_bound(pairs.begin(), pairs.end(), key, [](const auto& p, const Key& k) { return p.first < k; });
  return it != pairs.end() && it->first == key ? &*it : nullptr;
}

}  // namespace

const Interface* Bridge::find(OfPort port) const {
  const auto* found = find_key(by_ofport, port);
  return found ? found->second : nullptr;
}

const Bundle* Bridge::bundle(l2::BundleId id) const {
  const auto* found = find_key(by_id, id);
  return found ? found->second : nullptr;
}

const PatchLink* Bridge::patch(const Interface& from) const {
  auto it = std::lower_bound(patches.begin(), patches.end(), &from,
                             [](const PatchLink& p, const Interface* i) { return std::less<>()(p.here, i); });
  return it != patches.end() && it->here == &from ? &*it : nullptr;
}

PortRef Snapshot::find(DpPort port) const {
  const auto* found = find_key(by_dp_port, port);
  return found ? found->second : PortRef{};
}

PortRef Snapshot::find_tunnel(const flow::FlowKey& key, flow::FlowMask* mask) const {
  for (unsigned c = 0; c < TunnelTable::kClasses; ++c)
    for (const auto& bridge : bridges)
      if (const Interface* found = bridge->tunnels.find(c, key, mask)) return {bridge.get(), found};
  return {};
}

bool Snapshot::is_tunnel_port(DpPort port) const {
  return std::any_of(bridges.begin(), bridges.end(), [&](const auto& bridge) { return bridge->tunnels.has(port); });
}

PortRef Snapshot::find_input(const flow::FlowKey& key, flow::FlowMask* mask) const {
  const PortRef port = find(DpPort{key.in_port});
  return port.bridge || !is_tunnelled(key.tunnel) ? port : find_tunnel(key, mask);
}

const Bridge* Snapshot::find(std::string_view name) const {
  auto it = std::lower_bound(bridges.begin(), bridges.end(), name,
                             [](const auto& b, std::string_view n) { return b->spec.name < n; });
  return it != bridges.end() && (*it)->spec.name == name ? it->get() : nullptr;
}

}  // namespace turnout::translate
