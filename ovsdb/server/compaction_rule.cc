// The rule of automatic compaction.
#include "ovsdb/server/compaction_rule.h"

namespace turnout::ovsdb::server {

void CompactionRule::compacted(uint64_t size, TimePoint now) {
  compacted_size_ = size;
  commits_ = 0;
  compacted_at_ = now;
  earliest_ = now + kSoonest;
}

bool CompactionRule::is_due(uint64_t size, TimePoint now) const {
  if (commits_ < kCommits || now < earliest_) return false;
  return now - compacted_at_ >= kLatest || (size > kBytes && size / 2 > compacted_size_);
}

}  // namespace turnout::ovsdb::server
