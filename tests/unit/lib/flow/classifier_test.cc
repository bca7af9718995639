// The classifier: the right rule, the right version, and no more bits looked at than needed.
#include "lib/flow/classifier.h"

#include <gtest/gtest.h>

#include <random>

#include "lib/flow/text.h"

namespace turnout::flow {
namespace {

struct Fixture : testing::Test {
  RcuThread thread;
  Classifier classifier;
  std::vector<std::unique_ptr<ClassifierRule>> rules;

  ClassifierRule* add(std::string_view match, int32_t priority, Version from = 0) {
    rules.push_back(std::make_unique<ClassifierRule>(parse_match(match).value(), priority, from));
    classifier.insert(rules.back().get());
    return rules.back().get();
  }
  static FlowKey packet(std::string_view match) { return parse_match(match).value().key; }
  ClassifierRule* find(std::string_view key, FlowMask* wildcards = nullptr, Version version = 0) {
    RcuRead read;
    return classifier.lookup(version, packet(key), wildcards);
  }
};
using ClassifierTest = Fixture;

TEST_F(ClassifierTest, HighestPriorityWins) {
  ClassifierRule* low = add("", 1);
  ClassifierRule* high = add("tcp,tp_dst=80", 10);
  EXPECT_EQ(find("tcp,tp_dst=80"), high);
  EXPECT_EQ(find("udp,tp_dst=80"), low);
}

TEST_F(ClassifierTest, RulesOfOneMatchAreOrderedByPriority) {
  add("ip", 1);
  ClassifierRule* high = add("ip", 3);
  ClassifierRule* middle = add("ip", 2);
  EXPECT_EQ(find("ip"), high);
  classifier.remove(high);
  EXPECT_EQ(find("ip"), middle);
}

TEST_F(ClassifierTest, VersionsAppearAndVanishAtOnce) {
  ClassifierRule* old = add("ip", 1);
  ClassifierRule* fresh = add("ip", 1, 5);
  old->retire_in(5);
  EXPECT_EQ(find("ip", nullptr, 4), old);
  EXPECT_EQ(find("ip", nullptr, 5), fresh);
  EXPECT_EQ(classifier.find_exact(parse_match("ip").value(), 1, 5), fresh);
  old->restore();
  EXPECT_TRUE(old->visible(9));
}

TEST_F(ClassifierTest, TableMissLooksAtNothingInAnEmptyTable) {
  FlowMask mask{};
  EXPECT_EQ(find("tcp", &mask), nullptr);
  EXPECT_TRUE(equal(mask, FlowMask{}));
}

TEST_F(ClassifierTest, LowerPrioritiesAreNotLookedAt) {
  add("in_port=1", 10);
  add("tcp,tp_dst=80", 5);
  FlowMask mask{};
  ASSERT_TRUE(find("in_port=1,tcp,tp_dst=80", &mask));
  EXPECT_FALSE(mask.tp_dst);
  EXPECT_EQ(mask.in_port, ~0u);
}

TEST_F(ClassifierTest, AMissInAnEarlyStageLeavesLaterLayersWild) {
  add("in_port=1,tcp,tp_dst=80", 10);
  add("", 1);
  FlowMask mask{};
  ASSERT_TRUE(find("in_port=2,tcp,tp_dst=80", &mask));
  EXPECT_EQ(mask.in_port, ~0u);
  EXPECT_FALSE(mask.eth_type);
  EXPECT_FALSE(mask.tp_dst);
}

TEST_F(ClassifierTest, StrictAndLooseMatching) {
  ClassifierRule* tcp = add("tcp,nw_src=10.0.0.1", 7);
  EXPECT_EQ(classifier.find_exact(parse_match("tcp,nw_src=10.0.0.1").value(), 7, 0), tcp);
  EXPECT_EQ(classifier.find_exact(parse_match("tcp,nw_src=10.0.0.1").value(), 8, 0), nullptr);
  size_t found = 0;
  classifier.each_covered(parse_match("ip,nw_src=10.0.0.0/8").value(), 0, [&](ClassifierRule*) { ++found; });
  classifier.each_covered(parse_match("ip,nw_src=11.0.0.0/8").value(), 0, [&](ClassifierRule*) { found += 100; });
  EXPECT_EQ(found, 1u);
  EXPECT_TRUE(classifier.any_overlap(parse_match("ip,nw_dst=1.1.1.1").value(), 7, 0));
  EXPECT_FALSE(classifier.any_overlap(parse_match("udp").value(), 7, 0));
}

TEST_F(ClassifierTest, EmptyAgainAfterAllIsRemoved) {
  for (int i = 0; i < 1000; ++i) add("ip,nw_src=10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), i % 7);
  EXPECT_EQ(classifier.size(), 1000u);
  EXPECT_EQ(classifier.masks(), 1u);
  for (auto& r : rules) classifier.remove(r.get());
  EXPECT_TRUE(classifier.empty());
  EXPECT_EQ(classifier.masks(), 0u);
  EXPECT_EQ(find("ip,nw_src=10.0.0.1"), nullptr);
}

// Against a plain scan of all rules; and packets that agree in the bits looked at must get the same answer.
TEST_F(ClassifierTest, AgreesWithALinearScanAndItsMaskIsSound) {
  std::mt19937 random(42);
  const auto word = [&](bool packet) {
    std::string m = "in_port=" + std::to_string(1 + random() % 3);
    if (packet || random() % 2) m = (random() % 2 ? "tcp," : "udp,") + m;
    const bool ip = m[0] != 'i';
    if (ip) m += ",nw_dst=10.0." + std::to_string(random() % 2) + "." + std::to_string(random() % 3) + (packet || random() % 2 ? "" : "/24");
    if (ip && (packet || random() % 2)) m += ",tp_dst=" + std::to_string(random() % 4);
    return m;
  };
  for (int i = 0; i < 200; ++i) {
    const std::string match = random() % 10 ? word(false) : "";
    // Distinct priorities: ties have no defined order.
    add(match, i);
  }
  for (int round = 0; round < 300; ++round) {
    const FlowKey key = packet(word(true));
    ClassifierRule* best = nullptr;
    for (auto& r : rules)
      if (r->match().matches(key) && (!best || r->priority() > best->priority())) best = r.get();
    FlowMask mask{};
    RcuRead read;
    ASSERT_EQ(classifier.lookup(0, key, &mask), best);
    for (int other = 0; other < 50; ++other) {
      const FlowKey twin = packet(word(true));
      if (equal_masked(key, twin, mask, nonzero_words(mask))) {
        ASSERT_EQ(classifier.lookup(0, twin, nullptr), best);
      }
    }
  }
}

}  // namespace
}  // namespace turnout::flow
