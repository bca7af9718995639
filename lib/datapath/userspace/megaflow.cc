// See megaflow.h.
#include "lib/datapath/userspace/megaflow.h"

#include "lib/datapath/userspace/packed_key.h"

namespace turnout::datapath {

PackedMask::PackedMask(const flow::FlowMask& mask) : map(flow::nonzero_words(mask)) {
  map.each([&](unsigned) { ++count; });
  index = std::make_unique<uint8_t[]>(count);
  bits = std::make_unique<uint64_t[]>(count);
  unsigned n = 0;
  map.each([&](unsigned word) {
    index[n] = static_cast<uint8_t>(word);
    bits[n++] = flow::words(mask)[word];
  });
}

bool PackedMask::same(const flow::FlowMask& mask, const flow::WordMap& words) const {
  if (!(words == map)) return false;
  for (unsigned i = 0; i < count; ++i)
    if (flow::words(mask)[index[i]] != bits[i]) return false;
  return true;
}

Megaflow* Megaflow::create(const Ufid& ufid, const flow::FlowKey& key, std::shared_ptr<const PackedMask> mask,
                           const ActionList& actions) {
  auto* flow = new Megaflow(ufid, std::move(mask));
  const PackedMask& m = *flow->mask;
  flow->values_ = std::make_unique<uint64_t[]>(m.count);
  for (unsigned i = 0; i < m.count; ++i) flow->values_[i] = flow::words(key)[m.index[i]] & m.bits[i];
  flow->hash = hash_values(flow->values_.get(), m.count);
  const PackedKey original(key, flow::nonzero_words(key));
  flow->original_map_ = original.map;
  flow->original_ = std::make_unique<uint64_t[]>(original.count);
  std::copy_n(original.values, original.count, flow->original_.get());
  flow->set_actions(actions);
  return flow;
}

bool Megaflow::try_reference() {
  uint32_t n = references_.load(std::memory_order_relaxed);
  do {
    if (n == 0) return false;
  } while (!references_.compare_exchange_weak(n, n + 1, std::memory_order_relaxed));
  return true;
}

void Megaflow::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) rcu_defer([this] { delete this; });
}

FlowStats Megaflow::stats() const {
  return {packets_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed),
          used_ns_.load(std::memory_order_relaxed), tcp_flags_.load(std::memory_order_relaxed)};
}

void Megaflow::clear_stats() {
  packets_.store(0, std::memory_order_relaxed);
  bytes_.store(0, std::memory_order_relaxed);
  used_ns_.store(0, std::memory_order_relaxed);
  tcp_flags_.store(0, std::memory_order_relaxed);
}

FlowEntry Megaflow::entry() const {
  FlowEntry entry;
  entry.ufid = ufid;
  unsigned n = 0;
  original_map_.each([&](unsigned word) { flow::words(entry.key)[word] = original_[n++]; });
  for (unsigned i = 0; i < mask->count; ++i) flow::words(entry.mask)[mask->index[i]] = mask->bits[i];
  {
    RcuRead read;
    entry.actions = actions();
  }
  entry.stats = stats();
  return entry;
}

}  // namespace turnout::datapath
