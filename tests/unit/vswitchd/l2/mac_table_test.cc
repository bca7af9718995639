// The learning table on made-up time.
#include "vswitchd/l2/mac_table.h"

#include <gtest/gtest.h>

#include "vswitchd/l2/fdb_commands.h"

namespace turnout::l2 {
namespace {

constexpr TimePoint at(int64_t seconds) { return {seconds * 1'000'000'000}; }
net::Mac mac(uint64_t n) { return net::Mac::from_u64(0x020000000000 | n); }
constexpr BundleId kA{1}, kB{2};

TEST(MacTable, LearnsPerVlanAndMoves) {
  MacTable table;
  EXPECT_EQ(table.learn(mac(1), 0, kA, at(0)), MacTable::Learned::kNew);
  EXPECT_EQ(table.lookup(mac(1), 0), kA);
  EXPECT_FALSE(table.lookup(mac(1), 7));
  EXPECT_EQ(table.learn(mac(1), 0, kB, at(1)), MacTable::Learned::kMoved);
  EXPECT_EQ(table.lookup(mac(1), 0), kB);
  EXPECT_EQ(table.counters().moved, 1u);
}

TEST(MacTable, RefreshChangesNoGenerationAndKeepsTheEntryYoung) {
  MacTable table;
  table.learn(mac(1), 0, kA, at(0));
  const uint64_t before = table.generation();
  EXPECT_EQ(table.learn(mac(1), 0, kA, at(200)), MacTable::Learned::kRefreshed);
  EXPECT_EQ(table.generation(), before);
  EXPECT_EQ(table.run(at(301)).ns, at(500).ns);
  EXPECT_EQ(table.size(), 1u);
}

TEST(MacTable, ANewAddressChangesTheGenerationOnlyWhenSomebodyAskedForIt) {
  MacTable table;
  unsigned calls = 0, with_answers = 0;
  table.on_change([&](bool answers) { ++calls, with_answers += answers; });
  uint64_t before = table.generation();
  table.learn(mac(1), 0, kA, at(0));
  EXPECT_EQ(table.generation(), before);
  EXPECT_FALSE(table.lookup(mac(2), 0));
  EXPECT_TRUE(table.lookup(mac(1), 0));
  table.learn(mac(2), 5, kA, at(0));                // in another VLAN
  EXPECT_EQ(table.generation(), before);
  table.learn(mac(2), 0, kA, at(0));
  EXPECT_NE(table.generation(), before);
  before = table.generation();
  table.learn(mac(1), 0, kB, at(1));                // moved
  EXPECT_NE(table.generation(), before);
  EXPECT_EQ(calls, 4u);
  EXPECT_EQ(with_answers, 2u);
}

TEST(MacTable, TellsOfAnAddressThatWasAskedForHoweverManyWereBefore) {
  MacTable table;
  table.set_max_entries(100'000);
  for (unsigned i = 0; i < 20'000; ++i) EXPECT_FALSE(table.lookup(mac(i), 0));
  uint64_t before = table.generation();
  table.learn(mac(1), 0, kA, at(0));                // crowded: all who asked are told, and forgotten
  EXPECT_NE(table.generation(), before);
  before = table.generation();
  EXPECT_FALSE(table.lookup(mac(2), 0));            // asks again
  table.learn(mac(2), 0, kA, at(0));
  EXPECT_NE(table.generation(), before);
}

TEST(MacTable, AnEvictionChangesTheGeneration) {
  MacTable table;
  table.set_max_entries(10);
  for (unsigned i = 0; i < 10; ++i) table.learn(mac(i), 0, kA, at(i));
  const uint64_t before = table.generation();
  table.learn(mac(50), 0, kA, at(20));
  EXPECT_NE(table.generation(), before);
}

TEST(MacTable, ExpiresAfterTheAgeingTime) {
  MacTable table;
  table.set_ageing_seconds(1);                      // forced to 15
  table.learn(mac(1), 0, kA, at(0));
  table.run(at(14));
  EXPECT_EQ(table.size(), 1u);
  const uint64_t before = table.generation();
  EXPECT_EQ(table.run(at(15)), kNever);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.counters().expired, 1u);
  EXPECT_NE(table.generation(), before);
}

TEST(MacTable, FullTableTakesTheOldestOfTheBusiestPort) {
  MacTable table;
  table.set_max_entries(10);
  table.learn(mac(100), 0, kB, at(0));              // the oldest of all, on the quieter port
  for (unsigned i = 0; i < 9; ++i) table.learn(mac(i), 0, kA, at(1 + i));
  table.learn(mac(200), 0, kB, at(20));
  EXPECT_EQ(table.size(), 10u);
  EXPECT_EQ(table.lookup(mac(100), 0), kB);
  EXPECT_FALSE(table.lookup(mac(0), 0));
  EXPECT_EQ(table.counters().evicted, 1u);
}

TEST(MacTable, StaticEntriesStayThroughFlushAgeAndMoves) {
  MacTable table;
  table.add_static(mac(1), 5, kA, at(0));
  table.learn(mac(2), 5, kA, at(0));
  EXPECT_EQ(table.learn(mac(1), 5, kB, at(1)), MacTable::Learned::kUnchanged);
  table.flush();
  table.run(at(10000));
  EXPECT_EQ(table.lookup(mac(1), 5), kA);
  EXPECT_FALSE(table.lookup(mac(2), 5));
  EXPECT_FALSE(table.del_static(mac(2), 5));
  EXPECT_TRUE(table.del_static(mac(1), 5));
  EXPECT_EQ(table.size(), 0u);
}

TEST(MacTable, MulticastSourcesAndFloodVlansAreNotLearned) {
  MacTable table;
  EXPECT_EQ(table.learn(net::Mac::from_u64(0x010000000001), 0, kA, at(0)), MacTable::Learned::kRefused);
  table.set_flood_vlans({9});
  EXPECT_EQ(table.learn(mac(1), 9, kA, at(0)), MacTable::Learned::kRefused);
}

TEST(MacTable, FlushingAPortLeavesTheOthers) {
  MacTable table;
  table.learn(mac(1), 0, kA, at(0));
  table.learn(mac(2), 0, kB, at(0));
  table.flush_bundle(kA);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.lookup(mac(2), 0), kB);
}

TEST(FdbShow, PrintsTheReferencesForm) {
  MacTable table;
  table.learn(mac(1), 10, kA, at(1));
  table.add_static(mac(2), 0, kB, at(1));
  FdbBridge bridge{"br0", &table, {}, [](BundleId id) { return id == kA ? std::string("LOCAL") : std::string("1"); }};
  EXPECT_EQ(fdb_show(bridge, at(3)),
            " port  VLAN  MAC                Age\n"
            "LOCAL    10  02:00:00:00:00:01    2\n"
            "    1     0  02:00:00:00:00:02  static\n");
}

}  // namespace
}  // namespace turnout::l2
