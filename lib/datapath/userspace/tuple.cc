// See tuple.h. Erased slots are never filled again in place (a reader could be between tag and pointer); the table is
// rebuilt when too few are left empty.
#include "lib/datapath/userspace/tuple.h"

#include <cstring>

#include "lib/datapath/userspace/packed_key.h"

namespace turnout::datapath {
namespace {

constexpr size_t kFirstCapacity = 8;
Megaflow* const kErased = reinterpret_cast<Megaflow*>(1);
uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

Tuple::Tuple(const flow::FlowMask& flow_mask)
    : mask(std::make_shared<const PackedMask>(flow_mask)), slots_(new Slots(kFirstCapacity)) {}

Tuple::~Tuple() { delete slots_.load(std::memory_order_relaxed); }

Megaflow* Tuple::find(const flow::FlowKey& key) const {
  uint64_t values[flow::kKeyWords];
  const PackedMask& m = *mask;
  const uint64_t* from = flow::words(key);
  for (unsigned i = 0; i < m.count; ++i) values[i] = from[m.index[i]] & m.bits[i];
  return find(hash_values(values, m.count), values);
}

Megaflow* Tuple::find(uint64_t hash, const uint64_t* values) const {
  const Slots& s = *slots_.load(std::memory_order_acquire);
  const uint32_t tag = tag_of(hash);
  for (size_t i = hash & (s.capacity - 1);; i = (i + 1) & (s.capacity - 1)) {
    Megaflow* flow = s.flows[i].load(std::memory_order_acquire);
    if (!flow) return nullptr;
    if (flow == kErased || s.tags[i].load(std::memory_order_relaxed) != tag) continue;
    if (flow->hash == hash && std::memcmp(flow->values(), values, mask->count * sizeof *values) == 0) return flow;
  }
}

void Tuple::place(Slots& slots, Megaflow* flow) {
  size_t i = flow->hash & (slots.capacity - 1);
  while (slots.flows[i].load(std::memory_order_relaxed)) i = (i + 1) & (slots.capacity - 1);
  slots.tags[i].store(tag_of(flow->hash), std::memory_order_relaxed);
  slots.flows[i].store(flow, std::memory_order_release);
}

void Tuple::rebuild() {
  Slots* old = slots_.load(std::memory_order_relaxed);
  size_t capacity = kFirstCapacity;
  while (capacity < (used_ + 1) * 3) capacity *= 2;
  auto next = std::make_unique<Slots>(capacity);
  for (size_t i = 0; i < old->capacity; ++i) {
    Megaflow* flow = old->flows[i].load(std::memory_order_relaxed);
    if (flow && flow != kErased) place(*next, flow);
  }
  filled_ = used_;
  slots_.store(next.release(), std::memory_order_release);
  rcu_defer([old] { delete old; });
}

void Tuple::insert(Megaflow* flow) {
  if ((filled_ + 1) * 3 > slots_.load(std::memory_order_relaxed)->capacity * 2) rebuild();
  place(*slots_.load(std::memory_order_relaxed), flow);
  ++used_;
  ++filled_;
}

void Tuple::erase(const Megaflow* flow) {
  Slots& s = *slots_.load(std::memory_order_relaxed);
  for (size_t i = flow->hash & (s.capacity - 1);; i = (i + 1) & (s.capacity - 1)) {
    Megaflow* found = s.flows[i].load(std::memory_order_relaxed);
    if (!found) return;
    if (found != flow) continue;
    s.flows[i].store(kErased, std::memory_order_release);
    --used_;
    return;
  }
}

}  // namespace turnout::datapath
