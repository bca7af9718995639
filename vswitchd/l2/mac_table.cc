// The learning table: a hash map of entries that hang in two lists, one by age over all of them and one by age for each
// port, so that expiry and fair eviction take the same time at ten entries and at a million.
#include "vswitchd/l2/mac_table.h"

#include <algorithm>
#include <bitset>
#include <list>
#include <set>
#include <unordered_map>

namespace turnout::l2 {
namespace {

constexpr Duration kRefreshGrain = std::chrono::seconds(1);   // younger entries are not worth the write

uint64_t key_of(net::Mac mac, uint16_t vlan) { return mac.as_u64() | uint64_t{vlan} << 48; }

// Which addresses were asked for in vain, by hash: it may say so of one that was not, never the other way round.
class Unanswered {
 public:
  void add(uint64_t key) {
    auto bit = bits_[slot(key)];
    count_ += !bit;
    bit = true;
  }
  bool may_hold(uint64_t key) const { return bits_.test(slot(key)); }
  bool is_crowded() const { return count_ > kSlots / 4; }
  void clear() { bits_.reset(), count_ = 0; }

 private:
  static constexpr size_t kSlots = 1 << 14;
  static size_t slot(uint64_t key) { return key * 0x9e3779b97f4a7c15 >> 50; }
  std::bitset<kSlots> bits_;
  size_t count_ = 0;
};

}  // namespace

struct MacTable::Impl {
  struct Node {
    MacEntry entry;
    std::list<Node*>::iterator by_age, by_port;
    uint64_t arrival = 0;
  };
  struct PortList { std::list<Node*> nodes; };       // oldest first; static entries are not in it

  mutable std::mutex mutex;
  std::unordered_map<uint64_t, Node> nodes;
  std::list<Node*> ages;                             // learned entries, oldest first
  std::unordered_map<BundleId, PortList> ports;
  std::set<std::pair<size_t, BundleId>> by_count;    // ports by how many entries they have
  std::bitset<4096> flood_vlans;
  uint64_t arrivals = 0;
  size_t statics = 0, max_entries = kDefaultSize;
  Duration ageing = std::chrono::seconds(kDefaultAgeingSeconds);
  MacCounters counters;
  Unanswered unanswered;
  std::shared_ptr<const std::function<void(bool)>> changed;

  void attach(Node& n) {
    n.by_age = ages.insert(ages.end(), &n);
    PortList& port = ports[n.entry.bundle];
    by_count.erase({port.nodes.size(), n.entry.bundle});
    n.by_port = port.nodes.insert(port.nodes.end(), &n);
    by_count.insert({port.nodes.size(), n.entry.bundle});
  }
  void detach(Node& n) {
    ages.erase(n.by_age);
    PortList& port = ports[n.entry.bundle];
    by_count.erase({port.nodes.size(), n.entry.bundle});
    port.nodes.erase(n.by_port);
    if (port.nodes.empty()) ports.erase(n.entry.bundle);
    else by_count.insert({port.nodes.size(), n.entry.bundle});
  }
  void touch(Node& n, TimePoint now) {
    n.entry.refreshed = std::max(n.entry.refreshed, now);
    ages.splice(ages.end(), ages, n.by_age);
    auto& port = ports[n.entry.bundle].nodes;
    port.splice(port.end(), port, n.by_port);
  }
  void erase(Node& n) {
    if (n.entry.is_static) --statics;
    else detach(n);
    nodes.erase(key_of(n.entry.mac, n.entry.vlan));
  }
  // The port with most entries loses its oldest.
  bool evict_one() {
    if (by_count.empty()) return false;
    erase(*ports[by_count.rbegin()->second].nodes.front());
    ++counters.evicted;
    return true;
  }
};

MacTable::MacTable() : impl_(std::make_unique<Impl>()) {}
MacTable::~MacTable() = default;

void MacTable::announce(bool answers) {
  if (answers) generation_.fetch_add(1, std::memory_order_acq_rel);
  std::shared_ptr<const std::function<void(bool)>> call;
  {
    std::lock_guard lock(impl_->mutex);
    call = impl_->changed;
  }
  if (call) (*call)(answers);
}

void MacTable::on_change(std::function<void(bool answers)> call) {
  std::lock_guard lock(impl_->mutex);
  impl_->changed = call ? std::make_shared<const std::function<void(bool)>>(std::move(call)) : nullptr;
}

void MacTable::set_ageing_seconds(int64_t seconds) {
  std::lock_guard lock(impl_->mutex);
  impl_->ageing = std::chrono::seconds(std::clamp<int64_t>(seconds, 15, 3600));
}

void MacTable::set_max_entries(int64_t entries) {
  bool evicted = false;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->max_entries = static_cast<size_t>(std::clamp<int64_t>(entries, 10, 1'000'000));
    while (impl_->nodes.size() > impl_->max_entries && impl_->evict_one()) evicted = true;
  }
  if (evicted) announce();
}

void MacTable::set_flood_vlans(const std::vector<uint16_t>& vlans) {
  std::bitset<4096> set;
  for (uint16_t v : vlans)
    if (v < 4096) set.set(v);
  {
    std::lock_guard lock(impl_->mutex);
    if (set == impl_->flood_vlans) return;
    impl_->flood_vlans = set;
  }
  flush();
  announce();
}

