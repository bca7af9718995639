// Comparing and hashing keys word by word.
#include "lib/flow/key.h"

namespace turnout::flow {

namespace {

// Multiply and fold: two products' worth of mixing per word, good enough for tables and cheap enough for every packet.
uint64_t mix(uint64_t hash, uint64_t word) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(hash ^ word) * 0x9E3779B97F4A7C15ull + 0xD6E8FEB86659FD93ull;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kSeed = 0xA0761D6478BD642Full;

}  // namespace

WordMap nonzero_words(const FlowKey& key) {
  WordMap map;
  const uint64_t* w = words(key);
  // Most are zero, and so are their neighbours.
  constexpr size_t kTogether = 4;
  static_assert(64 % kTogether == 0);
  for (size_t i = 0; i + kTogether <= kKeyWords; i += kTogether) {
    if (!(w[i] | w[i + 1] | w[i + 2] | w[i + 3])) continue;
    for (size_t j = i; j < i + kTogether; ++j) map.bits[i / 64] |= uint64_t{w[j] != 0} << (j % 64);
  }
  for (size_t i = kKeyWords / kTogether * kTogether; i < kKeyWords; ++i) map.bits[i / 64] |= uint64_t{w[i] != 0} << (i % 64);
  return map;
}

bool equal(const FlowKey& a, const FlowKey& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

bool equal_masked(const FlowKey& a, const FlowKey& b, const FlowMask& mask, const WordMap& map) {
  const uint64_t *wa = words(a), *wb = words(b), *wm = words(mask);
  for (unsigned half = 0; half < 2; ++half)
    for (uint64_t bits = map.bits[half]; bits; bits &= bits - 1) {
      const unsigned i = half * 64 + static_cast<unsigned>(std::countr_zero(bits));
      if ((wa[i] ^ wb[i]) & wm[i]) return false;
    }
  return true;
}

uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, const WordMap& map) {
  const uint64_t *wk = words(key), *wm = words(mask);
  uint64_t hash = kSeed;
  map.each([&](unsigned i) { hash = mix(hash, wk[i] & wm[i]); });
  return hash;
}

uint64_t hash_words(const FlowKey& key, const WordMap& map) {
  const uint64_t* wk = words(key);
  uint64_t hash = kSeed;
  map.each([&](unsigned i) { hash = mix(hash, wk[i]); });
  return hash;
}

FlowKey apply_mask(const FlowKey& key, const FlowMask& mask) {
  FlowKey out;
  const uint64_t *wk = words(key), *wm = words(mask);
  uint64_t* wo = words(out);
  for (size_t i = 0; i < kKeyWords; ++i) wo[i] = wk[i] & wm[i];
  return out;
}

}  // namespace turnout::flow
