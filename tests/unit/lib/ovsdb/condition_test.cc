// Conditions and mutations, with the complaints of the reference.
#include "lib/ovsdb/condition.h"

#include "lib/ovsdb/mutation.h"
#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {
namespace {

const TableSchema& table() {
  static const auto schema = *Schema::from_json(js(R"({"name":"D","tables":{"A":{"columns":{
    "i":{"type":{"key":{"type":"integer","minInteger":0,"maxInteger":10},"min":0}},
    "ic":{"type":"integer"}, "rc":{"type":"real"}, "b":{"type":"boolean"}, "sc":{"type":"string"},
    "is":{"type":{"key":"integer","min":0,"max":"unlimited"}},
    "i2":{"type":{"key":"integer","min":1,"max":3}},
    "n":{"type":"string","mutable":false},
    "m":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}})"));
  return *schema->find("A");
}

std::string complaint(std::string_view clause) {
  auto c = Clause::from_json(table(), js(clause));
  return c ? "" : c.error().to_json().dump(json::Json::kSorted);
}
bool holds(std::string_view clause, std::string_view value) {
  auto c = Clause::from_json(table(), js(clause));
  EXPECT_TRUE(c.has_value()) << clause;
  return c && c->holds(datum_of(c->column->type, value));
}

TEST(Clause, ComparesNumbers) {
  EXPECT_TRUE(holds(R"(["ic","<",5])", "4"));
  EXPECT_FALSE(holds(R"(["ic","<",5])", "5"));
  EXPECT_TRUE(holds(R"(["ic","<=",5])", "5"));
  EXPECT_TRUE(holds(R"(["rc",">",0.5])", "1"));
  EXPECT_TRUE(holds(R"(["ic",">=",5])", "5"));
  EXPECT_FALSE(holds(R"(["i","<",5])", R"(["set",[]])"));
  EXPECT_FALSE(holds(R"(["i",">",5])", R"(["set",[]])"));
}

TEST(Clause, EqualityAndInclusion) {
  EXPECT_TRUE(holds(R"(["is","==",["set",[2,1]]])", R"(["set",[1,2]])"));
  EXPECT_TRUE(holds(R"(["is","!=",["set",[]]])", "1"));
  EXPECT_TRUE(holds(R"(["is","includes",1])", R"(["set",[1,2]])"));
  EXPECT_FALSE(holds(R"(["is","includes",["set",[1,3]]])", R"(["set",[1,2]])"));
  EXPECT_TRUE(holds(R"(["is","excludes",["set",[3,4]]])", R"(["set",[1,2]])"));
  EXPECT_FALSE(holds(R"(["is","excludes",["set",[2,4]]])", R"(["set",[1,2]])"));
  EXPECT_TRUE(holds(R"(["m","includes",["map",[["a","1"]]]])", R"(["map",[["a","1"],["b","2"]]])"));
  EXPECT_TRUE(holds(R"(["i2","includes",["set",[]]])", "1"));
}

TEST(Clause, Complaints) {
  EXPECT_EQ(complaint(R"(["i"])"), R"~({"details":"Parse error in condition.","error":"syntax error","syntax":"[\"i\"]"})~");
  EXPECT_EQ(complaint(R"(["nope","==",1])"),
            R"~({"details":"No column nope in table A.","error":"unknown column","syntax":"[\"nope\",\"==\",1]"})~");
  EXPECT_EQ(complaint(R"(["i","foo",5])"), R"~({"details":"No function named foo.","error":"unknown function"})~");
  EXPECT_EQ(complaint(R"(["b","<",true])"),
            R"~({"details":"Type mismatch: \"<\" operator may not be applied to column b of type boolean.","error":"syntax error","syntax":"[\"b\",\"<\",true]"})~");
  EXPECT_EQ(complaint(R"(["ic","includes",["set",[]]])"),
            R"~({"details":"set must have exactly one member but 0 are present","error":"syntax error","syntax":"[\"set\",[]]"})~");
}

TEST(Condition, KnowsTheRowItNames) {
  auto c = Condition::from_json(table(), js(R"([["_uuid","==",["uuid","550e8400-e29b-41d4-a716-446655440000"]]])"));
  ASSERT_TRUE(c.has_value());
  ASSERT_NE(c->wanted_uuid(), nullptr);
  EXPECT_EQ(c->wanted_uuid()->to_string(), "550e8400-e29b-41d4-a716-446655440000");
  EXPECT_EQ(Condition::from_json(table(), js(R"([["ic","==",5]])"))->wanted_uuid(), nullptr);
}

TEST(Condition, AllOrAny) {
  auto c = *Condition::from_json(table(), js(R"([["ic","==",5],false])"));
  Datum five = Datum::integer(5);
  auto get = [&](const ColumnSchema&) -> const Datum& { return five; };
  EXPECT_FALSE(c.all_hold(get));
  EXPECT_TRUE(c.any_holds(get));
  EXPECT_EQ(c.to_json().dump(), R"([["ic","==",5],false])");
}

