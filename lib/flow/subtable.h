// The rules of one mask within a Classifier: a hash table from masked key to the rules with that key, and one filter
// per stage (metadata, layer 2, layer 3) that tells early that nothing can match, so that fewer bits are looked at.
// One writer; readers inside an RcuRead section, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/flow/classifier.h"

namespace turnout::flow {

// A set of hashes with counts; readers may see a false "yes", never a false "no".
class HashFilter {
 public:
  HashFilter();
  bool may_contain(uint64_t hash) const;
  void add(uint64_t hash);
  void remove(uint64_t hash);

 private:
  struct Bits {
    size_t mask = 0;                                   // number of slots - 1
    std::unique_ptr<std::atomic<uint64_t>[]> slots;    // 0: empty
    explicit Bits(size_t size) : mask(size - 1), slots(std::make_unique<std::atomic<uint64_t>[]>(size)) {}
    void put(uint64_t hash);
  };
  void rebuild();
  std::unordered_map<uint64_t, uint32_t> counts_;      // the writer's
  size_t used_ = 0;                                    // slots in use, stale ones included
  RcuPtr<Bits> bits_;
};

class Subtable {
 public:
  explicit Subtable(const MiniMatch& match);

  bool has_mask_of(const MiniMatch& match) const { return match.map() == map_ && std::equal(masks_.begin(), masks_.end(), match.masks().begin()); }
  void insert(ClassifierRule* rule);
  void remove(ClassifierRule* rule);
  bool empty() const { return priorities_.empty(); }   // writer
  int32_t max_priority() const { return priorities_.rbegin()->first; }

  ClassifierRule* lookup(Version version, const FlowKey& key, FlowMask* wildcards) const;
  ClassifierRule* find_exact(const MiniMatch& match, int32_t priority, Version version) const;
  void each(const std::function<void(ClassifierRule*)>& f) const;

 private:
  static constexpr size_t kStages = 4;
  struct Table {
    size_t mask;                                       // number of slots - 1
    std::unique_ptr<std::atomic<ClassifierRule*>[]> slots;
    explicit Table(size_t size) : mask(size - 1), slots(std::make_unique<std::atomic<ClassifierRule*>[]>(size)) {}
  };
  std::array<uint64_t, kStages> stage_hashes(const MiniMatch& match) const;
  ClassifierRule* find_head(uint64_t hash, const uint64_t* masked_values) const;
  std::atomic<ClassifierRule*>* find_slot(const ClassifierRule& rule);
  void rebuild();
  void put_head(Table& table, ClassifierRule* rule);
  void unwildcard(FlowMask* wildcards, size_t words_looked_at) const;

  WordMap map_;
  std::vector<uint32_t> word_index_;                   // of the words in map_, ascending
  std::vector<uint64_t> masks_;
  std::array<size_t, kStages> stage_end_{};            // in word_index_
  std::array<std::unique_ptr<HashFilter>, kStages> filters_;   // only for stages that end before the last word
  RcuPtr<Table> table_;
  size_t heads_ = 0, used_ = 0;                        // the writer's: keys; slots taken, tombstones included
  std::map<int32_t, size_t> priorities_;               // the writer's: how many rules of each
};

}  // namespace turnout::flow
