// Steps from one configuration to another, without a database, devices or a clock.
#include "vswitchd/bridge/diff.h"

#include <gtest/gtest.h>

namespace turnout::bridge {
namespace {

uint32_t next_row = 1;
Uuid row() { return Uuid{{next_row++, 0, 0, 0}}; }

DesiredInterface interface(std::string name, std::string type = "system") {
  DesiredInterface i;
  i.row = row();
  i.name = std::move(name);
  i.type = std::move(type);
  return i;
}

class Configuration {
 public:
  Configuration& bridge(const std::string& name, const std::string& type = "system") {
    DesiredBridge& b = desired.bridges[name];
    b.row = row();
    b.name = name;
    b.datapath_type = type;
    last_ = name;
    return port(interface(name, "internal"));
  }
  Configuration& port(DesiredInterface i) {
    auto p = std::make_shared<DesiredPort>();
    p->row = row();
    p->name = i.name;
    p->interfaces = {std::move(i)};
    desired.bridges[last_].ports.put(p);
    return *this;
  }
  Configuration& port(const std::string& name) { return port(interface(name)); }
  // Changes one port of the last bridge in place: same rows, a new object.
  template <typename F>
  Configuration& edit(const std::string& name, F&& f) {
    PortSet& ports = desired.bridges[last_].ports;
    auto copy = std::make_shared<DesiredPort>(*ports.find(name));
    f(*copy);
    ports.put(copy);
    return *this;
  }
  Configuration& drop(const std::string& name) { desired.bridges[last_].ports.erase(name); return *this; }
  Desired desired;

 private:
  std::string last_;
};

using Numbers = std::map<std::string, uint16_t, std::less<>>;

std::vector<std::string> steps(const Configuration& from, const Configuration& to, const Numbers& numbers = {}) {
  std::vector<std::string> out;
  const CurrentNumbers current = [&](std::string_view, std::string_view name) -> std::optional<uint16_t> {
    auto i = numbers.find(name);
    return i == numbers.end() ? std::nullopt : std::optional(i->second);
  };
  for (const Step& s : diff(from.desired, to.desired, current)) out.push_back(to_string(s));
  return out;
}

using Lines = std::vector<std::string>;

TEST(Diff, NothingChangedNothingToDo) {
  Configuration c;
  c.bridge("br0").port("p1");
  EXPECT_EQ(steps(c, c), Lines{});
}

TEST(Diff, ABridgeComesBeforeItsPortsAndItsLocalPortFirst) {
  Configuration to;
  to.bridge("br0").port("a1");
  EXPECT_EQ(steps({}, to), (Lines{"add-bridge br0", "add-port br0 a1", "add-port br0 br0", "add-interface br0 br0 br0",
                                  "add-interface br0 a1 a1"}));
}

TEST(Diff, ABridgeGoesAfterItsPorts) {
  Configuration from;
  from.bridge("br0").port("p1");
  EXPECT_EQ(steps(from, {}), (Lines{"remove-interface br0 br0 br0", "remove-port br0 br0", "remove-interface br0 p1 p1",
                                    "remove-port br0 p1", "remove-bridge br0"}));
}

TEST(Diff, OnePortMoreIsOnePortsSteps) {
  Configuration from;
  from.bridge("br0");
  for (int i = 0; i < 400; ++i) from.port("p" + std::to_string(i));
  Configuration to = from;
  to.port("q");
  EXPECT_EQ(steps(from, to), (Lines{"add-port br0 q", "add-interface br0 q q"}));
}

TEST(Diff, RemovalsComeFirst) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.drop("p1").port("a1");
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 p1 p1", "remove-port br0 p1", "add-port br0 a1",
                                    "add-interface br0 a1 a1"}));
}

TEST(Diff, APortThatIsAnotherRowIsRemovedAndAdded) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.drop("p1").port("p1");
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 p1 p1", "remove-port br0 p1", "add-port br0 p1",
                                    "add-interface br0 p1 p1"}));
}

TEST(Diff, ABridgeThatChangesItsDatapathComesAnew) {
  Configuration from;
  from.bridge("br0", "system");
  Configuration to = from;
  to.desired.bridges["br0"].datapath_type = "netdev";
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 br0 br0", "remove-port br0 br0", "remove-bridge br0",
                                    "add-bridge br0", "add-port br0 br0", "add-interface br0 br0 br0"}));
}

TEST(Diff, SettingsOfABridgeChangeInPlace) {
  Configuration from;
  from.bridge("br0");
  Configuration to = from;
  to.desired.bridges["br0"].settings.fail_mode = ofproto::FailMode::kSecure;
  EXPECT_EQ(steps(from, to), Lines{"change-bridge br0"});
}

