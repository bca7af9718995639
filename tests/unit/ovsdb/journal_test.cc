// Database files: what is written is read again, whatever a crash left behind.
#include "ovsdb/server/journal.h"

#include <fstream>

#include "lib/base/log_control.h"
#include "ovsdb/server/record.h"
#include "tests/unit/ovsdb/test_database.h"

#include <stdlib.h>
#include <filesystem>

namespace turnout::ovsdb::server {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    EXPECT_TRUE(log_control::set("ovsdb_file:off"));   // hundreds of files are torn here
    char name[] = "/tmp/journal_test.XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/db";
    const std::string records[] = {test_schema()->to_json().dump()};
    EXPECT_TRUE(Journal::create(path_, records));
  }
  ~JournalTest() override { std::filesystem::remove_all(directory_); }

  std::string add_row(const std::string& name) {
    auto database = Database::open(path_, Journal::Access::kReadWrite);
    if (!database) return database.error().message;
    return append_row(**database, name);
  }
  std::string append_row(Database& database, const std::string& name) {
    Table& table = *database.find_table("Root");
    Transaction txn(database);
    auto row = table.blank_row();
    row->uuid = Datum::uuid(Uuid::random());
    row->at(*table.schema().find("name")) = Datum::string(name);
    row->at(*table.schema().find("volatile")) = Datum::string("not kept");
    txn.insert(table, row);
    EXPECT_TRUE(txn.prepare());
    const std::string record[] = {transaction_record(txn, "a comment")};
    if (auto kept = database.storage()->append(record, true); !kept) return kept.error().message;
    txn.finish();
    return {};
  }
  void write_file(const std::string& bytes) { std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes; }
  size_t rows() {
    auto database = Database::open(path_, Journal::Access::kReadOnly);
    return database ? (*database)->find_table("Root")->rows().size() : 99;
  }
  std::string directory_, path_;
  io::Loop loop_;
};

TEST_F(JournalTest, KeepsRowsButNotEphemeralColumns) {
  EXPECT_EQ(add_row("a"), "");
  auto database = Database::open(path_, Journal::Access::kReadOnly);
  ASSERT_TRUE(database);
  const Table& table = *(*database)->find_table("Root");
  ASSERT_EQ(table.rows().size(), 1u);
  const Row& row = *table.rows().begin()->second.row;
  EXPECT_EQ(row.get(*table.schema().find("name")).string_at(), "a");
  EXPECT_EQ(row.get(*table.schema().find("volatile")).string_at(), "");
}

// Release 3.1 refuses a difference with more elements than the column may have, and takes one to a default that is not
// empty for the whole value.
TEST(Record, HoldsWholeValuesWhereDifferencesAreMisread) {
  auto json = json::Json::parse(R"({"name":"D","tables":{"T":{"isRoot":true,"columns":{
    "two":{"type":{"key":"integer","min":0,"max":2}},"many":{"type":{"key":"integer","min":1,"max":"unlimited"}}}}}})");
  ASSERT_TRUE(json.has_value());
  auto database = std::make_unique<Database>(*Schema::from_json(*json), nullptr);
  const std::function<bool(std::string_view)> owns_lock = [](std::string_view) { return false; };
  const auto record = [&](const std::string& operation) {
    Transaction txn(*database);
    Execution execution{txn, owns_lock};
    EXPECT_FALSE(execute(execution, *json::Json::parse("[\"D\"," + operation + "]")).failed);
    EXPECT_TRUE(txn.prepare());
    const std::string text = transaction_record(txn, "");
    txn.finish();
    return text.substr(text.find(",\"T\""));
  };
  const auto is_diff = [&](const std::string& operation) { return record(operation).find("_is_diff") != std::string::npos; };
  EXPECT_TRUE(is_diff(R"({"op":"insert","table":"T","row":{"two":["set",[1,2]]}})"));
  EXPECT_FALSE(is_diff(R"({"op":"update","table":"T","where":[],"row":{"two":["set",[3,4]]}})"));
  const auto whole = record(R"({"op":"update","table":"T","where":[],"row":{"two":["set",[3]],"many":["set",[0,8]]}})");
  EXPECT_NE(whole.find(R"({"many":["set",[0,8]],"two":3})"), std::string::npos) << whole;
  EXPECT_EQ(whole.find("_is_diff"), std::string::npos);
  const auto diff = record(R"({"op":"update","table":"T","where":[],"row":{"two":4,"many":["set",[8,9]]}})");
  EXPECT_NE(diff.find(R"({"many":["set",[0,9]],"two":["set",[3,4]]})"), std::string::npos) << diff;
  EXPECT_NE(diff.find("_is_diff"), std::string::npos);
}

TEST_F(JournalTest, AnEphemeralReferenceThatMustNotBeEmptyDoesNotKeepTheFileShut) {
  const std::string path = directory_ + "/ephemeral";
  const std::string records[] = {
      R"({"name":"D","tables":{"T":{"isRoot":true,"columns":{
        "strong":{"ephemeral":true,"type":{"key":{"type":"uuid","refTable":"T"}}},
        "weak":{"ephemeral":true,"type":{"key":{"type":"uuid","refTable":"T","refType":"weak"},"min":1,"max":2}}}}}})",
      R"({"T":{"00000001-0000-4000-8000-000000000000":{}}})"};
  ASSERT_TRUE(Journal::create(path, records));
  auto database = Database::open(path, Journal::Access::kReadOnly);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ((*database)->find_table("T")->rows().size(), 1u);
}

TEST_F(JournalTest, ATornTailIsCutAndWritingGoesOn) {
  add_row("a");
  const auto size = std::filesystem::file_size(path_);
  add_row("b");
  std::filesystem::resize_file(path_, size + 20);
  EXPECT_EQ(add_row("c"), "");
  EXPECT_EQ(rows(), 2u);
}

