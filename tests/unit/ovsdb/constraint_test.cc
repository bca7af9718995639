// What a commit enforces, and that a transaction that fails leaves nothing behind.
#include "ovsdb/server/constraint.h"

#include "tests/unit/ovsdb/test_database.h"

namespace turnout::ovsdb::server {
namespace {

using testing::Test;

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(Constraints, UnreferencedRowsOfOtherTablesAreCollected) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Kid","row":{"name":"orphan"}})");
  EXPECT_EQ(db.rows("Kid"), 0u);
  db.transact(kRootWithKid);
  EXPECT_EQ(db.rows("Kid"), 1u);
  db.transact(R"({"op":"delete","table":"Root","where":[]})");
  EXPECT_EQ(db.rows("Kid"), 0u);
}

TEST(Constraints, ARowDoesNotKeepItselfAlive) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Kid","row":{"sub":["named-uuid","k"]},"uuid-name":"k"})");
  EXPECT_EQ(db.rows("Kid"), 0u);
}

TEST(Constraints, GarbageCollectionFollowsChains) {
  TestDatabase db;
  db.transact(std::string(kRootWithKid) +
              R"(,{"op":"insert","table":"Kid","row":{"name":"deep"},"uuid-name":"d"},)"
              R"({"op":"update","table":"Kid","where":[["name","==","k"]],"row":{"sub":["named-uuid","d"]}})");
  EXPECT_EQ(db.rows("Kid"), 2u);
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"kids":["set",[]]}})");
  EXPECT_EQ(db.rows("Kid"), 0u);
}

TEST(Constraints, AReferencedRowCannotGo) {
  TestDatabase db;
  db.transact(kRootWithKid);
  EXPECT_TRUE(says(db.transact(R"({"op":"delete","table":"Kid","where":[]})"), "referential integrity violation"));
  EXPECT_EQ(db.rows("Kid"), 1u);
}

TEST(Constraints, AReferenceToNothingIsRefused) {
  TestDatabase db;
  const auto result = db.transact(R"({"op":"insert","table":"Root","row":{"kids":["named-uuid","nobody"]}})");
  EXPECT_TRUE(says(result, "references nonexistent row"));
  EXPECT_EQ(db.rows("Root"), 0u);
}

TEST(Constraints, WeakReferencesGoWithTheirRow) {
  TestDatabase db;
  db.transact(kRootWithKid);
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"kids":["set",[]]}})");
  EXPECT_TRUE(says(db.select("Root", "weak"), "[\"set\",[]]"));
  EXPECT_TRUE(db.database->find_table("Kid")->weak_referrers.empty());
}

TEST(Constraints, IndexesAreUniqueAlsoAfterSwapsAndFailures) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}},{"op":"insert","table":"Root","row":{"name":"b","count":1}})");
  EXPECT_TRUE(says(db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})"), "identical values (a)"));
  EXPECT_TRUE(says(db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})"), "identical values (a)"));
  // Names may change places within one transaction.
  EXPECT_FALSE(says(db.transact(R"({"op":"update","table":"Root","where":[["count","==",0]],"row":{"name":"b"}},)"
                                R"({"op":"update","table":"Root","where":[["count","==",1]],"row":{"name":"a"}})"), "error"));
  EXPECT_TRUE(says(db.transact(R"({"op":"select","table":"Root","where":[["name","==","a"]],"columns":["count"]})"), "\"count\":1"));
}

TEST(Constraints, TablesKeepToMaxRows) {
  TestDatabase db;
  for (const char* name : {"1", "2", "3"})
    db.transact(R"({"op":"insert","table":"Root","row":{"name":")" + std::string(name) + "\"}}");
  EXPECT_TRUE(says(db.transact(R"({"op":"insert","table":"Root","row":{"name":"4"}})"), "schema-defined limit of 3 row(s)"));
  EXPECT_EQ(db.rows("Root"), 3u);
}

TEST(Constraints, RollbackRestoresRowsCountsAndIndexes) {
  TestDatabase db;
  db.transact(kRootWithKid);
  // Prepared, then taken back, as after a failed write.
  db.transact(R"({"op":"delete","table":"Root","where":[]},{"op":"insert","table":"Root","row":{"name":"new"}})", false);
  EXPECT_EQ(db.rows("Root"), 1u);
  EXPECT_EQ(db.rows("Kid"), 1u);
  EXPECT_TRUE(says(db.transact(R"({"op":"delete","table":"Kid","where":[]})"), "because of 1 remaining reference(s)"));
  EXPECT_TRUE(says(db.transact(R"({"op":"insert","table":"Root","row":{"name":"r"}})"), "identical values (r)"));
  EXPECT_FALSE(says(db.transact(R"({"op":"insert","table":"Root","row":{"name":"new"}})"), "error"));
}

TEST(Constraints, AChangeThatChangesNothingKeepsTheVersion) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a","count":1}})");
  const std::string before = db.select("Root", "_version");
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":2}},{"op":"update","table":"Root","where":[],"row":{"count":1}})");
  EXPECT_EQ(db.select("Root", "_version"), before);
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":2}})");
  EXPECT_NE(db.select("Root", "_version"), before);
}

}  // namespace
}  // namespace turnout::ovsdb::server
