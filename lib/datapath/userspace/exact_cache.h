// The first look of a packet thread: exact keys seen lately and the flows they hit. One thread's own. Memory is touched
// only as entries are used. Dead flows are forgotten when met.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/datapath/userspace/megaflow.h"
#include "lib/datapath/userspace/packed_key.h"

namespace turnout::datapath {

class ExactCache {
 public:
  static constexpr size_t kEntries = 8192;
  static constexpr unsigned kMaxWords = 28;   // longer keys are not cached
  ExactCache();
  ~ExactCache();
  ExactCache(const ExactCache&) = delete;

  Megaflow* find(const PackedKey& key);       // alive (when looked at), or nullptr
  void insert(const PackedKey& key, Megaflow* flow);   // inside the RcuRead that found the flow
  void clear();

 private:
  struct alignas(64) Entry {
    uint64_t hash;
    flow::WordMap map;
    Megaflow* flow;                           // with a reference; nullptr: empty
    uint64_t values[kMaxWords];
  };
  Entry* candidate(uint64_t hash, unsigned way) const {
    return &entries_[(way ? hash >> 32 : hash) & (kEntries - 1)];
  }
  static bool drop_if_dead(Entry& entry);     // true: empty now

  Entry* entries_;
  uint32_t inserts_ = 0;
};

}  // namespace turnout::datapath
