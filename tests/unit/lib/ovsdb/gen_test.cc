// The generator on schemas that make it hard: names that C++, the library or another table have taken.
#include "lib/ovsdb/gen.h"

#include <set>
#include <stdexcept>

#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb::gen {
namespace {

Model model_of(const std::string& tables) {
  static std::vector<std::shared_ptr<const Schema>> kept;   // the model points into it
  kept.push_back(*Schema::from_json(js(R"({"name":"D","tables":)" + tables + "}")));
  return make_model(*kept.back(), "d", "d");
}

const Column& column(const Model& model, std::string_view table, std::string_view name) {
  for (const Table& t : model.tables)
    for (const Column& c : t.columns)
      if (t.schema->name == table && c.schema->name == name) return c;
  throw std::out_of_range("no such column");
}

TEST(Generator, TakenNamesGetAnUnderscore) {
  Model m = model_of(R"({"Class":{"columns":{"Class":{"type":"string"},"class":{"type":"string"},"co_await":{"type":"string"},
    "get":{"type":"string"},"table":{"type":"string"},"unix":{"type":"string"}}}})");
  EXPECT_EQ(column(m, "Class", "Class").accessor, "Class_");
  EXPECT_EQ(column(m, "Class", "class").accessor, "class_");
  EXPECT_EQ(column(m, "Class", "co_await").accessor, "co_await_");
  EXPECT_EQ(column(m, "Class", "get").accessor, "get_");
  EXPECT_EQ(column(m, "Class", "unix").accessor, "unix_");
  EXPECT_EQ(column(m, "Class", "table").constant, "kTable_");
}

TEST(Generator, TablesThatWouldShareANameDoNot) {
  Model m = model_of(R"({"foo_bar":{"columns":{"a_b":{"type":"string"},"aB":{"type":"string"}}},
    "FooBar":{"columns":{"to":{"type":{"key":{"type":"uuid","refTable":"foo_bar"},"min":0,"max":1}},
                         "all":{"type":{"key":{"type":"uuid","refTable":"FooBar"},"min":0,"max":"unlimited"}}}},
    "Idl":{"columns":{"x":{"type":"string"}},"maxRows":1},
    "loop":{"columns":{"x":{"type":"string"}},"maxRows":1}})");
  std::set<std::string> classes, plurals;
  for (const Table& t : m.tables) {
    EXPECT_TRUE(classes.insert(t.class_name).second) << t.class_name;
    EXPECT_TRUE(plurals.insert(t.plural).second) << t.plural;
    EXPECT_NE(t.class_name, "Idl");
    EXPECT_NE(t.singular, "loop");   // a member of every Idl
    if (t.schema->name == "foo_bar") { EXPECT_EQ(column(m, "FooBar", "to").row, t.class_name); }
    if (t.schema->name == "FooBar") { EXPECT_EQ(column(m, "FooBar", "all").row, t.class_name); }
  }
  EXPECT_NE(column(m, "foo_bar", "a_b").constant, column(m, "foo_bar", "aB").constant);
}

TEST(Generator, EveryShapeOfColumnHasItsKind) {
  Model m = model_of(R"({"T":{"columns":{
    "scalar":{"type":{"key":{"type":"string","enum":["set",["a","b"]]}}},
    "optional":{"type":{"key":"real","min":0}}, "set":{"type":{"key":"uuid","min":0,"max":5}},
    "map":{"type":{"key":{"type":"uuid","refTable":"T"},"value":"integer","min":0,"max":"unlimited"}},
    "ref":{"type":{"key":{"type":"uuid","refTable":"T"}}},
    "weak":{"type":{"key":{"type":"uuid","refTable":"T","refType":"weak"},"min":0,"max":"unlimited"}},
    "refs":{"type":{"key":"string","value":{"type":"uuid","refTable":"T"},"min":0,"max":"unlimited"}}}}})");
  EXPECT_EQ(column(m, "T", "scalar").kind, Kind::kScalar);
  EXPECT_EQ(column(m, "T", "optional").kind, Kind::kOptional);
  EXPECT_EQ(column(m, "T", "set").kind, Kind::kSet);
  EXPECT_EQ(column(m, "T", "map").kind, Kind::kMap);
  EXPECT_EQ(column(m, "T", "ref").kind, Kind::kRef);
  EXPECT_EQ(column(m, "T", "weak").kind, Kind::kRefs);
  EXPECT_EQ(column(m, "T", "refs").kind, Kind::kRefMap);
}

TEST(Generator, IncludesAreWhereTheLibraryIs) {
  Model m = model_of(R"({"T":{"columns":{"x":{"type":"string"}}}})");
  EXPECT_NE(header_text(m).find("#include \"lib/ovsdb/idl.h\""), std::string::npos);
  m.includes = "turnout/";
  EXPECT_EQ((header_text(m) + source_text(m, "{}", "d_idl.h")).find("\"lib/"), std::string::npos);
}

}  // namespace
}  // namespace turnout::ovsdb::gen
