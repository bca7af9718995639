// Levels, patterns, rate limits and the file of the log.
#include "lib/base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "lib/base/clock.h"
#include "lib/base/log_pattern.h"

namespace turnout {
namespace {

Log alpha{"alpha"};
Log beta{"beta"};

std::string error_of(std::string_view spec) {
  const auto status = log_control::set(spec);
  return status ? "" : status.error().message;
}

std::string line_of(std::string_view module) {
  const std::string all = log_control::list();
  const size_t at = all.find("\n" + std::string(module) + " ");
  return at == std::string::npos ? "" : all.substr(at + 1, all.find('\n', at + 1) - at - 1);
}

struct LogSpec : testing::Test {
  void SetUp() override { ASSERT_TRUE(log_control::set("info")); }
};

TEST_F(LogSpec, WordsComeInAnyOrder) {
  EXPECT_EQ(error_of("file:alpha:dbg"), "");
  EXPECT_EQ(line_of("alpha"), "alpha             INFO       INFO        DBG");
  EXPECT_EQ(line_of("beta"), "beta              INFO       INFO       INFO");
}

TEST_F(LogSpec, NoModuleMeansAll) {
  EXPECT_EQ(error_of("ANY:console:off"), "");
  EXPECT_EQ(line_of("alpha"), "alpha              OFF       INFO       INFO");
  EXPECT_EQ(line_of("beta"), "beta               OFF       INFO       INFO");
}

TEST_F(LogSpec, NoLevelMeansDebug) {
  EXPECT_EQ(error_of("beta"), "");
  EXPECT_EQ(line_of("beta"), "beta               DBG        DBG        DBG");
}

TEST_F(LogSpec, ErrorsNameTheWord) {
  EXPECT_EQ(error_of("foo:dbg"), "no destination, level, or module \"foo\"");
  EXPECT_EQ(error_of("alpha:dbg:info"), "cannot specify multiple levels");
  EXPECT_EQ(error_of("alpha:file:console"), "cannot specify multiple destinations");
  EXPECT_EQ(error_of("PATTERN:foo:bar"), "unknown destination \"foo\"");
  EXPECT_EQ(error_of("FACILITY:foo"), "invalid facility");
  const std::string unknown[] = {"alpha,nosuch"};
  EXPECT_EQ(log_control::set_rate_limited(unknown, false).error().message, "unknown module");
}

TEST(LogPattern, DefaultFormOfTheFile) {
  const LogLine line{"prog", "bridge", "INFO", "hello", 1763707074130, 5, 46, 29};
  EXPECT_EQ(format_log_line("%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m", line),
            "2025-11-21T06:37:54.130Z|00046|bridge|INFO|hello");
}

TEST(LogPattern, WidthAndPadding) {
  const LogLine line{"prog", "m", "ERR", "x", 0, 1234, 7, 27};
  EXPECT_EQ(format_log_line("[%5p][%-5p][%04N][%r][%B][%A]%%%n", line), "[  ERR][ERR  ][0007][1234][27][prog]%\n");
}

TEST(LogPattern, EndsInTheMiddleOfAConversion) {
  EXPECT_EQ(format_log_line("%", {}), "");
  EXPECT_EQ(format_log_line("a%-0", {}), "a");
  EXPECT_EQ(format_log_line("%D{%Y", {}).substr(0, 4), "1970");
}

TEST(LogRateLimit, CountsWhatItDrops) {
  LogRateLimit limit(2);
  LogDropped dropped;
  EXPECT_TRUE(limit.allow(&dropped));
  EXPECT_TRUE(limit.allow(&dropped));
  EXPECT_FALSE(limit.allow(&dropped));
  EXPECT_FALSE(limit.allow(&dropped));
  process_clock().warp(std::chrono::seconds(61));
  EXPECT_TRUE(limit.allow(&dropped));
  EXPECT_EQ(dropped.count, 2u);
  EXPECT_GE(dropped.last_ago, 61);
}

TEST(LogFile, KeepsLinesAcrossReopen) {
  const std::string path = testing::TempDir() + "turnout_log_" + std::to_string(getpid());
  ASSERT_TRUE(log_control::set("console:off"));
  ASSERT_TRUE(log_control::open_file(path));
  alpha.info("first {}", 1);
  ASSERT_TRUE(log_control::reopen_file());
  alpha.warn("second");
  alpha.dbg("not this");
  log_control::close_file();
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(text.find("|vlog|INFO|opened log file " + path), std::string::npos);
  EXPECT_NE(text.find("|alpha|INFO|first 1\n"), std::string::npos);
  EXPECT_NE(text.find("|alpha|WARN|second\n"), std::string::npos);
  EXPECT_EQ(text.find("not this"), std::string::npos);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace turnout
