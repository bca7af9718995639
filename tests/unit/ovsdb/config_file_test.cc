// The configuration file: what it may say, and what it is told when it says something else.
#include "ovsdb/server/config_file.h"

#include <gtest/gtest.h>

namespace turnout::ovsdb::server {
namespace {

Result<ConfigFile> read(const std::string& text) {
  auto json = json::Json::parse(text);
  EXPECT_TRUE(json) << text;
  return ConfigFile::from_json(*json);
}

std::string complaint(const std::string& text) {
  auto file = read(text);
  return file ? "none" : file.error().message;
}

TEST(ConfigFile, NamesRemotesWithTheirOptions) {
  auto file = read(R"({"remotes":{"ptcp:6640":{"inactivity-probe":16000,"read-only":true,"max-backoff":2000,"role":"r","dscp":8},"punix:x":null}})");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->remotes.size(), 2u);
  const RemoteOptions& options = file->remotes.at("ptcp:6640");
  EXPECT_EQ(options.probe_interval, std::chrono::seconds(16));
  EXPECT_EQ(options.max_backoff, std::chrono::seconds(2));
  EXPECT_TRUE(options.read_only);
  EXPECT_EQ(options.role, "r");
  EXPECT_EQ(options.dscp, 8);
  EXPECT_EQ(file->remotes.at("punix:x"), RemoteOptions{});
}

TEST(ConfigFile, NamesDatabasesWithTheirModel) {
  auto file = read(R"({"databases":{
    "a.db":{},
    "b.db":{"service-model":"active-backup","backup":true,"source":{"tcp:h:1":{"inactivity-probe":500}},"exclude-tables":["X"]},
    "R":{"service-model":"relay","source":{"tcp:h:1,tcp:i:1":null}}}})");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->databases.at("a.db").model, ConfigFile::Model::kStandalone);
  const ConfigFile::Database& backup = file->databases.at("b.db");
  EXPECT_TRUE(backup.is_backup);
  EXPECT_EQ(backup.source.remotes, "tcp:h:1");
  EXPECT_EQ(backup.source.probe_interval, std::chrono::seconds(1)) << "a second at least";
  EXPECT_TRUE(backup.excluded.contains("", "X"));
  EXPECT_EQ(file->databases.at("R").source.remotes, "tcp:h:1,tcp:i:1");
}

TEST(ConfigFile, SaysWhichMemberIsWrong) {
  EXPECT_EQ(complaint("[]"), "object expected");
  EXPECT_EQ(complaint(R"({"remote":{}})"), "configuration: unknown member \"remote\"");
  EXPECT_EQ(complaint(R"({"remotes":{"p":{"read-only":1}}})"), "configuration: remotes: p: read-only: true or false expected");
  EXPECT_EQ(complaint(R"({"remotes":{"p":{"max-backoff":1}}})"),
            "configuration: remotes: p: max-backoff: a number of milliseconds from 1000 to 31536000000 expected");
  EXPECT_EQ(complaint(R"({"remotes":{"p":{"dscp":64}}})"), "configuration: remotes: p: dscp: a number from 0 to 63 expected");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"service-model":"raft"}}})"),
            "configuration: databases: d: service-model: standalone, active-backup or relay expected");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"service-model":"clustered"}}})"),
            "configuration: databases: d: service-model: clustered databases are not supported");
}

TEST(ConfigFile, MembersGoWithTheirModel) {
  EXPECT_EQ(complaint(R"({"databases":{"d":{"backup":true}}})"),
            "configuration: databases: d: backup is for active-backup databases");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"source":{"tcp:h:1":{}}}}})"),
            "configuration: databases: d: source is for active-backup and relay databases");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"service-model":"relay","exclude-tables":[]}}})"),
            "configuration: databases: d: exclude-tables is for active-backup databases");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"service-model":"active-backup","backup":true}}})"),
            "configuration: databases: d: source is missing");
  EXPECT_EQ(complaint(R"({"databases":{"d":{"service-model":"relay","source":{"a":{},"b":{}}}}})"),
            "configuration: databases: d: source: an object with one connection method expected");
}

TEST(ExcludedTables, ArePairsOfDatabaseAndTable) {
  auto excluded = ExcludedTables::parse("S:T, R:U,S:A");
  ASSERT_TRUE(excluded);
  EXPECT_TRUE(excluded->contains("S", "T"));
  EXPECT_FALSE(excluded->contains("S", "U"));
  EXPECT_EQ(excluded->to_string(), "R:U,S:A,S:T");
  EXPECT_FALSE(ExcludedTables::parse("T"));
  EXPECT_FALSE(ExcludedTables::parse("S:"));
  EXPECT_TRUE(ExcludedTables::parse("")->empty());
}

}  // namespace
}  // namespace turnout::ovsdb::server
