// What a source tells becomes rows of the copy; nonsense becomes an error and no row.
#include "ovsdb/server/replica_update.h"

#include "tests/unit/ovsdb/test_database.h"

namespace turnout::ovsdb::server {
namespace {

constexpr char kId[] = "00000000-0000-0000-0000-000000000001";
const std::set<std::string> kTables = {"Root", "Kid"};

struct ReplicaUpdate : testing::Test {
  using Apply = DbStatus (*)(Transaction&, const json::Json&, UpdateForm, const std::set<std::string>&);
  // The number of rows changed, or the error.
  std::string apply(Apply how, const std::string& text, UpdateForm form) {
    auto json = json::Json::parse(text);
    EXPECT_TRUE(json) << text;
    Transaction txn(*db.database);
    if (auto applied = how(txn, *json, form, kTables); !applied) return applied.error().to_string();
    if (auto sound = txn.prepare(); !sound) return sound.error().to_string();
    txn.finish();
    return std::to_string(txn.changes().size());
  }
  std::string update(const std::string& text) { return apply(apply_updates, text, UpdateForm::kDiff); }
  std::string initial(const std::string& text) { return apply(apply_initial, text, UpdateForm::kDiff); }
  std::string row(const std::string& change) { return "{\"Root\":{\"" + std::string(kId) + "\":" + change + "}}"; }
  TestDatabase db;
};

TEST_F(ReplicaUpdate, InsertModifyDelete) {
  EXPECT_EQ(update(row(R"({"insert":{"name":"a","words":["set",["x","y"]]}})")), "1");
  EXPECT_EQ(update(row(R"({"modify":{"count":7,"words":["set",["y","z"]]}})")), "1");
  EXPECT_EQ(db.select("Root", "words"), R"([{"rows":[{"words":["set",["x","z"]]}]}])");
  EXPECT_EQ(db.select("Root", "count"), R"([{"rows":[{"count":7}]}])");
  EXPECT_EQ(update(row(R"({"delete":null})")), "1");
  EXPECT_EQ(db.rows("Root"), 0u);
}

TEST_F(ReplicaUpdate, OldAndNewColumns) {
  EXPECT_EQ(apply(apply_updates, row(R"({"new":{"name":"a","count":1}})"), UpdateForm::kOldNew), "1");
  EXPECT_EQ(apply(apply_updates, row(R"({"old":{"count":1},"new":{"name":"a","count":2}})"), UpdateForm::kOldNew), "1");
  EXPECT_EQ(db.select("Root", "count"), R"([{"rows":[{"count":2}]}])");
  EXPECT_EQ(apply(apply_updates, row(R"({"old":{"name":"a","count":2}})"), UpdateForm::kOldNew), "1");
  EXPECT_EQ(db.rows("Root"), 0u);
}

TEST_F(ReplicaUpdate, InitialContentsTouchOnlyWhatIsDifferent) {
  const std::string contents = row(R"({"initial":{"name":"a"}})");
  EXPECT_EQ(initial(contents), "1");
  EXPECT_EQ(initial(contents), "0") << "a copy that was right is left alone";
  EXPECT_EQ(initial(row(R"({"initial":{"name":"b"}})")), "1");
  EXPECT_EQ(initial("{}"), "1") << "the row is gone";
  EXPECT_EQ(db.rows("Root"), 0u);
}

TEST_F(ReplicaUpdate, AColumnThatIsNotMentionedHasItsDefault) {
  update(row(R"({"insert":{"name":"a","count":7}})"));
  EXPECT_EQ(initial(row(R"({"initial":{"name":"a"}})")), "1");
  EXPECT_EQ(db.select("Root", "count"), R"([{"rows":[{"count":0}]}])");
}

TEST_F(ReplicaUpdate, NonsenseIsAnErrorAndChangesNothing) {
  update(row(R"({"insert":{"name":"a"}})"));
  for (const std::string& text :
       {std::string("[]"), std::string(R"({"Nowhere":{}})"), std::string(R"({"Root":[]})"), std::string(R"({"Root":{"x":{}}})"),
        row("{}"), row("null"), row(R"({"insert":[]})"), row(R"({"insert":{"nothing":1}})"), row(R"({"insert":{"count":"x"}})"),
        row(R"({"modify":{"words":["set",[1]]}})"), row(R"({"modify":7})")}) {
    const std::string answer = update(text);
    EXPECT_FALSE(answer == "0" || answer == "1") << text;
    EXPECT_EQ(db.select("Root", "name"), R"([{"rows":[{"name":"a"}]}])") << text;
  }
  EXPECT_NE(update(R"({"Root":{"00000000-0000-0000-0000-000000000002":{"modify":{"count":1}}}})").find("not there"),
            std::string::npos);
}

}  // namespace
}  // namespace turnout::ovsdb::server
