// Schemas: read, complained about in the words of the reference, written back.
#include "lib/ovsdb/schema.h"

#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {
namespace {

std::string complaint(std::string_view text) {
  auto schema = Schema::from_json(js(text));
  return schema ? "" : schema.error().to_string();
}
std::string column_complaint(std::string type) {
  return complaint(R"({"name":"D","tables":{"T":{"columns":{"c":{"type":)" + type + "}}}}}");
}

TEST(Schema, Complaints) {
  EXPECT_EQ(complaint("{}"), R"(syntax "{}": syntax error: Parsing database schema failed: Required 'name' member is missing.)");
  EXPECT_EQ(complaint(R"({"name":"D","version":"x","tables":{}})"),
            R"(syntax "{"name":"D","tables":{},"version":"x"}": syntax error: schema version "x" not in format x.y.z)");
  EXPECT_EQ(complaint(R"({"name":"D","tables":{},"foo":1})"),
            R"(syntax "{"foo":1,"name":"D","tables":{}}": syntax error: Parsing database schema failed: Member 'foo' is present but not allowed here.)");
  EXPECT_EQ(complaint(R"({"name":"D","tables":{"_T":{"columns":{}}}})"),
            R"(syntax "{"name":"D","tables":{"_T":{"columns":{}}}}": syntax error: names beginning with "_" are reserved)");
  EXPECT_EQ(complaint(R"({"name":"D","tables":{"T":5}})"), "syntax error: Parsing table schema for table T failed: Object expected.");
  EXPECT_EQ(complaint(R"({"name":"D","tables":{"T":{"columns":{}}}})"),
            R"(syntax "{"columns":{}}": syntax error: table must have at least one column)");
  EXPECT_EQ(complaint(R"({"name":"D","tables":{"T":{"columns":{"c":{"type":"integer"}},"indexes":[["d"]]}}})"),
            R"(syntax "["d"]": syntax error: d is not a valid column name)");
}

TEST(Schema, ColumnComplaints) {
  EXPECT_EQ(column_complaint(R"("foo")"), R"(syntax ""foo"": syntax error: "foo" is not an atomic-type)");
  EXPECT_EQ(column_complaint(R"({"key":"integer","min":2})"),
            R"(syntax "{"key":"integer","min":2}": syntax error: ovsdb type fails constraint checks)");
  EXPECT_EQ(column_complaint(R"({"key":"integer","max":"x"})"), R"(syntax ""x"": syntax error: bad min or max value)");
  EXPECT_EQ(column_complaint(R"({"key":{"type":"integer","minInteger":5,"maxInteger":4}})"),
            R"(syntax "{"maxInteger":4,"minInteger":5,"type":"integer"}": syntax error: minInteger exceeds maxInteger)");
  EXPECT_EQ(column_complaint(R"({"key":{"type":"uuid","refTable":"X"}})"), "syntax error: column c key refers to undefined table X");
  EXPECT_EQ(column_complaint(R"({"key":{"type":"uuid","refType":"weak"}})"),
            R"(syntax "{"refType":"weak","type":"uuid"}": syntax error: Parsing ovsdb type failed: Member 'refType' is present but not allowed here.)");
  EXPECT_EQ(column_complaint(R"({"key":{"type":"string","enum":["set",[]]}})"),
            R"(syntax "["set",[]]": syntax error: set must have 1 to 4294967295 members but 0 are present)");
}

TEST(Schema, GoesOutAsItCameIn) {
  const char* text =
      R"({"cksum":"1 2","name":"T","tables":{"A":{"columns":{"e":{"type":{"key":{"enum":["set",["b","g"]],"type":"string"},"min":0}},)"
      R"("m":{"ephemeral":true,"mutable":false,"type":{"key":{"maxInteger":9,"minInteger":0,"type":"integer"},"max":"unlimited","min":0,"value":"string"}}}},)"
      R"("B":{"columns":{"a":{"type":{"key":{"refTable":"A","refType":"weak","type":"uuid"},"max":4,"min":0}},"n":{"type":"string"}},)"
      R"("indexes":[["n"]],"isRoot":true,"maxRows":2}},"version":"1.2.3"})";
  auto schema = Schema::from_json(js(text));
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ((*schema)->to_json().dump(json::Json::kSorted), text);
  const TableSchema* b = (*schema)->find("B");
  EXPECT_EQ(b->max_rows, 2u);
  EXPECT_TRUE(b->find("a")->type.key.is_weak_ref());
  EXPECT_EQ(b->find("_uuid")->index, ColumnSchema::kUuid);
  EXPECT_EQ(b->find("zz"), nullptr);
  EXPECT_FALSE((*schema)->find("A")->find("m")->persistent);
}

TEST(Schema, WithoutIsRootAllTablesAreRoots) {
  auto schema = *Schema::from_json(js(R"({"name":"D","tables":{"T":{"columns":{"c":{"type":"integer"}}}}})"));
  EXPECT_TRUE(schema->find("T")->is_root);
  EXPECT_EQ(schema->to_json().dump(), R"({"name":"D","tables":{"T":{"columns":{"c":{"type":"integer"}}}}})");
}

TEST(Schema, Versions) {
  for (const char* good : {"1.2.3", "0.0.0", "10.20.30"}) EXPECT_TRUE(Schema::is_valid_version(good));
  for (const char* bad : {"", "1.2", "1.2.3.4", "1..3", "a.b.c", "1.2.3 "}) EXPECT_FALSE(Schema::is_valid_version(bad));
}

}  // namespace
}  // namespace turnout::ovsdb
