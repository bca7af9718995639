// Values from command-line text and back; the complaints are those of the reference word for word.
#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {
namespace {

const ColumnType& vlans() {
  static const ColumnType type = type_of(R"({"key":{"type":"integer","minInteger":0,"maxInteger":4095},"min":0,"max":4096})");
  return type;
}
const ColumnType& tag() {
  static const ColumnType type = type_of(R"({"key":{"type":"integer","minInteger":0,"maxInteger":4095},"min":0,"max":1})");
  return type;
}
const ColumnType& mac() {
  static const ColumnType type = type_of(R"({"key":"string","min":0,"max":1})");
  return type;
}
std::string read(const ColumnType& type, std::string_view text) {
  auto datum = datum_from_text(type, text);
  return datum ? datum_to_text(*datum, type) : datum.error().message;
}

TEST(DatumFromText, SetsWithAndWithoutBrackets) {
  for (const char* text : {"[1 2, 3]", "1,2,3", "3 2 1", "[ 1,2,3 ]", "[1,2,3,]", "1-3", " 1-2,3 "}) EXPECT_EQ(read(vlans(), text), "[1, 2, 3]") << text;
  EXPECT_EQ(read(vlans(), "[]"), "[]");
  EXPECT_EQ(read(tag(), " 5"), "5");
  EXPECT_EQ(read(tag(), "5-5"), "5");
}

TEST(DatumFromText, BadSets) {
  EXPECT_EQ(read(vlans(), "[1,2"), "[1,2: missing \"]\" at end of data");
  EXPECT_EQ(read(vlans(), "1,2]"), "1,2]: unexpected \"]\" parsing set of up to 4096 integers");
  EXPECT_EQ(read(vlans(), "1,1"), "1,1: set contains duplicate value");
  EXPECT_EQ(read(vlans(), "1,,2"), "1,,2: unexpected \",\" parsing set of up to 4096 integers");
  EXPECT_EQ(read(vlans(), ",1"), ",1: unexpected \",\" parsing set of up to 4096 integers");
  EXPECT_EQ(read(vlans(), "{}"), "{}: unexpected \"{\" parsing set of up to 4096 integers");
  EXPECT_EQ(read(vlans(), "[1,2] x"), "[1,2] x: trailing garbage after \"]\"");
  EXPECT_EQ(read(vlans(), " "), "use \"[]\" to specify the empty set");
  EXPECT_EQ(read(string_map(), " "), "use \"{}\" to specify the empty map");
  EXPECT_EQ(read(tag(), "1,2"), "1,2: 2 value(s) specified but the maximum number is 1");
  EXPECT_EQ(read(tag(), "1-3"), "1-3: 3 value(s) specified but the maximum number is 1");
  EXPECT_EQ(read(type_of(R"("integer")"), "[]"), "[]: 0 value(s) specified but the minimum number is 1");
}

TEST(DatumFromText, BadIntegersAndRanges) {
  EXPECT_EQ(read(tag(), "abc"), "\"abc\" is not a valid integer or range");
  EXPECT_EQ(read(tag(), "1-"), "\"1-\" is not a valid integer or range");
  EXPECT_EQ(read(tag(), "0x10"), "\"0x10\" is not a valid integer or range");
  EXPECT_EQ(read(tag(), "99999999999999999999"), "\"99999999999999999999\" is not a valid integer or range");
  EXPECT_EQ(read(tag(), "5000"), "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)");
  EXPECT_EQ(read(tag(), "-1-5"), "constraint violation: -1 is not in the valid range 0 to 4095 (inclusive)");
  EXPECT_EQ(read(vlans(), "3-1"), "\"3-1\" is not a valid range. Range end cannot be before start.");
  EXPECT_EQ(read(vlans(), "1-5000"), "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)");
  EXPECT_EQ(read(integers(), "1-5000"), "constraint violation: Range \"1-5000\" is too big. Maximum allowed size is 4096.");
  EXPECT_EQ(read(integers(), "-5--3"), "[-5, -4, -3]");
  EXPECT_EQ(read(integers(), "+1"), "[1]");
  EXPECT_EQ(read(integers(), "-9223372036854775808-9223372036854775807"),
            "constraint violation: Range \"-9223372036854775808-9223372036854775807\" is too big. Maximum allowed size is 4096.");
}

TEST(DatumFromText, Booleans) {
  ColumnType type = type_of(R"("boolean")");
  for (const char* yes : {"true", "yes", "on", "1"}) EXPECT_EQ(read(type, yes), "true");
  for (const char* no : {"false", "no", "off", "0"}) EXPECT_EQ(read(type, no), "false");
  EXPECT_EQ(read(type, "TRUE"), "\"TRUE\" is not a valid boolean (use \"true\" or \"false\")");
  EXPECT_EQ(read(type, "\"true\""), "\"\"true\"\" is not a valid boolean (use \"true\" or \"false\")");
}

TEST(DatumFromText, Strings) {
  EXPECT_EQ(read(mac(), "a/b"), "\"a/b\"");
  EXPECT_EQ(read(mac(), "\"a\\\"b\""), "\"a\\\"b\"");
  EXPECT_EQ(read(mac(), "\"\\u00e9\""), "\"é\"");
  EXPECT_EQ(read(mac(), "\"\\ud83d\\ude00\""), "\"😀\"");
  EXPECT_EQ(read(mac(), "\"\""), "\"\"");
  EXPECT_EQ(read(mac(), "\"x"), "\"x: quoted string extends past end of argument");
  EXPECT_EQ(read(mac(), "x\"y"), "x\"y: quoted string extends past end of argument");
  EXPECT_EQ(read(mac(), "\"a\"b"), "\"a\"b: missing quote at end of quoted string");
  EXPECT_EQ(read(mac(), "\"\\q\""), "\"\\q\": bad escape \\q");
  EXPECT_EQ(read(mac(), "\"\\udc00\""), "constraint violation: not a valid UTF-8 string: invalid UTF-8 sequence 0xed 0xb0");
  EXPECT_EQ(read(mac(), "a\xff"), "constraint violation: not a valid UTF-8 string: invalid UTF-8 sequence 0xff");
  EXPECT_EQ(read(mac(), "\"\\u00\""), "\"\\u00\": quoted string ends within \\u escape");
  EXPECT_EQ(read(mac(), "\"a\"b\"c\""), "\"a\"b\"c\": quoted string may not include unescaped \"");
  EXPECT_EQ(read(mac(), "a:b"), "a:b: unexpected \":\" parsing set of up to 1 strings");
  EXPECT_EQ(read(mac(), "foo,bar"), "foo,bar: 2 value(s) specified but the maximum number is 1");
}

TEST(DatumFromText, Maps) {
  EXPECT_EQ(read(string_map(), "b=2,a=1"), "{a=\"1\", b=\"2\"}");
  EXPECT_EQ(read(string_map(), "{ a=b }"), "{a=b}");
  EXPECT_EQ(read(string_map(), "a=b c=d"), "{a=b, c=d}");
  EXPECT_EQ(read(string_map(), "\"x y\"=b"), "{\"x y\"=b}");
  EXPECT_EQ(read(string_map(), "{}"), "{}");
  EXPECT_EQ(read(string_map(), "a=b,a=c"), "a=b,a=c: map contains duplicate key");
  EXPECT_EQ(read(string_map(), "{a=b"), "{a=b: missing \"}\" at end of data");
  EXPECT_EQ(read(string_map(), "[]"), "[]: unexpected \"[\" parsing map of (string, string) pairs");
  EXPECT_EQ(read(string_map(), "a=b=c"), "a=b=c: unexpected \"=\" parsing map of (string, string) pairs");
  EXPECT_EQ(read(string_map(), "{a b}"), "a b}: syntax error at \"b\" expecting \"=\"");
  EXPECT_EQ(read(string_map(), "a,b"), "a,b: syntax error at \",\" expecting \"=\"");
  EXPECT_EQ(read(string_map(), "a="), "An empty string is not valid as input; use \"\" to represent the empty string");
  EXPECT_EQ(read(string_map(), "a=\"b"), "\"b: quoted string extends past end of argument");
}

TEST(DatumFromText, SymbolsAreNamedWithAnAtSign) {
  ColumnType type = type_of(R"({"key":{"type":"uuid","refTable":"T"},"min":0,"max":"unlimited"})");
  SymbolTable symbols;
  auto datum = datum_from_text(type, "[@a,@b]", &symbols);
  ASSERT_TRUE(datum.has_value());
  EXPECT_EQ(datum->size(), 2u);
  EXPECT_TRUE(datum->contains(Atom::uuid(symbols.find("@a")->uuid)));
  EXPECT_TRUE(symbols.find("@b")->strong_ref);
  EXPECT_EQ(read(type, "foo"), "\"foo\" is not a valid UUID");
}

TEST(TakeAtomFromText, MovesPastTheAtom) {
  BaseType string;
  string.type = AtomType::kString;
  std::string_view text = "\"a=b\"=c";
  auto atom = take_atom_from_text(string, &text);
  ASSERT_TRUE(atom.has_value());
  EXPECT_EQ(atom->string(), "a=b");
  EXPECT_EQ(text, "=c");
}

TEST(StringNeedsQuotes, UnlessItReadsAsAPlainWord) {
  for (const char* plain : {"br0", "_x", "a.b-c", "x_", "f50e8400-e29b", "f50e8400-e29b-41d4-a716-446655440000x"}) EXPECT_FALSE(string_needs_quotes(plain)) << plain;
  for (const char* quoted : {"", "1x", "true", "false", "x:y", "a b", "-x", "é", "x/y", "f50e8400-e29b-41d4-a716-446655440000"})
    EXPECT_TRUE(string_needs_quotes(quoted)) << quoted;
}

TEST(DatumToText, BareHasNoPunctuation) {
  EXPECT_EQ(datum_to_bare(*datum_from_text(string_map(), "{a=\"x y\", b=2}")), "a=x y b=2");
  EXPECT_EQ(datum_to_bare(*datum_from_text(vlans(), "1,2")), "1 2");
  EXPECT_EQ(datum_to_bare(Datum(AtomType::kString)), "");
}

}  // namespace
}  // namespace turnout::ovsdb
