// When a database file is compacted by itself, on a clock of the test's own.
#include "ovsdb/server/compaction_rule.h"

#include <gtest/gtest.h>

namespace turnout::ovsdb::server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
constexpr uint64_t kMegabyte = 1u << 20;
constexpr TimePoint kStart{1};

CompactionRule rule_after(uint64_t commits, uint64_t compacted_size) {
  CompactionRule rule;
  rule.compacted(compacted_size, kStart);
  rule.committed(commits);
  return rule;
}

TEST(CompactionRule, WantsTwiceTheSizeAndTenMegabytes) {
  EXPECT_TRUE(rule_after(100, kMegabyte).is_due(11 * kMegabyte, kStart + minutes(10)));
  EXPECT_FALSE(rule_after(100, kMegabyte).is_due(9 * kMegabyte, kStart + minutes(10)));
  EXPECT_FALSE(rule_after(100, 8 * kMegabyte).is_due(15 * kMegabyte, kStart + minutes(10)));
  EXPECT_TRUE(rule_after(100, 8 * kMegabyte).is_due(17 * kMegabyte, kStart + minutes(10)));
}

TEST(CompactionRule, NotBeforeAHundredCommits) {
  EXPECT_FALSE(rule_after(99, kMegabyte).is_due(90 * kMegabyte, kStart + hours(48)));
}

TEST(CompactionRule, NotBeforeTenMinutes) {
  EXPECT_FALSE(rule_after(5000, kMegabyte).is_due(90 * kMegabyte, kStart + minutes(10) - Duration(1)));
}

TEST(CompactionRule, AfterADayWhateverTheSize) {
  EXPECT_TRUE(rule_after(100, kMegabyte).is_due(kMegabyte + 1, kStart + hours(24)));
  EXPECT_FALSE(rule_after(100, kMegabyte).is_due(kMegabyte + 1, kStart + hours(24) - Duration(1)));
}

TEST(CompactionRule, AFailedAttemptWaitsTenMinutes) {
  CompactionRule rule = rule_after(100, kMegabyte);
  const TimePoint attempt = kStart + minutes(30);
  rule.failed(attempt);
  EXPECT_FALSE(rule.is_due(90 * kMegabyte, attempt + minutes(9)));
  EXPECT_TRUE(rule.is_due(90 * kMegabyte, attempt + minutes(10)));
}

}  // namespace
}  // namespace turnout::ovsdb::server
