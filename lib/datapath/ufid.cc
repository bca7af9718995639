// The name of a flow: a hash of its mask and of the key under the mask.
#include <xxhash.h>

#include "lib/datapath/datapath.h"

namespace turnout::datapath {

Ufid make_ufid(const flow::FlowKey& key, const flow::FlowMask& mask) {
  uint64_t buffer[3 * flow::kKeyWords];
  size_t used = 0;
  flow::nonzero_words(mask).each([&](unsigned word) {
    const uint64_t bits = flow::words(mask)[word];
    buffer[used++] = word;
    buffer[used++] = bits;
    buffer[used++] = flow::words(key)[word] & bits;
  });
  const XXH128_hash_t hash = XXH3_128bits(buffer, used * sizeof buffer[0]);
  return {static_cast<uint32_t>(hash.high64 >> 32), static_cast<uint32_t>(hash.high64),
          static_cast<uint32_t>(hash.low64 >> 32), static_cast<uint32_t>(hash.low64)};
}

}  // namespace turnout::datapath
