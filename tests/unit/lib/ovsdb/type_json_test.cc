// Values from JSON: what is accepted, and the complaints, which are those of the reference word for word.
#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {
namespace {

std::string read(std::string_view type, std::string_view json) {
  auto datum = datum_from_json(type_of(type), js(json));
  return datum ? json_of(*datum) : datum.error().to_json().dump(json::Json::kSorted);
}

constexpr const char* kRange = R"({"key":{"type":"integer","minInteger":0,"maxInteger":10},"min":0})";
constexpr const char* kLengths = R"({"key":{"type":"string","minLength":2,"maxLength":4},"min":0})";

TEST(DatumFromJson, IntegersMayBeWrittenAsReals) {
  EXPECT_EQ(read(R"("integer")", "1.0"), "1");
  EXPECT_EQ(read(R"("integer")", "1e3"), "1000");
  EXPECT_EQ(read(R"("integer")", "1.5"), R"~({"details":"expected integer","error":"syntax error","syntax":"1.5"})~");
  EXPECT_EQ(read(R"("integer")", "true"), R"~({"details":"expected integer","error":"syntax error","syntax":"true"})~");
}

TEST(DatumFromJson, RangesAreChecked) {
  EXPECT_EQ(read(kRange, "11"), R"~({"details":"11 is not in the valid range 0 to 10 (inclusive)","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"integer","minInteger":5}})", "1"),
            R"~({"details":"1 is less than minimum allowed value 5","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"integer","maxInteger":5}})", "6"),
            R"~({"details":"6 is greater than maximum allowed value 5","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"real","minReal":0.5,"maxReal":10.5}})", "0.1"),
            R"~({"details":"0.1 is not in the valid range 0.5 to 10.5 (inclusive)","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"real","maxReal":0.5}})", "1"),
            R"~({"details":"1 is greater than maximum allowed value 0.5","error":"constraint violation"})~");
}

TEST(DatumFromJson, LengthsCountCharacters) {
  EXPECT_EQ(read(kLengths, R"("éé")"), R"("éé")");
  EXPECT_EQ(read(kLengths, R"("x")"),
            R"~({"details":"\"x\" length 1 is less than minimum allowed length 2","error":"constraint violation"})~");
  EXPECT_EQ(read(kLengths, R"("xxxxx")"),
            R"~({"details":"\"xxxxx\" length 5 is greater than maximum allowed length 4","error":"constraint violation"})~");
}

