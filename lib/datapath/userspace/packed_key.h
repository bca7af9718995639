// The words of a flow key that may be other than zero, side by side, and their hash: what the exact-match cache compares.
#pragma once

#include <cstdint>

#include "lib/flow/key.h"

namespace turnout::datapath {

// One step of a multiplicative hash over 64-bit words.
inline uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
inline constexpr uint64_t kMixA = 0x9E3779B97F4A7C15ull, kMixB = 0xD6E8FEB86659FD93ull;

inline uint64_t hash_values(const uint64_t* values, unsigned count) {
  uint64_t hash = kMixB ^ count;
  unsigned i = 0;
  for (; i + 2 <= count; i += 2) hash = mix(values[i] ^ hash, values[i + 1] ^ kMixA);
  if (i < count) hash = mix(values[i] ^ hash, kMixA);
  return mix(hash, kMixB);
}

struct PackedKey {
  uint64_t hash;
  flow::WordMap map;
  unsigned count;
  uint64_t values[flow::kKeyWords];

  PackedKey(const flow::FlowKey& key, const flow::WordMap& words) : map(words) {
    unsigned n = 0;
    const uint64_t* from = flow::words(key);
    map.each([&](unsigned word) { values[n++] = from[word]; });
    count = n;
    hash = hash_values(values, n) ^ map.bits[0] ^ (map.bits[1] << 1);
  }
};

}  // namespace turnout::datapath
