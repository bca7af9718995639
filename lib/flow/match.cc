// Relations between matches, and their compact form.
#include "lib/flow/match.h"

#include <algorithm>

namespace turnout::flow {

bool Match::covers(const Match& narrow) const {
  const uint64_t *m = words(mask), *nm = words(narrow.mask), *k = words(key), *nk = words(narrow.key);
  for (size_t i = 0; i < kKeyWords; ++i)
    if ((m[i] & ~nm[i]) || ((k[i] ^ nk[i]) & m[i])) return false;
  return true;
}

bool Match::overlaps(const Match& other) const {
  const uint64_t *m = words(mask), *om = words(other.mask), *k = words(key), *ok = words(other.key);
  for (size_t i = 0; i < kKeyWords; ++i)
    if ((k[i] ^ ok[i]) & m[i] & om[i]) return false;
  return true;
}

MiniMatch::MiniMatch(const Match& match) : map_(nonzero_words(match.mask)) {
  map_.each([&](unsigned) { ++count_; });
  words_ = std::make_unique<uint64_t[]>(size_t{count_} * 2);
  const uint64_t *k = words(match.key), *m = words(match.mask);
  size_t i = 0;
  map_.each([&](unsigned w) {
    words_[i] = k[w] & m[w];
    words_[count_ + i] = m[w];
    ++i;
  });
}

Match MiniMatch::expand() const {
  Match match;
  size_t i = 0;
  map_.each([&](unsigned w) {
    words(match.key)[w] = words_[i];
    words(match.mask)[w] = words_[count_ + i];
    ++i;
  });
  return match;
}

bool MiniMatch::matches(const FlowKey& packet) const {
  const uint64_t* w = words(packet);
  size_t i = 0;
  bool all = true;
  map_.each([&](unsigned word) {
    all &= (w[word] & words_[count_ + i]) == words_[i];
    ++i;
  });
  return all;
}

bool MiniMatch::same_mask(const MiniMatch& other) const {
  return map_ == other.map_ && std::ranges::equal(masks(), other.masks());
}

bool operator==(const MiniMatch& a, const MiniMatch& b) {
  return a.same_mask(b) && std::ranges::equal(a.values(), b.values());
}

}  // namespace turnout::flow
