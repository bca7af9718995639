// What commands do where the reference is no judge: newer forms, and words that it takes for something else.
#include <gtest/gtest.h>

#include "tests/support/vsctl_replica.h"

namespace turnout::vsctl {
namespace {

class VsctlCommands : public ::testing::Test {
 protected:
  VsctlCommands() { run({"add-br", "br0", "--", "add-port", "br0", "p1", "--", "add-br", "br1", "--", "add-port", "br1", "p2", "tag=7"}); }
  std::string run(const VsctlReplica::Words& words) { return replica.run(words); }
  VsctlReplica replica;
};

TEST_F(VsctlCommands, ShowCanBeFilteredByTableAndName) {
  std::string all = run({"show"}), some = run({"--filter=Bridge br1|Port p2", "show"});
  EXPECT_NE(all.find("Bridge br0"), std::string::npos);
  EXPECT_EQ(some.substr(some.find('\n') + 1), "    Bridge br1\n        Port p2\n            tag: 7\n            Interface p2\n");
  EXPECT_EQ(run({"--filter=Queue x", "show"}), "error: table Queue is not shown by \"show\"");
}

TEST_F(VsctlCommands, SetRelationsTakeAnyNumberOfValues) {
  EXPECT_EQ(run({"--columns=name", "find", "Bridge", "name{in}br1,br9"}), "name                : br1\n");
  EXPECT_EQ(run({"--columns=name", "find", "Port", "tag{in}7,8"}).substr(0, 4), "name");
  EXPECT_EQ(run({"--columns=name", "find", "Bridge", "name{not-in}br0,br1"}), "");
}

TEST_F(VsctlCommands, ARowMayGetTheUuidOfItsMakersChoice) {
  const char* uuid = "11111111-2222-4333-8444-555555555555";
  EXPECT_EQ(run({"--id=11111111-2222-4333-8444-555555555555", "create", "Queue", "dscp=1"}), std::string(uuid) + "\n");
  EXPECT_EQ(run({"get", "Queue", uuid, "dscp"}), "1\n");
  EXPECT_EQ(run({"--id=11111111-2222-4333-8444-555555555555", "create", "Queue", "dscp=2"}), "error: table Queue has a row " + std::string(uuid) + " already");
  EXPECT_EQ(run({"--id=1111", "create", "Queue", "dscp=2"}), "error: row id \"1111\" does not begin with \"@\"");
}

TEST_F(VsctlCommands, AutoAttachDeletesJustTheMappingThatIsNamed) {
  run({"add-aa-mapping", "br0", "100", "5", "--", "add-aa-mapping", "br0", "200", "5"});
  EXPECT_EQ(run({"del-aa-mapping", "br0", "100", "6", "--", "get-aa-mapping", "br0"}), "100 5\n200 5\n");
  EXPECT_EQ(run({"del-aa-mapping", "br0", "100", "5", "--", "get-aa-mapping", "br0"}), "200 5\n");
  EXPECT_EQ(run({"add-aa-mapping", "br0", "16777216", "5"}), "error: constraint violation: 16777216 is not in the valid range 0 to 16777215 (inclusive)");
  EXPECT_EQ(run({"add-aa-mapping", "br0", "1.5", "5"}), "error: Invalid argument 1.5");
}

TEST_F(VsctlCommands, EveryCommandIsListedForCompletion) {
  std::string listing = command_listing();
  EXPECT_NE(listing.find("[--may-exist] ,add-br,!NEW-BRIDGE ?PARENT ?NEW-VLAN\n"), std::string::npos);
  EXPECT_NE(listing.find(",list-zone-limits,!DATAPATH\n"), std::string::npos);
}

}  // namespace
}  // namespace turnout::vsctl
