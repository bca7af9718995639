// Match: a key and the mask of the bits that are compared, as OpenFlow rules have; and MiniMatch, the same in the
// little memory that a million rules need. Plain values, any thread.
#pragma once

#include <memory>
#include <span>

#include "lib/flow/key.h"

namespace turnout::flow {

// Invariant kept by everything in this folder: key bits outside the mask are zero. Call normalize() after writing the
// members directly. A default Match matches every packet.
struct Match {
  FlowKey key{};
  FlowMask mask{};

  void normalize() { key = apply_mask(key, mask); }
  bool matches(const FlowKey& packet) const { return equal_masked(packet, key, mask, nonzero_words(mask)); }
  // Every packet that `narrow` matches is matched by this one too (OpenFlow's non-strict matching).
  bool covers(const Match& narrow) const;
  // Some packet is matched by both.
  bool overlaps(const Match& other) const;
  bool matches_everything() const { return nonzero_words(mask) == WordMap{}; }
  friend bool operator==(const Match& a, const Match& b) { return equal(a.key, b.key) && equal(a.mask, b.mask); }
};

// Immutable; holds only the words of the key and mask that the mask touches.
class MiniMatch {
 public:
  MiniMatch() = default;
  explicit MiniMatch(const Match& match);
  MiniMatch(MiniMatch&&) noexcept = default;
  MiniMatch& operator=(MiniMatch&&) noexcept = default;

  Match expand() const;
  const WordMap& map() const { return map_; }                       // words with a non-zero mask
  std::span<const uint64_t> values() const { return {words_.get(), count_}; }   // in the order of map().each()
  std::span<const uint64_t> masks() const { return {words_.get() + count_, count_}; }
  bool matches(const FlowKey& packet) const;
  bool same_mask(const MiniMatch& other) const;
  friend bool operator==(const MiniMatch& a, const MiniMatch& b);

 private:
  WordMap map_;
  uint32_t count_ = 0;
  std::unique_ptr<uint64_t[]> words_;
};

}  // namespace turnout::flow
