// When a log has grown so much that writing it anew is worth its cost (ovsdb-server(1), `ovsdb-server/compact`): over
// twice its compacted size and 10 MB, not before 100 commits and 10 minutes; in any case after a day with 100 commits. A
// failed attempt is repeated after 10 minutes. Pure: the caller says what time it is.
#pragma once

#include "lib/base/clock.h"

namespace turnout::ovsdb::server {

class CompactionRule {
 public:
  // The log is, at this time, `size` bytes of nothing but its contents: just opened, or just compacted.
  void compacted(uint64_t size, TimePoint now);
  void failed(TimePoint now) { earliest_ = now + kSoonest; }
  void committed(uint64_t n) { commits_ += n; }
  bool is_due(uint64_t size, TimePoint now) const;

 private:
  static constexpr uint64_t kBytes = 10u << 20;
  static constexpr uint64_t kCommits = 100;
  static constexpr auto kSoonest = std::chrono::minutes(10);
  static constexpr auto kLatest = std::chrono::hours(24);
  uint64_t compacted_size_ = 0, commits_ = 0;
  TimePoint compacted_at_{}, earliest_{};
};

}  // namespace turnout::ovsdb::server
