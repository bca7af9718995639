// See exact_cache.h.
#include "lib/datapath/userspace/exact_cache.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace turnout::datapath {

ExactCache::ExactCache() {
  void* memory = mmap(nullptr, kEntries * sizeof(Entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  entries_ = static_cast<Entry*>(memory);      // zeros: all empty
}

ExactCache::~ExactCache() {
  clear();
  munmap(entries_, kEntries * sizeof(Entry));
}

bool ExactCache::drop_if_dead(Entry& entry) {
  if (!entry.flow) return true;
  if (entry.flow->alive()) return false;
  entry.flow->release();
  entry.flow = nullptr;
  return true;
}

Megaflow* ExactCache::find(const PackedKey& key) {
  for (unsigned way = 0; way < 2; ++way) {
    Entry& entry = *candidate(key.hash, way);
    if (!entry.flow || entry.hash != key.hash || !(entry.map == key.map)) continue;
    if (std::memcmp(entry.values, key.values, key.count * sizeof key.values[0]) != 0) continue;
    return drop_if_dead(entry) ? nullptr : entry.flow;
  }
  return nullptr;
}

void ExactCache::insert(const PackedKey& key, Megaflow* flow) {
  if (key.count > kMaxWords) return;
  Entry* entry = candidate(key.hash, 0);
  if (!drop_if_dead(*entry)) {
    Entry* other = candidate(key.hash, 1);
    if (drop_if_dead(*other)) entry = other;
    else if (++inserts_ % 8) return;           // more flows than entries: keep most of what is there
    else if (inserts_ & 8) entry = other;
  }
  if (!flow->try_reference()) return;
  if (entry->flow) entry->flow->release();
  entry->hash = key.hash;
  entry->map = key.map;
  entry->flow = flow;
  std::memcpy(entry->values, key.values, key.count * sizeof key.values[0]);
}

void ExactCache::clear() {
  for (size_t i = 0; i < kEntries; ++i) {
    if (!entries_[i].flow) continue;
    entries_[i].flow->release();
    entries_[i].flow = nullptr;
  }
}

}  // namespace turnout::datapath