TEST(DatumFromJson, EnumsNameWhatIsAllowed) {
  EXPECT_EQ(read(R"({"key":{"type":"string","enum":["set",["red","green","b lue"]]}})", R"("blue")"),
            R"~({"details":"blue is not one of the allowed values ([\"b lue\", green, red])","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"string","enum":"red"}})", R"("x")"),
            R"~({"details":"x is not one of the allowed values ([red])","error":"constraint violation"})~");
  EXPECT_EQ(read(R"({"key":{"type":"integer","enum":["set",[3,1,2]]}})", "5"),
            R"~({"details":"5 is not one of the allowed values ([1, 2, 3])","error":"constraint violation"})~");
}

TEST(DatumFromJson, SetsWantTheirForm) {
  constexpr const char* set = R"({"key":"integer","min":0,"max":"unlimited"})";
  EXPECT_EQ(read(set, R"(["set",[1,1]])"), R"~({"details":"set contains duplicate","error":"ovsdb error"})~");
  EXPECT_EQ(read(set, R"(["set",1])"),
            R"~({"details":"expected [\"set\", <array>]","error":"syntax error","syntax":"[\"set\",1]"})~");
  EXPECT_EQ(read(set, R"(["map",[]])"), R"~({"details":"expected integer","error":"syntax error","syntax":"[\"map\",[]]"})~");
  EXPECT_EQ(read(set, "[]"), R"~({"details":"expected integer","error":"syntax error","syntax":"[]"})~");
  EXPECT_EQ(read(R"("boolean")", R"(["set",[]])"),
            R"~({"details":"set must have exactly one member but 0 are present","error":"syntax error","syntax":"[\"set\",[]]"})~");
  EXPECT_EQ(read(R"({"key":"integer","min":1,"max":3})", R"(["set",[1,2,3,4]])"),
            R"~({"details":"set must have 1 to 3 members but 4 are present","error":"syntax error","syntax":"[\"set\",[1,2,3,4]]"})~");
}

TEST(DatumFromJson, MapsWantTheirForm) {
  constexpr const char* map = R"({"key":"string","value":"string","min":0,"max":"unlimited"})";
  EXPECT_EQ(read(map, R"(["map",[["b","1"],["a","2"]]])"), R"(["map",[["a","2"],["b","1"]]])");
  EXPECT_EQ(read(map, R"(["map",[["a","b"],["a","c"]]])"), R"~({"details":"map contains duplicate key","error":"ovsdb error"})~");
  EXPECT_EQ(read(map, R"(["map",[["a"]]])"), R"~({"details":"expected 2-element array","error":"syntax error","syntax":"[\"a\"]"})~");
  EXPECT_EQ(read(map, "5"), R"~({"details":"expected [\"map\", <array>]","error":"syntax error","syntax":"5"})~");
  EXPECT_EQ(read(R"({"key":"string","value":"integer","min":0})", R"(["map",[["a",1],["b",2]]])"),
            R"~({"details":"map must have 0 to 1 members but 2 are present","error":"syntax error","syntax":"[\"map\",[[\"a\",1],[\"b\",2]]]"})~");
}

TEST(DatumFromJson, NamedUuidsGetOneUuidPerName) {
  ColumnType type = type_of(R"({"key":{"type":"uuid","refTable":"T"},"min":0,"max":"unlimited"})");
  SymbolTable symbols;
  auto a = datum_from_json(type, js(R"(["named-uuid","x"])"), &symbols);
  auto b = datum_from_json(type, js(R"(["set",[["named-uuid","x"],["named-uuid","y"]]])"), &symbols);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(b->includes_all(*a));
  EXPECT_TRUE(symbols.find("x")->strong_ref);
  EXPECT_FALSE(symbols.find("x")->created);
  EXPECT_EQ(datum_from_json(type, js(R"(["named-uuid","5x"])"), &symbols).error().details, "named-uuid string is not a valid <id>");
  EXPECT_EQ(datum_from_json(type, js(R"(["named-uuid","x"])")).error().details, "expected [\"uuid\", <string>]");
  EXPECT_EQ(datum_from_json(type, js(R"(["uuid","x"])")).error().details, "\"x\" is not a valid UUID");
}

TEST(DatumToJson, RealsAreAsShortAsTheyCanBe) {
  ColumnType reals = type_of(R"({"key":"real","min":0,"max":"unlimited"})");
  EXPECT_EQ(json_of(datum_of(reals, R"(["set",[1,1.5,0.1,1e10,1e-5]])")), R"(["set",[1e-05,0.1,1,1.5,10000000000]])");
  std::string out;
  append_atom_json(out, Atom::real(0.30000000000000004));
  EXPECT_EQ(out, "0.30000000000000004");
}

TEST(DatumFromJson, UncheckedTakesDiffsOfScalars) {
  EXPECT_EQ(json_of(datum_of(type_of(kRange), R"(["set",[1,99]])")), R"(["set",[1,99]])");
}

TEST(ColumnType, DescribesItself) {
  EXPECT_EQ(type_of(R"("integer")").to_english(), "integer");
  EXPECT_EQ(integers().to_english(), "set of integers");
  EXPECT_EQ(type_of(R"({"key":"uuid","min":1,"max":"unlimited"})").to_english(), "set of 1 or more uuids");
  EXPECT_EQ(type_of(R"({"key":"integer","min":0,"max":4096})").to_english(), "set of up to 4096 integers");
  EXPECT_EQ(type_of(R"({"key":"integer","min":1,"max":3})").to_english(), "set of 1 to 3 integers");
  EXPECT_EQ(string_map().to_english(), "map of (string, string) pairs");
  EXPECT_EQ(type_of(R"({"key":"string","value":"integer","min":0})").to_english(), "map of up to 1 (string, integer) pairs");
}

}  // namespace
}  // namespace turnout::ovsdb