std::string mutate(std::string_view mutation, std::string_view value) {
  auto m = Mutation::from_json(table(), js(mutation));
  if (!m) return m.error().to_json().dump(json::Json::kSorted);
  Datum d = datum_of(m->column->type, value), before = d;
  auto status = m->apply(&d);
  if (status) return json_of(d);
  EXPECT_EQ(d, before);
  return status.error().to_json().dump(json::Json::kSorted);
}

TEST(Mutation, Arithmetic) {
  EXPECT_EQ(mutate(R"(["ic","+=",5])", "1"), "6");
  EXPECT_EQ(mutate(R"(["is","-=",1])", R"(["set",[1,2]])"), R"(["set",[0,1]])");
  EXPECT_EQ(mutate(R"(["is","/=",-1])", R"(["set",[-5,1,2]])"), R"(["set",[-2,-1,5]])");
  EXPECT_EQ(mutate(R"(["rc","*=",2])", "1.25"), "2.5");
}

TEST(Mutation, TheRemainderIsOutOfRangeWhereTheQuotientIs) {
  EXPECT_NE(mutate(R"(["ic","%=",-1])", "-9223372036854775808").find("range error"), std::string::npos);
}

TEST(Mutation, ArithmeticErrors) {
  EXPECT_EQ(mutate(R"(["ic","/=",0])", "1"), R"~({"details":"Division by zero.","error":"domain error"})~");
  EXPECT_EQ(mutate(R"(["ic","*=",9223372036854775807])", "2"), R"~({"details":"Result of \"*=\" operation is out of range.","error":"range error"})~");
  EXPECT_EQ(mutate(R"(["ic","/=",-1])", "-9223372036854775808"), R"~({"details":"Result of \"/=\" operation is out of range.","error":"range error"})~");
  EXPECT_EQ(mutate(R"(["rc","*=",1e308])", "1e10"), R"~({"details":"Result of \"*=\" operation is out of range.","error":"range error"})~");
  EXPECT_EQ(mutate(R"(["is","*=",0])", R"(["set",[1,2]])"),
            R"~({"details":"Result of \"*=\" operation contains duplicates.","error":"constraint violation"})~");
  EXPECT_EQ(mutate(R"(["i","+=",20])", "5"), R"~({"details":"25 is not in the valid range 0 to 10 (inclusive)","error":"constraint violation"})~");
}

TEST(Mutation, InsertAndDelete) {
  EXPECT_EQ(mutate(R"(["is","insert",["set",[2,3]]])", R"(["set",[1,2]])"), R"(["set",[1,2,3]])");
  EXPECT_EQ(mutate(R"(["is","delete",1])", R"(["set",[1,2]])"), "2");
  EXPECT_EQ(mutate(R"(["m","insert",["map",[["a","9"],["c","3"]]]])", R"(["map",[["a","1"]]])"), R"(["map",[["a","1"],["c","3"]]])");
  EXPECT_EQ(mutate(R"(["m","delete",["set",["a"]]])", R"(["map",[["a","1"],["b","2"]]])"), R"(["map",[["b","2"]]])");
  EXPECT_EQ(mutate(R"(["m","delete","a"])", R"(["map",[["a","1"],["b","2"]]])"), R"(["map",[["b","2"]]])");
  EXPECT_EQ(mutate(R"(["i","insert",1])", "6"),
            R"~({"details":"Attempted to store 2 elements in set of up to 1 integers.","error":"constraint violation"})~");
  EXPECT_EQ(mutate(R"(["i2","delete",["set",[1,2,3,4,5]]])", "1"),
            R"~({"details":"Attempted to store 0 elements in set of 1 to 3 integers.","error":"constraint violation"})~");
}

TEST(Mutation, Complaints) {
  EXPECT_EQ(mutate(R"(["i"])", "1"), R"~({"details":"Parse error in mutation.","error":"syntax error","syntax":"[\"i\"]"})~");
  EXPECT_EQ(mutate(R"(["ic","^=",5])", "1"), R"~({"details":"No mutator named ^=.","error":"unknown mutator"})~");
  EXPECT_EQ(mutate(R"(["ic","insert",1])", "1"),
            R"~({"details":"Type mismatch: \"insert\" operator may not be applied to column ic of type integer.","error":"syntax error","syntax":"[\"ic\",\"insert\",1]"})~");
  EXPECT_EQ(mutate(R"(["n","+=",1])", R"("x")"),
            R"~({"details":"Cannot mutate immutable column n in table A.","error":"constraint violation","syntax":"[\"n\",\"+=\",1]"})~");
  EXPECT_EQ(mutate(R"(["m","delete",["map",[[5,5]]]])", R"(["map",[]])"),
            R"~({"details":"expected string","error":"syntax error","syntax":"[\"map\",[[5,5]]]"})~");
}

}  // namespace
}  // namespace turnout::ovsdb
