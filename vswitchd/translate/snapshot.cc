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

const Bridge* Snapshot::find(std::string_view name) const {
  auto it = std::lower_bound(bridges.begin(), bridges.end(), name,
                             [](const auto& b, std::string_view n) { return b->spec.name < n; });
  return it != bridges.end() && (*it)->spec.name == name ? it->get() : nullptr;
}

}  // namespace turnout::translate