std::optional<BundleId> MacTable::lookup(net::Mac mac, uint16_t vlan) const {
  std::lock_guard lock(impl_->mutex);
  if (impl_->flood_vlans.test(vlan & 0xfff)) return std::nullopt;
  auto it = impl_->nodes.find(key_of(mac, vlan));
  if (it == impl_->nodes.end()) {
    impl_->unanswered.add(key_of(mac, vlan));
    return std::nullopt;
  }
  return it->second.entry.bundle;
}

MacTable::Learned MacTable::learn(net::Mac mac, uint16_t vlan, BundleId bundle, TimePoint now) {
  Learned result = Learned::kNew;
  bool answers = true;
  {
    std::lock_guard lock(impl_->mutex);
    if (mac.is_multicast() || impl_->flood_vlans.test(vlan & 0xfff)) return Learned::kRefused;
    auto it = impl_->nodes.find(key_of(mac, vlan));
    if (it != impl_->nodes.end()) {
      Impl::Node& node = it->second;
      if (node.entry.is_static) return Learned::kUnchanged;
      if (node.entry.bundle == bundle) {
        if (now - node.entry.refreshed < kRefreshGrain) return Learned::kUnchanged;
        impl_->touch(node, now);
        return Learned::kRefreshed;
      }
      impl_->detach(node);
      node.entry.bundle = bundle;
      node.entry.refreshed = std::max(node.entry.refreshed, now);
      impl_->attach(node);
      ++impl_->counters.moved;
      result = Learned::kMoved;
    } else {
      const bool full = impl_->nodes.size() >= impl_->max_entries;
      if (full && !impl_->evict_one()) return Learned::kRefused;
      answers = full || impl_->unanswered.may_hold(key_of(mac, vlan)) || impl_->unanswered.is_crowded();
      // All who were told in vain ask again, and are remembered again.
      if (impl_->unanswered.is_crowded()) impl_->unanswered.clear();
      Impl::Node& node = impl_->nodes[key_of(mac, vlan)];
      node.entry = {mac, vlan, bundle, now, false};
      node.arrival = ++impl_->arrivals;
      impl_->attach(node);
      ++impl_->counters.learned;
    }
  }
  announce(answers);
  return result;
}

void MacTable::add_static(net::Mac mac, uint16_t vlan, BundleId bundle, TimePoint now) {
  {
    std::lock_guard lock(impl_->mutex);
    auto it = impl_->nodes.find(key_of(mac, vlan));
    if (it != impl_->nodes.end()) impl_->erase(it->second);
    Impl::Node& node = impl_->nodes[key_of(mac, vlan)];
    node.entry = {mac, vlan, bundle, now, true};
    node.arrival = ++impl_->arrivals;
    ++impl_->statics;
  }
  announce();
}

bool MacTable::del_static(net::Mac mac, uint16_t vlan) {
  {
    std::lock_guard lock(impl_->mutex);
    auto it = impl_->nodes.find(key_of(mac, vlan));
    if (it == impl_->nodes.end() || !it->second.entry.is_static) return false;
    impl_->erase(it->second);
  }
  announce();
  return true;
}

void MacTable::flush() {
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->ages.empty()) return;
    std::erase_if(impl_->nodes, [](const auto& item) { return !item.second.entry.is_static; });
    impl_->ages.clear();
    impl_->ports.clear();
    impl_->by_count.clear();
  }
  announce();
}

void MacTable::flush_bundle(BundleId bundle) {
  bool any = false;
  {
    std::lock_guard lock(impl_->mutex);
    std::vector<Impl::Node*> gone;
    for (auto& [key, node] : impl_->nodes)
      if (node.entry.bundle == bundle) gone.push_back(&node);
    for (Impl::Node* node : gone) impl_->erase(*node);
    any = !gone.empty();
  }
  if (any) announce();
}

TimePoint MacTable::run(TimePoint now) {
  bool expired = false;
  TimePoint next = kNever;
  {
    std::lock_guard lock(impl_->mutex);
    while (!impl_->ages.empty()) {
      Impl::Node& oldest = *impl_->ages.front();
      const TimePoint due = oldest.entry.refreshed + impl_->ageing;
      if (due > now) {
        next = due;
        break;
      }
      impl_->erase(oldest);
      ++impl_->counters.expired;
      expired = true;
    }
  }
  if (expired) announce();
  return next;
}

std::vector<MacEntry> MacTable::entries() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<const Impl::Node*> nodes;
  nodes.reserve(impl_->nodes.size());
  for (const auto& [key, node] : impl_->nodes) nodes.push_back(&node);
  std::sort(nodes.begin(), nodes.end(), [](auto* a, auto* b) {
    const auto left = a->entry.is_static ? TimePoint{INT64_MAX} : a->entry.refreshed;
    const auto right = b->entry.is_static ? TimePoint{INT64_MAX} : b->entry.refreshed;
    return std::pair(left, a->arrival) < std::pair(right, b->arrival);
  });
  std::vector<MacEntry> result;
  result.reserve(nodes.size());
  for (const Impl::Node* node : nodes) result.push_back(node->entry);
  return result;
}

size_t MacTable::size() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->nodes.size();
}
size_t MacTable::static_size() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->statics;
}
size_t MacTable::max_entries() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->max_entries;
}
MacCounters MacTable::counters() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->counters;
}
void MacTable::clear_counters() {
  std::lock_guard lock(impl_->mutex);
  impl_->counters = {};
}

}  // namespace turnout::l2
