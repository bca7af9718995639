// The VLAN tags of a packet while it is translated: on the wire now, and as a bridge wants them on output. Plain value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/flow/key.h"

namespace turnout::translate {

class TagStack {
 public:
  static constexpr unsigned kMax = 8;

  TagStack() = default;
  explicit TagStack(const flow::FlowKey& key) {
    for (const flow::VlanTag& tag : key.vlans)
      if (tag.tci.host() & flow::kVlanPresent) { tags_[size_] = tag; origin_[size_] = static_cast<int8_t>(size_); ++size_; }
  }

  unsigned size() const { return size_; }
  std::span<const flow::VlanTag> tags() const { return {tags_.data(), size_}; }
  // Which tag of the packet as it arrived stands at this place; -1: one that was pushed.
  int origin(unsigned place) const { return origin_[place]; }
  // The tag of the arrived packet that would come next below all that were taken off (what an empty place depends on).
  unsigned taken() const { return taken_; }

  // Without the outer `consumed` tags, and with `outer` in front. nullopt: too many tags.
  std::optional<TagStack> rewritten(unsigned consumed, const std::optional<flow::VlanTag>& outer) const {
    if (outer && consumed == 1 && size_ && tags_[0] == *outer) return *this;
    TagStack next;
    if (outer) {
      next.tags_[0] = *outer;
      next.origin_[0] = -1;
      next.size_ = 1;
    }
    next.taken_ = taken_;
    for (unsigned i = 0; i < consumed && i < size_; ++i)
      if (origin_[i] >= 0) ++next.taken_;
    for (unsigned i = consumed; i < size_; ++i) {
      if (next.size_ == kMax) return std::nullopt;
      next.tags_[next.size_] = tags_[i];
      next.origin_[next.size_++] = origin_[i];
    }
    return next;
  }

  // Tags that stand at the bottom of both.
  static unsigned common_bottom(const TagStack& a, const TagStack& b) {
    unsigned n = 0;
    while (n < a.size_ && n < b.size_ && a.tags_[a.size_ - 1 - n] == b.tags_[b.size_ - 1 - n]) ++n;
    return n;
  }

 private:
  std::array<flow::VlanTag, kMax> tags_{};
  std::array<int8_t, kMax> origin_{};
  uint8_t size_ = 0, taken_ = 0;
};

}  // namespace turnout::translate
