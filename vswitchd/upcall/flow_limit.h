// How many flows the datapath may hold, adapted to how long one walk over them takes. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace turnout::upcall {

inline constexpr uint64_t kFirstFlowLimit = 10'000;
inline constexpr uint64_t kLeastFlowLimit = 1'000;
inline constexpr uint64_t kFlowLimitStep = 1'000;

// After a round over `flows` that took `ms`: a second a round is what a change of configuration may take to show.
inline uint64_t adapt_flow_limit(uint64_t limit, uint64_t configured, int64_t ms) {
  if (ms > 2000) limit /= 2;
  else if (ms > 1000) limit = limit / 4 * 3;
  else limit += kFlowLimitStep;
  return std::min(std::max(limit, kLeastFlowLimit), configured);
}

// Idle flows go sooner when there are more than the limit.
inline int64_t idle_limit_ms(uint64_t flows, uint64_t limit, int64_t max_idle_ms) {
  return flows > limit ? std::min<int64_t>(max_idle_ms, 100) : max_idle_ms;
}

}  // namespace turnout::upcall