TEST(Diff, VlansOfAPortChangeInPlace) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.vlan.tag = 10; p.vlan.mode = l2::VlanMode::kAccess; });
  EXPECT_EQ(steps(from, to), Lines{"change-port br0 p1"});
}

TEST(Diff, MtuAndMacOfAnInterfaceChangeInPlace) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.interfaces[0].mtu_request = 1400; });
  EXPECT_EQ(steps(from, to), Lines{"change-interface br0 p1 p1"});
}

TEST(Diff, AnInterfaceOfAnotherTypeComesAnew) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.interfaces[0].type = "internal"; });
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 p1 p1", "add-interface br0 p1 p1"}));
}

TEST(Diff, PatchPeersChangeInPlaceAndDummyOptionsDoNot) {
  Configuration from;
  from.bridge("br0").port(interface("p1", "patch")).port(interface("d1", "dummy"));
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.interfaces[0].options["peer"] = "p2"; });
  to.edit("d1", [](DesiredPort& p) { p.interfaces[0].options["pcap"] = "/tmp/x"; });
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 d1 d1", "add-interface br0 d1 d1", "change-interface br0 p1 p1"}));
}

TEST(Diff, InterfacesThatAskForNumbersComeBeforeTheOthers) {
  Configuration to;
  to.bridge("br0").port("a");
  DesiredInterface z = interface("z");
  z.ofport_request = 1;
  to.port(z);
  const Lines all = steps({}, to);
  EXPECT_LT(std::find(all.begin(), all.end(), "add-interface br0 z z"), std::find(all.begin(), all.end(), "add-interface br0 a a"));
}

TEST(Diff, ANewRequestMovesTheInterface) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.interfaces[0].ofport_request = 9; });
  EXPECT_EQ(steps(from, to, {{"p1", 1}}), (Lines{"remove-interface br0 p1 p1", "add-interface br0 p1 p1"}));
}

TEST(Diff, ARequestForTheNumberItHasMovesNothing) {
  Configuration from;
  from.bridge("br0").port("p1");
  Configuration to = from;
  to.edit("p1", [](DesiredPort& p) { p.interfaces[0].ofport_request = 1; });
  EXPECT_EQ(steps(from, to, {{"p1", 1}}), Lines{"change-interface br0 p1 p1"});
}

TEST(Diff, AnInterfaceMakesWayForOneThatAsksForItsNumber) {
  Configuration from;
  from.bridge("br0").port("p1").port("p2");
  Configuration to = from;
  to.edit("p2", [](DesiredPort& p) { p.interfaces[0].ofport_request = 1; });
  EXPECT_EQ(steps(from, to, {{"p1", 1}, {"p2", 2}}),
            (Lines{"remove-interface br0 p1 p1", "remove-interface br0 p2 p2", "add-interface br0 p2 p2",
                   "add-interface br0 p1 p1"}));
}

TEST(Diff, ANumberThatWasAskedForIsKept) {
  Configuration from;
  DesiredInterface p1 = interface("p1");
  p1.ofport_request = 9;
  from.bridge("br0").port(p1).port("p2");
  Configuration to = from;
  to.edit("p2", [](DesiredPort& p) { p.interfaces[0].ofport_request = 9; });
  EXPECT_EQ(steps(from, to, {{"p1", 9}, {"p2", 2}}), Lines{"change-interface br0 p2 p2"});
}

TEST(Diff, TheLocalPortIgnoresRequests) {
  Configuration from;
  from.bridge("br0");
  Configuration to = from;
  to.edit("br0", [](DesiredPort& p) { p.interfaces[0].ofport_request = 5; });
  EXPECT_EQ(steps(from, to, {{"br0", 65534}}), Lines{"change-interface br0 br0 br0"});
}

TEST(Diff, MembersOfABondComeAndGoAlone) {
  Configuration from;
  from.bridge("br0").port("bond0");
  Configuration to = from;
  to.edit("bond0", [](DesiredPort& p) { p.interfaces.push_back(interface("eth1")); });
  EXPECT_EQ(steps(from, to), Lines{"add-interface br0 bond0 eth1"});
  EXPECT_EQ(steps(to, from), Lines{"remove-interface br0 bond0 eth1"});
}

TEST(Diff, APortThatMovesToAnotherBridgeLeavesTheFirstBefore) {
  Configuration from;
  from.bridge("br0").port("p1").bridge("br1");
  Configuration to = from;
  auto moved = to.desired.bridges["br0"].ports.find("p1");
  to.desired.bridges["br0"].ports.erase("p1");
  to.desired.bridges["br1"].ports.put(moved);
  EXPECT_EQ(steps(from, to), (Lines{"remove-interface br0 p1 p1", "remove-port br0 p1", "add-port br1 p1",
                                    "add-interface br1 p1 p1"}));
}

}  // namespace
}  // namespace turnout::bridge
