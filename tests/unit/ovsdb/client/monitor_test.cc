// The command line of a monitor as a request, and updates as tables.
#include <gtest/gtest.h>

#include "ovsdb/client/monitor_output.h"

namespace turnout::ovsdb::client {
namespace {

constexpr const char* kSchema = R"({"name":"db","tables":{
  "T":{"columns":{"name":{"type":"string"},"n":{"type":"integer"},
                  "s":{"type":{"key":"string","min":1,"max":2}}}},
  "U":{"columns":{"k":{"type":"boolean"}}}}})";

struct MonitorTest : testing::Test {
  MonitorTest() : schema(*Schema::from_json(*json::Json::parse(kSchema))) {}

  std::string request(std::vector<std::string> groups, const char* conditions = nullptr) {
    json::Json where;
    if (conditions) where = *json::Json::parse(conditions);
    auto made = make_monitored_table("db", *schema->find("T"), groups, conditions ? &where : nullptr);
    return made ? made->requests.dump(json::Json::kSorted) : made.error().message;
  }
  void watch(const char* table, std::vector<std::string> groups) {
    tables.push_back(*make_monitored_table("db", *schema->find(table), groups, nullptr));
  }
  std::string show(MonitorOutput& output, const char* updates, bool is_v2 = false, bool initial = false) {
    auto text = output.format(*json::Json::parse(updates), is_v2, initial);
    return text ? *text : "error: " + text.error().message;
  }
  std::shared_ptr<const Schema> schema;
  std::vector<MonitoredTable> tables;
  cli::TableStyle style;
};

TEST_F(MonitorTest, NoColumnMeansAllAndTheVersion) {
  EXPECT_EQ(request({}), R"([{"columns":["n","name","s","_version"]}])");
  EXPECT_EQ(request({""}), request({}));
}

TEST_F(MonitorTest, GroupsKeepTheirOrderAndSelects) {
  EXPECT_EQ(request({"s,n", "name,!initial,!delete"}),
            R"([{"columns":["s","n"]},{"columns":["name"],"select":{"delete":false,"initial":false,"insert":true,"modify":true}}])");
  EXPECT_EQ(request({"n"}, "[true]"), R"([{"columns":["n"],"where":[true]}])");
}

TEST_F(MonitorTest, ColumnsAreNamedOnceAndExist) {
  EXPECT_EQ(request({"n,name", "n"}), "column \"n\" mentioned multiple times");
  EXPECT_EQ(request({"name", "!initial"}), "column \"name\" mentioned multiple times");
  EXPECT_EQ(request({"!sometimes"}), "table \"T\" in db does not have a column named \"!sometimes\"");
}

TEST_F(MonitorTest, ModifiedRowIsToldAsOldThenNew) {
  watch("T", {"name,n"});
  style.format = cli::TableStyle::Format::kJson;
  MonitorOutput output(tables, style, false, false);
  EXPECT_EQ(show(output, R"({"T":{"u1":{"new":{"name":"a","n":1}}}})", false, true),
            R"({"data":[["u1","initial","a",1]],"headings":["row","action","name","n"]})" "\n");
  EXPECT_EQ(show(output, R"({"T":{"u1":{"old":{"n":1},"new":{"name":"a","n":2}}}})"),
            R"({"data":[["u1","old",null,1],["","new","a",2]],"headings":["row","action","name","n"]})" "\n");
  EXPECT_EQ(show(output, R"({"T":{"u1":{"old":{"name":"a","n":2}},"u2":{"new":{"name":"b","n":3}}}})"),
            R"({"data":[["u1","delete","a",2],["u2","insert","b",3]],"headings":["row","action","name","n"]})" "\n");
}

TEST_F(MonitorTest, DifferencesNeedNotSatisfyTheColumn) {
  watch("T", {"s"});
  MonitorOutput output(tables, style, false, false);
  EXPECT_EQ(show(output, R"({"T":{"u1":{"modify":{"s":["set",["a","b","c"]]}},"u2":{"delete":null}}})", true),
            "row action s\n--- ------ ---------\nu1  modify [a, b, c]\nu2  delete\n");
}

TEST_F(MonitorTest, SeveralTablesCarryTheirNamesAndAreSetApart) {
  watch("T", {"n"});
  watch("U", {"k"});
  MonitorOutput output(tables, style, true, false);
  EXPECT_EQ(show(output, R"({"U":{"u2":{"new":{"k":true}}},"T":{"u1":{"new":{"n":4}}}})"),
            "T\nrow action n\n--- ------ -\nu1  insert 4\n\nU\nrow action k\n--- ------ ----\nu2  insert true\n");
  EXPECT_EQ(show(output, "{}"), "");
  EXPECT_EQ(show(output, R"({"T":{"u1":{"old":{"n":4}}}})"), "\nT\nrow action n\n--- ------ -\nu1  delete 4\n");
}

TEST_F(MonitorTest, NonsenseFromTheServerIsAnError) {
  watch("T", {"n"});
  MonitorOutput output(tables, style, false, false);
  EXPECT_EQ(show(output, "[]"), "error: object expected in update from server: []");
  EXPECT_EQ(show(output, R"({"T":{"u1":[]}})"), "error: object expected in update from server: []");
  EXPECT_TRUE(show(output, R"({"T":{"u1":{"new":{"n":"x"}}}})").starts_with("error: syntax"));
  EXPECT_TRUE(show(output, R"({"T":{"u1":{"become":{}}}})", true).starts_with("error: \"initial\", "));
}

}  // namespace
}  // namespace turnout::ovsdb::client