// Wherever a crash ends the last write, what was whole before stays, and writing goes on.
TEST_F(JournalTest, EveryTornLengthOfTheLastRecordIsCut) {
  ASSERT_EQ(add_row("a"), "");
  const auto whole = std::filesystem::file_size(path_);
  ASSERT_EQ(add_row("b"), "");
  std::ifstream file(path_, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  for (size_t length = whole; length < bytes.size(); ++length) {
    write_file(bytes.substr(0, length));
    ASSERT_EQ(rows(), 1u) << length;
    ASSERT_EQ(add_row("c"), "") << length;
    ASSERT_EQ(rows(), 2u) << length;
  }
}

// A disk that wrote garbage at the end leaves a last record that is not whole, whichever byte it is.
TEST_F(JournalTest, ALastRecordWithAnyByteChangedIsCutOrRefused) {
  ASSERT_EQ(add_row("a"), "");
  const auto whole = std::filesystem::file_size(path_);
  ASSERT_EQ(add_row("b"), "");
  std::ifstream file(path_, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  for (size_t at = whole; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write_file(changed);
    auto database = Database::open(path_, Journal::Access::kReadOnly);
    EXPECT_TRUE(!database || (*database)->find_table("Root")->rows().size() == 1u) << at;
  }
}

TEST_F(JournalTest, WhatACrashLeftOfACompactionIsNoHindrance) {
  ASSERT_EQ(add_row("a"), "");
  std::ofstream(path_ + ".tmp") << "OVSDB JSON 100 half a";
  auto database = Database::open(path_, Journal::Access::kReadWrite);
  ASSERT_TRUE(database);
  std::optional<Status> compacted;
  (*database)->compact(loop_, "compacted", [&](const Status& result) { compacted = result; });
  ASSERT_TRUE(loop_.run_until([&] { return compacted.has_value(); }, std::chrono::seconds(30)));
  EXPECT_TRUE(*compacted);
  database->reset();
  EXPECT_EQ(rows(), 1u);
}

TEST_F(JournalTest, DamageInTheMiddleIsNotCut) {
  add_row("a");
  add_row("b");
  const auto size = std::filesystem::file_size(path_);
  std::fstream file(path_, std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(framed_record(test_schema()->to_json().dump()).size() + 80));
  file << "X";
  file.close();
  EXPECT_NE(add_row("c").find("SHA-1"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), size);
}

TEST_F(JournalTest, ASecondWriterIsLockedOut) {
  // Record locks belong to processes, so the other one is a child.
  auto database = Database::open(path_, Journal::Access::kReadWrite);
  ASSERT_TRUE(database);
  EXPECT_EXIT(
      {
        auto again = Database::open(path_, Journal::Access::kReadWrite);
        ::fprintf(stderr, "%s\n", again ? "opened" : again.error().message.c_str());
        ::exit(again ? 0 : 1);
      },
      testing::ExitedWithCode(1), "failed to lock lockfile");
}

TEST_F(JournalTest, CompactionKeepsContents) {
  ASSERT_EQ(add_row("a"), "");
  auto database = Database::open(path_, Journal::Access::kReadWrite);
  ASSERT_TRUE(database);
  std::optional<Status> compacted;
  (*database)->compact(loop_, "compacted", [&](const Status& result) { compacted = result; });
  // What comes while the child writes is kept as well.
  ASSERT_EQ(append_row(**database, "d"), "");
  ASSERT_TRUE(loop_.run_until([&] { return compacted.has_value(); }, std::chrono::seconds(30)));
  EXPECT_TRUE(*compacted);
  ASSERT_EQ(append_row(**database, "e"), "");
  database->reset();
  EXPECT_EQ(rows(), 3u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
}

TEST_F(JournalTest, ACompactionThatCannotWriteLeavesTheFileAlone) {
  ASSERT_EQ(add_row("a"), "");
  std::filesystem::create_directory(path_ + ".tmp");
  auto database = Database::open(path_, Journal::Access::kReadWrite);
  ASSERT_TRUE(database);
  std::optional<Status> compacted;
  (*database)->compact(loop_, "compacted", [&](const Status& result) { compacted = result; });
  ASSERT_TRUE(loop_.run_until([&] { return compacted.has_value(); }, std::chrono::seconds(30)));
  EXPECT_EQ(compacted->error().message, "I/O error: " + path_ + ".tmp: create failed (Is a directory)");
  ASSERT_EQ(append_row(**database, "b"), "");
  database->reset();
  EXPECT_EQ(rows(), 2u);
}

TEST_F(JournalTest, ClosingEndsACompactionUnderWay) {
  ASSERT_EQ(add_row("a"), "");
  auto database = Database::open(path_, Journal::Access::kReadWrite);
  ASSERT_TRUE(database);
  bool told = false;
  (*database)->compact(loop_, "compacted", [&](const Status&) { told = true; });
  database->reset();
  loop_.poll();
  EXPECT_FALSE(told);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
  EXPECT_EQ(rows(), 1u);
}

TEST_F(JournalTest, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(Database::open(directory_ + "/absent", Journal::Access::kReadWrite).error().message,
            "I/O error: " + directory_ + "/absent: open failed (No such file or directory)");
  std::ofstream(directory_ + "/text") << "hello world\n";
  EXPECT_EQ(Database::open(directory_ + "/text", Journal::Access::kReadWrite).error().message,
            "ovsdb error: " + directory_ + "/text: unexpected file format");
}

}  // namespace
}  // namespace turnout::ovsdb::server
