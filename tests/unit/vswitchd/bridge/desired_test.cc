// How texts of the database become settings.
#include "vswitchd/bridge/desired.h"

#include <gtest/gtest.h>

namespace turnout::bridge {
namespace {

TEST(DatapathId, SixteenDigitsOrAPrefix) {
  EXPECT_EQ(parse_datapath_id("0000000000000abc"), 0xabcu);
  EXPECT_EQ(parse_datapath_id("0xabc"), 0xabcu);
  EXPECT_EQ(parse_datapath_id("0x1122334455667788"), 0x1122334455667788u);
}

TEST(DatapathId, AnythingElseIsNone) {
  for (const char* text : {"", "abc", "0x", "zz", "0x11223344556677889", "0000000000000000", "0x0", "00000000000000ag"})
    EXPECT_FALSE(parse_datapath_id(text)) << text;
}

TEST(GlobalSettings, Defaults) {
  const GlobalSettings g = read_global({}, 2);
  EXPECT_EQ(g.revalidator.max_idle_ms, 10000);
  EXPECT_EQ(g.revalidator.flow_limit, 200000u);
  EXPECT_EQ(g.revalidator.threads, 1u);
  EXPECT_EQ(g.packet_threads, 2u);
  EXPECT_EQ(g.stats_interval_ms, 5000);
  EXPECT_FALSE(g.flow_restore_wait);
  EXPECT_TRUE(g.userspace_fallback);
}

TEST(GlobalSettings, ValuesBelowTheDocumentedMinimumAreRaised) {
  const GlobalSettings g = read_global({{"max-idle", "1"}, {"max-revalidator", "1"}, {"min-revalidate-pps", "0"},
                                        {"stats-update-interval", "10"}, {"n-revalidator-threads", "-3"}}, 1);
  EXPECT_EQ(g.revalidator.max_idle_ms, 500);
  EXPECT_EQ(g.revalidator.max_revalidator_ms, 100);
  EXPECT_EQ(g.revalidator.min_revalidate_pps, 1u);
  EXPECT_EQ(g.revalidator.threads, 1u);
  EXPECT_EQ(g.stats_interval_ms, 5000);
}

TEST(GlobalSettings, NonsenseIsTheDefault) {
  EXPECT_EQ(read_global({{"max-idle", "soon"}, {"flow-limit", ""}}, 1), read_global({}, 1));
}

TEST(GlobalSettings, RevalidatorsFillTheCpusThatHandlersLeave) {
  EXPECT_EQ(read_global({{"n-handler-threads", "3"}}, 8).revalidator.threads, 5u);
  EXPECT_EQ(read_global({}, 8).revalidator.threads, 3u);
  EXPECT_EQ(read_global({{"n-revalidator-threads", "6"}}, 8).revalidator.threads, 6u);
}

TEST(GlobalSettings, ACpuMaskCountsPacketThreads) {
  EXPECT_EQ(read_global({{"pmd-cpu-mask", "0xF6"}}, 8).packet_threads, 6u);
  EXPECT_EQ(read_global({{"pmd-cpu-mask", "3"}}, 8).packet_threads, 2u);
  EXPECT_EQ(read_global({{"pmd-cpu-mask", "many"}}, 3).packet_threads, 3u);
  EXPECT_EQ(read_global({}, 64).packet_threads, 4u);
}

TEST(BridgeSettings, ReadsItsOtherConfig) {
  const BridgeSettings s = read_bridge_settings({{"hwaddr", "02:AA:bb:cc:dd:ee"}, {"datapath-id", "0x7"}, {"forward-bpdu", "true"},
                                                 {"mac-aging-time", "30"}, {"mac-table-size", "100"}, {"dp-desc", "rack 3"}},
                                                "secure");
  EXPECT_EQ(s.hwaddr->to_string(), "02:aa:bb:cc:dd:ee");
  EXPECT_EQ(s.datapath_id, 7u);
  EXPECT_TRUE(s.forward_bpdu);
  EXPECT_EQ(s.mac_ageing_seconds, 30);
  EXPECT_EQ(s.mac_table_size, 100);
  EXPECT_EQ(s.description, "rack 3");
  EXPECT_EQ(s.fail_mode, ofproto::FailMode::kSecure);
}

TEST(BridgeSettings, ImpossibleAddressesAreIgnored) {
  for (const char* mac : {"01:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "no"})
    EXPECT_FALSE(read_bridge_settings({{"hwaddr", mac}}, "").hwaddr) << mac;
}

TEST(BridgeMac, TheDefaultComesFromTheRowAndIsLocal) {
  const auto row = Uuid::parse("97864f62-1070-4a7f-b521-b4bf20c4ba57");
  EXPECT_EQ(default_bridge_mac(*row).to_string(), "62:4f:86:97:7f:4a");
  const auto other = Uuid::parse("9d588dc4-dcd1-4f92-8c15-0af1bbcb19e6");
  EXPECT_EQ(default_bridge_mac(*other).to_string(), "c6:8d:58:9d:92:4f");
}

TEST(BridgeMac, OnlyGloballyAdministeredAddressesOfPortsCount) {
  EXPECT_TRUE(is_bridge_mac_candidate(*net::Mac::parse("00:11:22:33:44:55")));
  EXPECT_FALSE(is_bridge_mac_candidate(*net::Mac::parse("02:11:22:33:44:55")));
  EXPECT_FALSE(is_bridge_mac_candidate(*net::Mac::parse("01:11:22:33:44:55")));
  EXPECT_FALSE(is_bridge_mac_candidate(net::Mac{}));
}

TEST(Options, BooleansAreTrueOrNot) {
  const Options o{{"a", "true"}, {"b", "TRUE"}, {"c", "yes"}};
  EXPECT_TRUE(get_bool(o, "a", false));
  EXPECT_TRUE(get_bool(o, "b", false));
  EXPECT_FALSE(get_bool(o, "c", true));
  EXPECT_TRUE(get_bool(o, "d", true));
}

}  // namespace
}  // namespace turnout::bridge
