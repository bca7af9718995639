// Hash tables with open addressing, replaced as a whole when they grow; slots are published one by one.
#include "lib/flow/subtable.h"

#include <algorithm>
#include <cstdlib>

namespace turnout::flow {

namespace {

// Where layers begin in the key: what a stage covers.
constexpr std::array<size_t, 4> kStageEndWord = {offsetof(FlowKey, eth_dst) / 8, offsetof(FlowKey, nw_src) / 8,
                                                 offsetof(FlowKey, nd_target) / 8, kKeyWords};
static_assert(offsetof(FlowKey, eth_dst) % 8 == 0 && offsetof(FlowKey, nw_src) % 8 == 0 &&
              offsetof(FlowKey, nd_target) % 8 == 0);

constexpr size_t kSmallest = 4;
constexpr size_t kMaxWords = kKeyWords;

uint64_t mix(uint64_t hash, uint64_t word) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(hash ^ word) * 0x9E3779B97F4A7C15ull + 0xD6E8FEB86659FD93ull;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
constexpr uint64_t kSeed = 0xC2B2AE3D27D4EB4Full;

// A slot whose rule is gone: probing goes on behind it.
ClassifierRule* tombstone() { return reinterpret_cast<ClassifierRule*>(uintptr_t{1}); }

size_t table_size_for(size_t entries) {
  size_t size = kSmallest;
  while (size < entries * 2 + 1) size *= 2;
  return size;
}

}  // namespace

HashFilter::HashFilter() : bits_(std::make_unique<Bits>(kSmallest)) {}

void HashFilter::Bits::put(uint64_t hash) {
  size_t i = hash & mask;
  while (slots[i].load(std::memory_order_relaxed)) i = (i + 1) & mask;
  slots[i].store(hash, std::memory_order_release);
}

bool HashFilter::may_contain(uint64_t hash) const {
  hash |= 1;
  const Bits& bits = *bits_.read();
  for (size_t i = hash & bits.mask;; i = (i + 1) & bits.mask) {
    const uint64_t slot = bits.slots[i].load(std::memory_order_acquire);
    if (slot == hash) return true;
    if (!slot) return false;
  }
}

void HashFilter::add(uint64_t hash) {
  hash |= 1;
  if (counts_[hash]++) return;
  if (may_contain(hash)) return;   // a stale slot of an earlier life
  if ((used_ + 1) * 2 > bits_.read()->mask + 1) return rebuild();
  const_cast<Bits*>(bits_.read())->put(hash);
  ++used_;
}

void HashFilter::remove(uint64_t hash) {
  const auto it = counts_.find(hash | 1);
  if (--it->second == 0) counts_.erase(it);
  if (used_ > 64 && counts_.size() * 4 < used_) rebuild();   // stale slots make lookups look at more bits
}

void HashFilter::rebuild() {
  auto bits = std::make_unique<Bits>(table_size_for(counts_.size()));
  for (const auto& [hash, count] : counts_) bits->put(hash);
  used_ = counts_.size();
  bits_.publish(std::move(bits));
}

Subtable::Subtable(const MiniMatch& match) : map_(match.map()), table_(std::make_unique<Table>(kSmallest)) {
  masks_.assign(match.masks().begin(), match.masks().end());
  map_.each([&](unsigned w) { word_index_.push_back(w); });
  for (size_t stage = 0; stage < kStages; ++stage)
    stage_end_[stage] = static_cast<size_t>(
        std::lower_bound(word_index_.begin(), word_index_.end(), kStageEndWord[stage]) - word_index_.begin());
  for (size_t stage = 0, start = 0; stage < kStages; start = stage_end_[stage++])
    if (stage_end_[stage] > start && stage_end_[stage] < word_index_.size()) filters_[stage] = std::make_unique<HashFilter>();
}

// The running hash of the masked key at the end of each stage; the last is that of the whole.
std::array<uint64_t, Subtable::kStages> Subtable::stage_hashes(const MiniMatch& match) const {
  std::array<uint64_t, kStages> hashes;
  uint64_t hash = kSeed;
  size_t i = 0;
  for (size_t stage = 0; stage < kStages; ++stage) {
    for (; i < stage_end_[stage]; ++i) hash = mix(hash, match.values()[i]);
    hashes[stage] = hash;
  }
  return hashes;
}

ClassifierRule* Subtable::find_head(uint64_t hash, const uint64_t* values) const {
  const Table& table = *table_.read();
  for (size_t i = hash & table.mask;; i = (i + 1) & table.mask) {
    ClassifierRule* rule = table.slots[i].load(std::memory_order_acquire);
    if (!rule) return nullptr;
    if (rule == tombstone() || rule->hash_ != hash) continue;
    if (std::equal(rule->match_.values().begin(), rule->match_.values().end(), values)) return rule;
  }
}

void Subtable::unwildcard(FlowMask* wildcards, size_t words_looked_at) const {
  if (!wildcards) return;
  uint64_t* w = words(*wildcards);
  for (size_t i = 0; i < words_looked_at; ++i) w[word_index_[i]] |= masks_[i];
}

ClassifierRule* Subtable::lookup(Version version, const FlowKey& key, FlowMask* wildcards) const {
  std::array<uint64_t, kMaxWords> values;
  const uint64_t* k = words(key);
  uint64_t hash = kSeed;
  size_t i = 0;
  for (size_t stage = 0; stage < kStages; ++stage) {
    for (; i < stage_end_[stage]; ++i) hash = mix(hash, values[i] = k[word_index_[i]] & masks_[i]);
    if (filters_[stage] && !filters_[stage]->may_contain(hash)) {
      unwildcard(wildcards, i);
      return nullptr;
    }
  }
  unwildcard(wildcards, i);
  ClassifierRule* rule = find_head(hash, values.data());
  while (rule && !rule->visible(version)) rule = rule->next_same_.load(std::memory_order_acquire);
  return rule;
}

ClassifierRule* Subtable::find_exact(const MiniMatch& match, int32_t priority, Version version) const {
  ClassifierRule* rule = find_head(stage_hashes(match)[kStages - 1], match.values().data());
  while (rule && !(rule->priority_ == priority && rule->visible(version)))
    rule = rule->next_same_.load(std::memory_order_acquire);
  return rule;
}

// The slot whose chain holds rules with the key of this one, or nullptr. Writer.
std::atomic<ClassifierRule*>* Subtable::find_slot(const ClassifierRule& rule) {
  const Table& table = *table_.read();
  for (size_t i = rule.hash_ & table.mask;; i = (i + 1) & table.mask) {
    ClassifierRule* head = table.slots[i].load(std::memory_order_relaxed);
    if (!head) return nullptr;
    if (head != tombstone() && head->hash_ == rule.hash_ &&
        std::ranges::equal(head->match_.values(), rule.match_.values()))
      return &table.slots[i];
  }
}

void Subtable::put_head(Table& table, ClassifierRule* rule) {
  size_t i = rule->hash_ & table.mask;
  while (table.slots[i].load(std::memory_order_relaxed)) i = (i + 1) & table.mask;
  table.slots[i].store(rule, std::memory_order_release);
}

void Subtable::rebuild() {
  const Table& old = *table_.read();
  auto table = std::make_unique<Table>(table_size_for(heads_ + 1));
  for (size_t i = 0; i <= old.mask; ++i) {
    ClassifierRule* rule = old.slots[i].load(std::memory_order_relaxed);
    if (rule && rule != tombstone()) put_head(*table, rule);
  }
  used_ = heads_;
  table_.publish(std::move(table));
}

void Subtable::insert(ClassifierRule* rule) {
  const auto hashes = stage_hashes(rule->match_);
  rule->hash_ = hashes[kStages - 1];
  for (size_t stage = 0; stage < kStages; ++stage)
    if (filters_[stage]) filters_[stage]->add(hashes[stage]);
  ++priorities_[rule->priority_];

  if (std::atomic<ClassifierRule*>* link = find_slot(*rule)) {
    ClassifierRule* next = link->load(std::memory_order_relaxed);
    while (next && next->priority_ > rule->priority_) {
      link = &next->next_same_;
      next = link->load(std::memory_order_relaxed);
    }
    rule->next_same_.store(next, std::memory_order_relaxed);
    link->store(rule, std::memory_order_release);
    return;
  }
  rule->next_same_.store(nullptr, std::memory_order_relaxed);
  if ((used_ + 1) * 2 > table_.read()->mask + 1) rebuild();
  put_head(const_cast<Table&>(*table_.read()), rule);
  ++heads_;
  ++used_;
}

void Subtable::remove(ClassifierRule* rule) {
  std::atomic<ClassifierRule*>* slot = find_slot(*rule);
  std::atomic<ClassifierRule*>* link = slot;
  while (link && link->load(std::memory_order_relaxed) != rule) {
    ClassifierRule* at = link->load(std::memory_order_relaxed);
    link = at ? &at->next_same_ : nullptr;
  }
  if (!link) std::abort();   // not in the classifier
  ClassifierRule* next = rule->next_same_.load(std::memory_order_relaxed);
  if (link == slot && !next) {
    slot->store(tombstone(), std::memory_order_release);
    --heads_;
  } else {
    link->store(next, std::memory_order_release);
  }
  const auto hashes = stage_hashes(rule->match_);
  for (size_t stage = 0; stage < kStages; ++stage)
    if (filters_[stage]) filters_[stage]->remove(hashes[stage]);
  const auto it = priorities_.find(rule->priority_);
  if (--it->second == 0) priorities_.erase(it);
}

void Subtable::each(const std::function<void(ClassifierRule*)>& f) const {
  const Table& table = *table_.read();
  for (size_t i = 0; i <= table.mask; ++i) {
    ClassifierRule* rule = table.slots[i].load(std::memory_order_acquire);
    if (rule == tombstone()) continue;
    for (; rule; rule = rule->next_same_.load(std::memory_order_acquire)) f(rule);
  }
}

}  // namespace turnout::flow
