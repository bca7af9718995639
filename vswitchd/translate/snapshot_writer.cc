// Builds snapshots out of drafts. What did not change is shared with the snapshot before.
#include <algorithm>
#include <unordered_map>

#include "vswitchd/translate/snapshot.h"

namespace turnout::translate {
namespace {

using InterfacesByName = std::unordered_map<std::string_view, PortRef>;

// Bundles flood in the order of their lowest OpenFlow port number, the local port last.
OfPort first_port(const Bundle& bundle) {
  OfPort first = kOfPortNone;
  for (const Interface& i : bundle.interfaces) first = std::min(first, i.spec.ofport);
  return first;
}

// Most of what is sorted here is in order already, or nearly so.
template <typename Range, typename Less = std::less<>>
void sort(Range& range, Less less = {}) {
  if (!std::is_sorted(range.begin(), range.end(), less)) std::sort(range.begin(), range.end(), less);
}

void index(Bridge& bridge, Snapshot& snapshot, InterfacesByName& patches) {
  bridge.by_id.reserve(bridge.bundles.size());
  for (const auto& bundle : bridge.bundles) bridge.by_id.emplace_back(bundle->spec.id, bundle.get());
  sort(bridge.by_id);
  sort(bridge.bundles, [](const auto& a, const auto& b) {
    return std::pair(first_port(*a), a->spec.id) < std::pair(first_port(*b), b->spec.id);
  });
  bridge.by_ofport.reserve(bridge.bundles.size());
  for (const auto& bundle : bridge.bundles) {
    for (const Interface& i : bundle->interfaces) {
      bridge.by_ofport.emplace_back(i.spec.ofport, &i);
      if (i.spec.dp_port != kDpPortNone) snapshot.by_dp_port.emplace_back(i.spec.dp_port, PortRef{&bridge, &i});
      if (!i.spec.patch_peer.empty()) patches.emplace(i.spec.name, PortRef{&bridge, &i});
    }
  }
  sort(bridge.by_ofport);
}

// Two patch ports are joined when each names the other.
void link(Bridge& bridge, const InterfacesByName& patches) {
  for (const auto& [number, here] : bridge.by_ofport) {
    if (here->spec.patch_peer.empty()) continue;
    auto peer = patches.find(here->spec.patch_peer);
    if (peer == patches.end() || peer->second.interface->spec.patch_peer != here->spec.name) continue;
    bridge.patches.push_back({here, peer->second.bridge, peer->second.interface});
  }
  std::sort(bridge.patches.begin(), bridge.patches.end(),
            [](const PatchLink& a, const PatchLink& b) { return std::less<>()(a.here, b.here); });
}

}  // namespace

SnapshotWriter::SnapshotWriter() : current_(std::make_unique<Snapshot>()) {}
SnapshotWriter::~SnapshotWriter() = default;

void SnapshotWriter::put_bridge(BridgeSpec bridge) {
  std::string name = bridge.name;
  drafts_[std::move(name)].spec = std::move(bridge);
  dirty_ = true;
}

void SnapshotWriter::remove_bridge(std::string_view name) {
  auto it = drafts_.find(name);
  if (it == drafts_.end()) return;
  drafts_.erase(it);
  dirty_ = true;
}

void SnapshotWriter::put_bundle(std::string_view bridge, BundleSpec spec) {
  auto it = drafts_.find(bridge);
  if (it == drafts_.end()) return;
  auto bundle = std::make_shared<Bundle>();
  bundle->interfaces.reserve(spec.interfaces.size());
  for (const InterfaceSpec& i : spec.interfaces) bundle->interfaces.push_back({i, bundle.get()});
  bundle->spec = std::move(spec);
  it->second.bundles[bundle->spec.id] = std::move(bundle);
  dirty_ = true;
}

void SnapshotWriter::remove_bundle(std::string_view bridge, l2::BundleId id) {
  auto it = drafts_.find(bridge);
  if (it != drafts_.end() && it->second.bundles.erase(id)) dirty_ = true;
}

uint64_t SnapshotWriter::publish() {
  if (!dirty_) return generation_;
  dirty_ = false;
  auto next = std::make_unique<Snapshot>();
  next->generation = ++generation_;
  InterfacesByName patches;
  for (const auto& [name, draft] : drafts_) {
    auto bridge = std::make_shared<Bridge>();
    bridge->spec = draft.spec;
    bridge->bundles.reserve(draft.bundles.size());
    for (const auto& [id, bundle] : draft.bundles) bridge->bundles.push_back(bundle);
    index(*bridge, *next, patches);
    next->bridges.push_back(std::move(bridge));
  }
  for (const auto& bridge : next->bridges) link(*bridge, patches);
  sort(next->by_dp_port, [](const auto& a, const auto& b) { return a.first < b.first; });
  current_.publish(std::move(next));
  if (on_publish_) on_publish_();
  return generation_;
}

}  // namespace turnout::translate
