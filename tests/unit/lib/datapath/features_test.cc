// Features of datapaths and their texts.
#include "lib/datapath/features.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/lib/datapath/lab.h"

namespace turnout::datapath {
namespace {

TEST(Features, AreShownAsYesNoOrANumber) {
  Features f;
  f.ct_clear = true;
  f.sample_nesting = 10;
  const std::string text = format_features(f);
  EXPECT_TRUE(text.starts_with("Masked set action: No\nTunnel push pop: No\nUfid: No\n")) << text;
  EXPECT_NE(text.find("\nSample nesting: 10\nConntrack eventmask: No\nConntrack clear: Yes\nMax dp_hash algorithm: 0\n"),
            std::string::npos);
  EXPECT_EQ(text.find("flush"), std::string::npos);
}

TEST(Features, CapabilitiesAreTheDatabasesKeys) {
  Features f;
  f.ct_flush = true;
  f.max_hash_alg = 1;
  const auto map = capabilities(f);
  EXPECT_EQ(map.at("ct_flush"), "true");
  EXPECT_EQ(map.at("max_hash_alg"), "1");
  EXPECT_EQ(map.at("sample_nesting"), "0");
  EXPECT_EQ(map.at("ct_zero_snat"), "false");
  EXPECT_FALSE(map.contains("max_meters"));
}

TEST(Features, EachIsListedOnce) {
  std::set<std::string> keys, names;
  for (const Feature& one : feature_table()) {
    EXPECT_TRUE(keys.insert(one.key).second) << one.key;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(find_feature(one.key), &one);
  }
  EXPECT_EQ(find_feature("nope"), nullptr);
}

TEST(Features, AFlowMayUseWhatTheUserspaceDatapathClaims) {
  Lab lab;
  const Features& f = lab.dp->features();
  FlowEntry flow;
  const auto takes = [&](ActionList actions) {
    flow.actions = std::move(actions);
    return lab.dp->put_flow(flow, true).has_value();
  };
  EXPECT_TRUE(f.ufid);
  EXPECT_EQ(f.trunc, takes({Truncate{64}}));
  EXPECT_EQ(f.clone, takes({Clone{}}));
  EXPECT_EQ(f.sample_nesting > 0, takes({Sample{}}));
  EXPECT_EQ(f.ct_clear, takes({ConntrackClear{}}));
  EXPECT_EQ(f.check_pkt_len, takes({CheckPacketLength{}}));
  EXPECT_EQ(f.recirc, takes({Recirculate{1}}));
  EXPECT_EQ(f.ct_flush, lab.dp->conntrack() != nullptr);
}

}  // namespace
}  // namespace turnout::datapath
