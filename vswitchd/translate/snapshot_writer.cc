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

bool floods_before(const std::shared_ptr<const Bundle>& a, const std::shared_ptr<const Bundle>& b) {
  return std::pair(first_port(*a), a->spec.id) < std::pair(first_port(*b), b->spec.id);
}

template <typename Pairs>
void insert(Pairs& pairs, typename Pairs::value_type entry) {
  pairs.insert(std::upper_bound(pairs.begin(), pairs.end(), entry.first,
                                [](const auto& key, const auto& pair) { return key < pair.first; }),
               entry);
}

template <typename Pairs, typename Value>
void erase(Pairs& pairs, const decltype(Pairs::value_type::first)& key, const Value* value) {
  auto at = std::lower_bound(pairs.begin(), pairs.end(), key, [](const auto& pair, const auto& k) { return pair.first < k; });
  while (at != pairs.end() && at->first == key && at->second != value) ++at;
  if (at != pairs.end() && at->first == key) pairs.erase(at);
}

}  // namespace

// A bridge to be, its arrays sorted as those of Bridge and Snapshot are.
struct SnapshotWriter::Draft {
  void add(std::shared_ptr<const Bundle> bundle);
  bool remove(l2::BundleId id);

  Bridge bridge;                                              // without patches
  std::vector<std::pair<DpPort, const Interface*>> by_dp_port;
  std::vector<const Interface*> patches;                      // the ends on this bridge
};

void SnapshotWriter::Draft::add(std::shared_ptr<const Bundle> bundle) {
  insert(bridge.by_id, {bundle->spec.id, bundle.get()});
  for (const Interface& i : bundle->interfaces) {
    insert(bridge.by_ofport, {i.spec.ofport, &i});
    if (i.spec.dp_port != kDpPortNone && i.spec.tunnel) bridge.tunnels.add(i.spec.dp_port, *i.spec.tunnel, &i);
    else if (i.spec.dp_port != kDpPortNone) insert(by_dp_port, {i.spec.dp_port, &i});
    if (!i.spec.patch_peer.empty()) patches.push_back(&i);
  }
  auto& all = bridge.bundles;
  all.insert(std::upper_bound(all.begin(), all.end(), bundle, floods_before), std::move(bundle));
}

bool SnapshotWriter::Draft::remove(l2::BundleId id) {
  const Bundle* bundle = bridge.bundle(id);
  if (!bundle) return false;
  for (const Interface& i : bundle->interfaces) {
    erase(bridge.by_ofport, i.spec.ofport, &i);
    if (i.spec.tunnel) bridge.tunnels.remove(&i);
    else if (i.spec.dp_port != kDpPortNone) erase(by_dp_port, i.spec.dp_port, &i);
    if (!i.spec.patch_peer.empty()) std::erase(patches, &i);
  }
  erase(bridge.by_id, id, bundle);
  std::erase_if(bridge.bundles, [&](const auto& b) { return b.get() == bundle; });
  return true;
}

namespace {

// Two patch ports are joined when each names the other.
void link(Bridge& bridge, const std::vector<const Interface*>& ends, const InterfacesByName& patches) {
  for (const Interface* here : ends) {
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
  auto& draft = drafts_[bridge.name];
  if (!draft) draft = std::make_unique<Draft>();
  draft->bridge.spec = std::move(bridge);
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
  it->second->remove(bundle->spec.id);
  it->second->add(std::move(bundle));
  dirty_ = true;
}

void SnapshotWriter::remove_bundle(std::string_view bridge, l2::BundleId id) {
  auto it = drafts_.find(bridge);
  if (it != drafts_.end() && it->second->remove(id)) dirty_ = true;
}

uint64_t SnapshotWriter::publish() {
  if (!dirty_) return generation_;
  dirty_ = false;
  auto next = std::make_unique<Snapshot>();
  next->generation = ++generation_;
  InterfacesByName patches;
  for (const auto& [name, draft] : drafts_) {
    auto bridge = std::make_shared<Bridge>(draft->bridge);
    for (const auto& [port, i] : draft->by_dp_port) next->by_dp_port.emplace_back(port, PortRef{bridge.get(), i});
    for (const Interface* i : draft->patches) patches.emplace(i->spec.name, PortRef{bridge.get(), i});
    next->bridges.push_back(std::move(bridge));
  }
  auto ends = drafts_.begin();
  for (const auto& bridge : next->bridges) link(*bridge, (ends++)->second->patches, patches);
  if (drafts_.size() > 1)
    std::sort(next->by_dp_port.begin(), next->by_dp_port.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  current_.publish(std::move(next));
  if (on_publish_) on_publish_();
  return generation_;
}

}  // namespace turnout::translate
