// The record of internal ports: what a later process reads after changes, crashes and damage.
#include "lib/netdev/internal_ports.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace turnout::netdev {
namespace {

class InternalPorts : public ::testing::Test {
 protected:
  InternalPorts() {
    char name[] = "/tmp/turnout-internal-ports-XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ + "/internal-ports";
  }
  ~InternalPorts() override { std::filesystem::remove_all(directory_); }

  InternalPortRecord reread() const {
    InternalPortRecord record(path_);
    record.load();
    return record;
  }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  std::string directory_, path_;
};

TEST_F(InternalPorts, ChangesAreAppendedAndReadBack) {
  InternalPortRecord record(path_);
  record.put("p1", {7, 1000, ""});
  record.put("p2", {8, 1001, "/run/netns/a b"});
  ASSERT_TRUE(record.save());
  const std::string first = text();
  record.put("p1", {9, 1000, ""});
  record.erase("p2");
  ASSERT_TRUE(record.save());
  EXPECT_EQ(text().substr(0, first.size()), first);
  EXPECT_EQ(reread().all(), record.all());
  EXPECT_EQ(reread().all().at("p1").ifindex, 9);
}

TEST_F(InternalPorts, PathsWithSpacesStay) {
  InternalPortRecord record(path_);
  record.put("p2", {8, 1001, "/run/netns/a b"});
  ASSERT_TRUE(record.save());
  EXPECT_EQ(reread().all().at("p2").ns_path, "/run/netns/a b");
}

TEST_F(InternalPorts, FileDoesNotGrowWithChangesOfOnePort) {
  InternalPortRecord record(path_);
  size_t largest = 0;
  for (int n = 1; n < 2000; ++n) {
    record.put("p1", {n, 1000, ""});
    ASSERT_TRUE(record.save());
    largest = std::max(largest, text().size());
  }
  EXPECT_LT(largest, 4000u);
  EXPECT_EQ(reread().all().at("p1").ifindex, 1999);
}

TEST_F(InternalPorts, TornLastLineIsIgnoredAndWrittenOver) {
  InternalPortRecord record(path_);
  record.put("p1", {7, 1000, ""});
  ASSERT_TRUE(record.save());
  std::ofstream(path_, std::ios::app) << "p2 8 10";
  InternalPortRecord next = reread();
  EXPECT_EQ(next.all(), record.all());
  next.put("p3", {9, 1000, ""});
  ASSERT_TRUE(next.save());
  EXPECT_EQ(reread().all(), next.all());
}

TEST_F(InternalPorts, RecordOfAnotherBootIsEmpty) {
  std::ofstream(path_) << "internal-ports 1 another\np1 7 1000\n";
  EXPECT_TRUE(reread().all().empty());
}

TEST_F(InternalPorts, RecordThatCannotBeWrittenSaysWhere) {
  InternalPortRecord record(directory_ + "/missing/internal-ports");
  record.put("p1", {7, 1000, ""});
  const Status s = record.save();
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("missing/internal-ports"), std::string::npos);
}

}  // namespace
}  // namespace turnout::netdev
