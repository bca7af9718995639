// Zones of conntrack: timeout policies that are shared, limits, and the two beside each other.
#include <gtest/gtest.h>

#include "tests/support/vsctl_replica.h"

namespace turnout::vsctl {
namespace {

class VsctlConntrack : public ::testing::Test {
 protected:
  VsctlConntrack() { run({"--id=@d", "create", "Datapath", "datapath_version=x", "--", "set", "Open_vSwitch", ".", "datapaths:dp=@d"}); }
  std::string run(const VsctlReplica::Words& words) { return replica.run(words); }
  VsctlReplica replica;
};

TEST_F(VsctlConntrack, ZonesWithEqualTimeoutsShareAPolicy) {
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=1", "udp_first=3", "icmp_first=2"}), "");
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=2", "icmp_first=2 udp_first=3"}), "");
  EXPECT_EQ(run({"list-zone-tp", "dp"}), "Zone:1, Timeout Policies: icmp_first=2 udp_first=3\nZone:2, Timeout Policies: icmp_first=2 udp_first=3\n");
  EXPECT_EQ(replica.idl().ct_timeout_policies().size(), 1u);
}

TEST_F(VsctlConntrack, WordsThatAreNoZoneOrTimeoutAreRefused) {
  const char* zone = "error: \"%\" is not a zone: give zone=ID with an ID between 0 and 65535";
  for (const char* word : {"zone=65536", "zone=", "zone=x", "foo=1", "zone=-1"})
    EXPECT_EQ(run({"add-zone-tp", "dp", word, "udp_first=3"}), std::string(zone).replace(8, 1, word));
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=1", "udp_first=x"}), "error: \"x\" is not a valid integer or range");
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=1", ""}), "error: use \"{}\" to specify the empty map");
  EXPECT_TRUE(run({"add-zone-tp", "dp", "zone=1", "never=3"}).starts_with("error: constraint violation: never is not one of the allowed values"));
  EXPECT_EQ(run({"list-zone-tp", "dp"}), "");
}

TEST_F(VsctlConntrack, MayExistLeavesThePolicyThatIsThere) {
  run({"add-zone-tp", "dp", "zone=1", "udp_first=3"});
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=1", "udp_first=4"}), "error: zone id 1 already exists");
  EXPECT_EQ(run({"--may-exist", "add-zone-tp", "dp", "zone=1", "udp_first=4"}), "");
  EXPECT_EQ(run({"list-zone-tp", "dp"}), "Zone:1, Timeout Policies: udp_first=3\n");
}

TEST_F(VsctlConntrack, LimitsOfZonesAndOfAllOthers) {
  EXPECT_EQ(run({"set-zone-limit", "dp", "zone=5", "100"}), "");
  EXPECT_EQ(run({"set-zone-limit", "dp", "3", "limit=7"}), "");
  EXPECT_EQ(run({"set-zone-limit", "dp", "default", "4294967295"}), "");
  EXPECT_EQ(run({"list-zone-limits", "dp"}), "Zone: default, Limit: 4294967295\nZone: 3, Limit: 7\nZone: 5, Limit: 100\n");
  EXPECT_EQ(run({"set-zone-limit", "dp", "zone=5", "4294967296"}), "error: \"4294967296\" is not a limit: give a number between 0 and 4294967295");
  EXPECT_EQ(run({"set-zone-limit", "nodp", "zone=5", "1"}), "error: datapath nodp does not exist");
  EXPECT_EQ(run({"del-zone-limit", "dp", "default", "--", "del-zone-limit", "dp", "zone=5"}), "");
  EXPECT_EQ(run({"list-zone-limits", "dp"}), "Zone: 3, Limit: 7\n");
  EXPECT_EQ(run({"del-zone-limit", "dp", "zone=5"}), "error: zone_id 5 does not have limit");
  EXPECT_EQ(run({"del-zone-limit", "dp", "default"}), "error: datapath dp does not have a default zone limit");
  EXPECT_EQ(run({"--if-exists", "del-zone-limit", "dp", "zone=5", "--", "--if-exists", "del-zone-limit", "dp", "default"}), "");
}

TEST_F(VsctlConntrack, PolicyAndLimitOfAZoneComeAndGoAlone) {
  run({"set-zone-limit", "dp", "zone=5", "100"});
  EXPECT_EQ(run({"list-zone-tp", "dp"}), "");
  EXPECT_EQ(run({"del-zone-tp", "dp", "zone=5"}), "error: zone id 5 does not exist");
  EXPECT_EQ(run({"add-zone-tp", "dp", "zone=5", "udp_first=3"}), "");
  EXPECT_EQ(run({"del-zone-limit", "dp", "zone=5"}), "");
  EXPECT_EQ(run({"list-zone-tp", "dp"}), "Zone:5, Timeout Policies: udp_first=3\n");
  run({"set-zone-limit", "dp", "zone=5", "100"});
  EXPECT_EQ(run({"del-zone-tp", "dp", "zone=5"}), "");
  EXPECT_EQ(run({"list-zone-limits", "dp"}), "Zone: 5, Limit: 100\n");
  EXPECT_EQ(run({"del-zone-limit", "dp", "zone=5"}), "");
  EXPECT_EQ(run({"get", "Datapath", replica.idl().datapaths().first()->uuid().to_string(), "ct_zones"}), "{}\n");
}

}  // namespace
}  // namespace turnout::vsctl
