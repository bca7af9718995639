// Sets and maps: order, sharing, changes, differences.
#include "lib/ovsdb/datum.h"

#include "tests/unit/lib/ovsdb/values.h"

namespace turnout::ovsdb {
namespace {

const char* kLong = "a string that is far too long to lie inside an atom";

TEST(Atom, ShortStringsLieInsideAndLongOnesAreShared) {
  Atom small = Atom::string("fifteen bytes!!"), large = Atom::string(kLong);
  EXPECT_FALSE(small.view().cell().is_shared());
  EXPECT_TRUE(large.view().cell().is_shared());
  Atom copy = large;
  EXPECT_EQ(copy.string().data(), large.string().data());
  EXPECT_EQ(small.string(), "fifteen bytes!!");
  EXPECT_EQ(Atom::string("").string(), "");
}

TEST(Atom, OrderIsByValue) {
  EXPECT_LT(compare(Atom::integer(-5), Atom::integer(3)), 0);
  EXPECT_LT(compare(Atom::boolean(false), Atom::boolean(true)), 0);
  EXPECT_LT(compare(Atom::string("B"), Atom::string("a")), 0);
  EXPECT_GT(compare(Atom::real(1.5), Atom::real(-2)), 0);
  EXPECT_EQ(compare(Atom::string(kLong), Atom::string(kLong)), 0);
}

TEST(Datum, ScalarsNeedNoHeap) {
  EXPECT_EQ(Datum::integer(5).heap_bytes(), 0u);
  EXPECT_EQ(Datum::string("br0").heap_bytes(), 0u);
  EXPECT_EQ(Datum(AtomType::kString).heap_bytes(), 0u);
  EXPECT_GT(Datum::string(kLong).heap_bytes(), 0u);
}

TEST(Datum, SetsAreSortedWhateverOrderTheyComeIn) {
  EXPECT_EQ(json_of(datum_of(integers(), R"(["set",[3,-1,2]])")), R"(["set",[-1,2,3]])");
  EXPECT_EQ(json_of(datum_of(strings(), R"(["set",["b","a","B"]])")), R"(["set",["B","a","b"]])");
  EXPECT_EQ(json_of(datum_of(integers(), R"(["set",[7]])")), "7");
  EXPECT_EQ(json_of(datum_of(integers(), R"(["set",[]])")), R"(["set",[]])");
}

TEST(Datum, InsertAndEraseKeepOrder) {
  Datum d(AtomType::kInteger);
  EXPECT_TRUE(d.insert(Atom::integer(5)));
  EXPECT_TRUE(d.insert(Atom::integer(1)));
  EXPECT_TRUE(d.insert(Atom::integer(3)));
  EXPECT_FALSE(d.insert(Atom::integer(3)));
  EXPECT_EQ(json_of(d), R"(["set",[1,3,5]])");
  EXPECT_TRUE(d.erase(Atom::integer(3)));
  EXPECT_FALSE(d.erase(Atom::integer(3)));
  EXPECT_EQ(json_of(d), R"(["set",[1,5]])");
  d.erase_at(0);
  EXPECT_EQ(json_of(d), "5");
  d.erase_at(0);
  EXPECT_TRUE(d.empty());
}

TEST(Datum, MapInsertReplacesTheValue) {
  Datum d(AtomType::kString, AtomType::kString);
  EXPECT_TRUE(d.insert(Atom::string("k"), Atom::string(kLong)));
  EXPECT_FALSE(d.insert(Atom::string("k"), Atom::string(kLong)));
  EXPECT_TRUE(d.insert(Atom::string("k"), Atom::string("2")));
  EXPECT_TRUE(d.insert(Atom::string("a"), Atom::string("1")));
  EXPECT_EQ(json_of(d), R"(["map",[["a","1"],["k","2"]]])");
  EXPECT_EQ(d.get_string("k"), "2");
  EXPECT_EQ(d.get_string("z"), std::nullopt);
}

TEST(Datum, CopiesShareUntilOneChanges) {
  Datum a = datum_of(strings(), R"(["set",["a","b","a string that is far too long to lie inside"]])");
  Datum b = a;
  EXPECT_EQ(&a.key(0).cell(), &b.key(0).cell());
  b.insert(Atom::string("c"));
  EXPECT_EQ(a.size(), 3u);
  EXPECT_EQ(b.size(), 4u);
  EXPECT_EQ(a.key(1).string().data(), b.key(1).string().data());
  Datum c = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(c.size(), 3u);
}

TEST(Datum, UniteKeepsPairsThatAreThere) {
  Datum d = datum_of(string_map(), R"(["map",[["a","1"],["b","2"]]])");
  EXPECT_TRUE(d.unite(datum_of(string_map(), R"(["map",[["b","9"],["c","3"]]])")));
  EXPECT_EQ(json_of(d), R"(["map",[["a","1"],["b","2"],["c","3"]]])");
  EXPECT_FALSE(d.unite(datum_of(string_map(), R"(["map",[["b","9"]]])")));
}

TEST(Datum, SubtractByPairsOrByKeys) {
  Datum d = datum_of(string_map(), R"(["map",[["a","1"],["b","2"],["c","3"]]])");
  EXPECT_FALSE(d.subtract(datum_of(string_map(), R"(["map",[["a","other"]]])")));
  EXPECT_TRUE(d.subtract(datum_of(string_map(), R"(["map",[["a","1"],["b","other"]]])")));
  EXPECT_EQ(json_of(d), R"(["map",[["b","2"],["c","3"]]])");
  EXPECT_TRUE(d.subtract(datum_of(strings(), R"(["set",["b","zz"]])")));
  EXPECT_EQ(json_of(d), R"(["map",[["c","3"]]])");
}

TEST(Datum, DiffAndItsInverse) {
  for (auto [type, from, to] : {std::tuple{integers(), R"(["set",[1,2,3]])", R"(["set",[2,3,4,5]])"},
                                std::tuple{integers(), R"(["set",[]])", R"(["set",[4]])"},
                                std::tuple{integers(), R"(["set",[4]])", R"(["set",[]])"},
                                std::tuple{string_map(), R"(["map",[["a","1"],["b","2"]]])", R"(["map",[["b","3"],["c","4"]]])"}}) {
    Datum a = datum_of(type, from), b = datum_of(type, to);
    Datum delta = b.diff2(a);
    a.apply_diff(delta);
    EXPECT_EQ(json_of(a), json_of(b));
  }
}

// A long set or map takes a short difference in place.
TEST(Datum, ShortDiffOfManyElements) {
  for (const bool map : {false, true}) {
    const ColumnType type = map ? string_map() : strings();
    const auto element = [map](int i, const char* value) {
      const std::string key = "\"a key that is long enough to be shared " + std::to_string(i) + '"';
      return map ? "[" + key + ",\"" + value + "\"]" : key;
    };
    std::string many;
    for (int i = 0; i < 200; i += 2) many += (i ? "," : "") + element(i, "a value that is long enough to be shared");
    const Datum whole = datum_of(type, ((map ? "[\"map\",[" : "[\"set\",[") + many + "]]").c_str());
    for (const std::string& change : {element(-1, "x"), element(51, "x"), element(999, "x"), element(0, "another"),
                                      element(198, "another"), element(50, "a value that is long enough to be shared"),
                                      element(7, "x") + ',' + element(8, "y") + ',' + element(9, "a third value, long as well")}) {
      const Datum delta = datum_of(type, ((map ? "[\"map\",[" : "[\"set\",[") + change + "]]").c_str());
      Datum one_by_one = whole, shared = whole;
      one_by_one.apply_diff(delta);
      EXPECT_EQ(json_of(one_by_one.diff2(whole)), json_of(delta)) << change;
      EXPECT_EQ(json_of(shared), json_of(whole)) << change;
      one_by_one.apply_diff(whole.diff2(one_by_one));
      EXPECT_EQ(json_of(one_by_one), json_of(whole)) << change;
    }
  }
}

TEST(Datum, DiffNamesWhatCameAndWhatWent) {
  Datum from = datum_of(string_map(), R"(["map",[["a","1"],["b","2"],["c","3"]]])");
  Datum to = datum_of(string_map(), R"(["map",[["b","9"],["c","3"],["d","4"]]])");
  Datum added, removed;
  to.diff(from, &added, &removed);
  EXPECT_EQ(json_of(added), R"(["map",[["b","9"],["d","4"]]])");
  EXPECT_EQ(json_of(removed), R"(["map",[["a","1"],["b","2"]]])");
}

TEST(Datum, InclusionLooksAtPairs) {
  Datum d = datum_of(string_map(), R"(["map",[["a","1"],["b","2"]]])");
  EXPECT_TRUE(d.includes_all(datum_of(string_map(), R"(["map",[["a","1"]]])")));
  EXPECT_FALSE(d.includes_all(datum_of(string_map(), R"(["map",[["a","2"]]])")));
  EXPECT_TRUE(d.excludes_all(datum_of(string_map(), R"(["map",[["a","2"],["z","1"]]])")));
  EXPECT_TRUE(d.includes_all(Datum()));
  EXPECT_TRUE(d.excludes_all(Datum()));
}

TEST(DatumBuilder, SaysWhenAKeyCameTwice) {
  DatumBuilder builder(AtomType::kString, AtomType::kString);
  builder.add(Atom::string(kLong), Atom::string("1"));
  builder.add(Atom::string("x"), Atom::string("2"));
  builder.add(Atom::string(kLong), Atom::string("3"));
  Datum d;
  EXPECT_FALSE(builder.finish(&d));
  EXPECT_EQ(d.size(), 2u);
}

TEST(Datum, EqualDatumsHashAlike) {
  Datum a = datum_of(strings(), R"(["set",["x","y"]])"), b = datum_of(strings(), R"(["set",["y","x"]])");
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a.compare(b), 0);
  EXPECT_NE(a.compare(datum_of(strings(), R"(["set",["x","z"]])")), 0);
}

}  // namespace
}  // namespace turnout::ovsdb
