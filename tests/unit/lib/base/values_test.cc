// Strings, UUIDs, the clock and counters.
#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "lib/base/counters.h"
#include "lib/base/rcu.h"
#include "lib/base/strings.h"
#include "lib/base/uuid.h"

namespace turnout {
namespace {

TEST(Strings, SplitKeepsEmptyPartsAndSplitAnyDropsThem) {
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_EQ(split("", ',').size(), 1u);
  EXPECT_EQ(split_any(" a, b ", " ,").size(), 2u);
  EXPECT_TRUE(split_any(" ,", " ,").empty());
}

TEST(Strings, NumbersAreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_unsigned("0x1F"), 31u);
  EXPECT_EQ(parse_unsigned("010"), 8u);
  EXPECT_EQ(parse_unsigned("0"), 0u);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "x", "1x", " 1", "-1", "0x", "08", "18446744073709551616"}) {
    EXPECT_FALSE(parse_unsigned(bad)) << bad;
  }
  EXPECT_EQ(parse_signed("-9223372036854775808"), INT64_MIN);
  EXPECT_FALSE(parse_signed("9223372036854775808"));
  EXPECT_FALSE(parse_signed("--1"));
}

TEST(Strings, HexAllowsSpacesBetweenBytesOnly) {
  EXPECT_EQ(parse_hex("01 aB\nff"), (std::vector<uint8_t>{0x01, 0xab, 0xff}));
  EXPECT_FALSE(parse_hex("0 1"));
  EXPECT_FALSE(parse_hex("012"));
}

TEST(Strings, HexDigitsAreOfEitherCaseAndNothingElse) {
  EXPECT_EQ(hex_digit('0'), 0);
  EXPECT_EQ(hex_digit('9'), 9);
  EXPECT_EQ(hex_digit('a'), 10);
  EXPECT_EQ(hex_digit('F'), 15);
  for (char c : {'/', ':', '@', 'G', '`', 'g', ' ', '\0', '\xc3'}) EXPECT_EQ(hex_digit(c), -1) << int{c};
}

TEST(Strings, CaseIsIgnoredWhereAsked) {
  EXPECT_TRUE(equal_ignore_case("Any", "aNY"));
  EXPECT_FALSE(equal_ignore_case("any", "an"));
  EXPECT_EQ(trim(" \ta b\n"), "a b");
}

TEST(Uuid, TextRoundTrip) {
  const char* text = "01234567-89ab-4cde-8f01-23456789abcd";
  ASSERT_TRUE(Uuid::parse(text));
  EXPECT_EQ(Uuid::parse(text)->to_string(), text);
  EXPECT_FALSE(Uuid::parse("01234567-89ab-4cde-8f01-23456789abc"));
  EXPECT_FALSE(Uuid::parse("01234567089ab-4cde-8f01-23456789abcd"));
  EXPECT_FALSE(Uuid::parse("g1234567-89ab-4cde-8f01-23456789abcd"));
}

TEST(Uuid, RandomOnesAreVersionFour) {
  const std::string text = Uuid::random().to_string();
  EXPECT_EQ(text[14], '4');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_NE(Uuid::random(), Uuid::random());
}

TEST(Clock, StoppedTimeMovesByWarpsOnly) {
  Clock clock;
  clock.stop();
  const TimePoint start = clock.now();
  const int64_t wall = clock.wall_ms();
  EXPECT_EQ(clock.now(), start);
  clock.warp(std::chrono::seconds(5));
  EXPECT_EQ(clock.now() - start, std::chrono::seconds(5));
  EXPECT_GE(clock.wall_ms() - wall, 4990);
}

TEST(Clock, RunningTimeCanBeWarpedToo) {
  Clock clock;
  const TimePoint start = clock.now();
  clock.warp(std::chrono::hours(1));
  EXPECT_GE(clock.now() - start, std::chrono::hours(1));
}

Counter hits{"test_hits"};
Counter more_hits{"test_hits"};
Counter misses{"test_misses"};

TEST(Counter, SameNameIsOneEvent) {
  hits.add(2);
  more_hits.add();
  EXPECT_EQ(read_counter("test_hits"), 3u);
  EXPECT_EQ(read_counter("test_misses"), 0u);
  EXPECT_FALSE(read_counter("nosuch"));
  sample_counters();
  const std::string text = counters_text();
  EXPECT_NE(text.find("test_hits                  0.6/sec     0.050/sec        0.0000/sec   total: 3\n"),
            std::string::npos) << text;
  EXPECT_EQ(text.find("test_misses"), std::string::npos);
}

TEST(Rcu, PublishedPointersAreFreedAfterReaders) {
  RcuThread self;
  static int alive = 0;
  struct Value {
    Value() { ++alive; }
    ~Value() { --alive; }
  };
  RcuPtr<Value> pointer(std::make_unique<Value>());
  {
    RcuRead read;
    EXPECT_NE(pointer.read(), nullptr);
  }
  pointer.publish(std::make_unique<Value>());
  rcu_barrier();
  EXPECT_EQ(alive, 1);
}

}  // namespace
}  // namespace turnout
