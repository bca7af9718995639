// What is taken out of a configuration, and what is said about it.
#include "vswitchd/bridge/validate.h"

#include <gtest/gtest.h>

namespace turnout::bridge {
namespace {

std::shared_ptr<DesiredPort> port(uint32_t row, std::string name, std::vector<std::pair<uint32_t, std::string>> interfaces) {
  auto p = std::make_shared<DesiredPort>();
  p->row = Uuid{{row, 1, 0, 0}};
  p->name = std::move(name);
  for (auto& [r, n] : interfaces) {
    DesiredInterface i;
    i.row = Uuid{{r, 2, 0, 0}};
    i.name = n;
    i.type = "system";
    p->interfaces.push_back(i);
  }
  return p;
}

DesiredBridge& bridge(Desired& d, const std::string& name) {
  DesiredBridge& b = d.bridges[name];
  b.name = name;
  b.datapath_type = "system";
  return b;
}

TEST(Validate, AHealthyConfigurationStays) {
  Desired d;
  bridge(d, "br0").ports.put(port(1, "p1", {{1, "p1"}}));
  EXPECT_TRUE(validate(d).empty());
  EXPECT_EQ(d.bridges.at("br0").ports.size(), 1u);
}

TEST(Validate, ABridgeNameWithASlashIsIgnored) {
  Desired d;
  bridge(d, "ab/cd").ports.put(port(1, "ab/cd", {{7, "ab/cd"}}));
  const auto complaints = validate(d);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_EQ(complaints[0].text, "ignoring bridge with invalid name \"ab/cd\"");
  EXPECT_FALSE(complaints[0].is_error);
  EXPECT_EQ(complaints[0].interfaces, std::vector<Uuid>{(Uuid{{7, 2, 0, 0}})});
  EXPECT_TRUE(d.bridges.empty());
}

TEST(Validate, NamesThatAreNoFileNames) {
  for (const char* name : {"", ".", "..", "a/b", "a\\b"}) EXPECT_FALSE(is_valid_bridge_name(name)) << name;
  for (const char* name : {"br0", "ovs-br_1", "a.b"}) EXPECT_TRUE(is_valid_bridge_name(name)) << name;
}

TEST(Validate, APortBelongsToOneBridge) {
  Desired d;
  auto shared = port(1, "p1", {{1, "p1"}});
  bridge(d, "br0").ports.put(shared);
  bridge(d, "br1").ports.put(shared);
  EXPECT_EQ(validate(d).size(), 1u);
  EXPECT_EQ(d.bridges.at("br0").ports.size(), 1u);
  EXPECT_TRUE(d.bridges.at("br1").ports.empty());
}

TEST(Validate, AnInterfaceBelongsToOnePort) {
  Desired d;
  bridge(d, "br0").ports.put(port(1, "p1", {{1, "x"}}));
  d.bridges["br0"].ports.put(port(2, "p2", {{1, "x"}}));
  EXPECT_EQ(validate(d).size(), 1u);
  EXPECT_TRUE(d.bridges.at("br0").ports.contains("p1"));
  EXPECT_FALSE(d.bridges.at("br0").ports.contains("p2"));
}

TEST(Validate, APortWithoutInterfacesIsIgnored) {
  Desired d;
  bridge(d, "br0").ports.put(port(1, "p1", {}));
  EXPECT_EQ(validate(d).size(), 1u);
  EXPECT_TRUE(d.bridges.at("br0").ports.empty());
}

TEST(Validate, AddressesThatCannotBeSetAreNamed) {
  Desired d;
  auto local = port(1, "br0", {{1, "br0"}});
  local->interfaces[0].mac = net::Mac::parse("00:00:00:00:00:01");
  auto other = port(2, "p1", {{2, "p1"}});
  other->interfaces[0].mac = net::Mac::parse("01:00:00:00:00:01");
  bridge(d, "br0").ports.put(local);
  d.bridges["br0"].ports.put(other);
  const auto complaints = validate(d);
  ASSERT_EQ(complaints.size(), 2u);
  EXPECT_EQ(complaints[0].text, "interface br0: ignoring mac in Interface record (use Bridge record to set local port's mac)");
  EXPECT_EQ(complaints[1].text, "interface p1: cannot set MAC to multicast address");
  EXPECT_EQ(d.bridges.at("br0").ports.size(), 2u);
}

}  // namespace
}  // namespace turnout::bridge
