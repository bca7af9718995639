// The generated classes of the switch's schema: names, types, and what the setters send.
#include "ovsdb/schema/vswitch_idl.h"

#include "lib/ovsdb/gen.h"
#include "lib/ovsdb/idl_txn.h"
#include "tests/unit/lib/ovsdb/fake_server.h"

namespace turnout::vswitch {
namespace {

using ovsdb::js;

constexpr const char* kContents = R"({"Open_vSwitch":{"00000000-0000-4000-8000-000000000001":{"new":{
    "bridges":["uuid","00000000-0000-4000-8000-000000000002"],"next_cfg":3}}},
  "Bridge":{"00000000-0000-4000-8000-000000000002":{"new":{"name":"br0","ports":["uuid","00000000-0000-4000-8000-000000000003"],
    "other_config":["map",[["hwaddr","00:01:02:03:04:05"]]],"protocols":["set",["OpenFlow10","OpenFlow13"]]}}},
  "Port":{"00000000-0000-4000-8000-000000000003":{"new":{"name":"p0","tag":5,"trunks":["set",[1,2]],"protected":true}}}})";

class VswitchIdl : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(idl.schema().find("Port") != nullptr);
    idl.start();
    ASSERT_TRUE(idl.wait_for_contents(std::chrono::seconds(20)));
  }
  io::Loop loop;
  ovsdb::FakeServer server{loop, Idl::built_in_schema()->to_json(), js(kContents)};
  Idl idl{loop, server.remote()};
};

TEST_F(VswitchIdl, ReferencesAreRows) {
  ASSERT_NE(idl.open_vswitch(), nullptr);
  EXPECT_EQ(idl.open_vswitch()->next_cfg(), 3);
  auto bridges = idl.open_vswitch()->bridges();
  ASSERT_EQ(bridges.size(), 1u);
  EXPECT_EQ(bridges[0]->name(), "br0");
  EXPECT_EQ(bridges[0]->ports().at(0)->name(), "p0");
  EXPECT_EQ(bridges[0]->netflow(), nullptr);
  int n = 0;
  for (auto& br : idl.bridges()) n += br.name() == "br0";
  EXPECT_EQ(n, 1);
}

TEST_F(VswitchIdl, ValuesHaveTheirTypes) {
  Port& port = *idl.ports().first();
  EXPECT_EQ(port.tag(), 5);
  EXPECT_EQ(port.trunks().to_vector(), (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(port.protected_());
  EXPECT_EQ(port.vlan_mode(), std::nullopt);
  Bridge& br = *idl.bridges().first();
  EXPECT_EQ(br.other_config().get("hwaddr"), "00:01:02:03:04:05");
  EXPECT_EQ(br.other_config().get_or("none", "x"), "x");
  EXPECT_TRUE(br.protocols().contains("OpenFlow13"));
  EXPECT_EQ(idl.column(Bridge::kOtherConfig).name, "other_config");
}

TEST_F(VswitchIdl, SettersShowAtOnce) {
  ovsdb::IdlTxn txn(idl);
  Bridge& br = *idl.bridges().first();
  Port& port = txn.insert<Port>();
  port.set_name("p1");
  port.set_tag(std::nullopt);
  port.set_trunks(std::vector<int64_t>{7, 5});
  port.set_external_ids({{"a", "b"}});
  port.put_other_config("k", "v");
  Interface& iface = txn.insert<Interface>();
  iface.set_mac("aa:bb:cc:dd:ee:ff");
  port.set_interfaces({&iface});
  br.add_ports(&port);
  EXPECT_EQ(br.ports().size(), 2u);
  EXPECT_EQ(port.interfaces().at(0), &iface);
  EXPECT_EQ(port.trunks().to_vector(), (std::vector<int64_t>{5, 7}));
  EXPECT_EQ(port.external_ids().to_map().at("a"), "b");
  EXPECT_EQ(iface.mac(), "aa:bb:cc:dd:ee:ff");
  br.remove_ports(&port);
  EXPECT_EQ(br.ports().size(), 1u);
  ovsdb::StringMap config = br.other_config().to_map();
  config["x"] = "y";
  br.set_other_config(config);
  EXPECT_EQ(br.other_config().size(), 2u);
}

TEST(GeneratedNames, FollowTheTable) {
  using namespace ovsdb::gen;
  EXPECT_EQ(class_name("Open_vSwitch"), "OpenVSwitch");
  EXPECT_EQ(class_name("sFlow"), "SFlow");
  EXPECT_EQ(class_name("CT_Timeout_Policy"), "CTTimeoutPolicy");
  EXPECT_EQ(plural("bridge"), "bridges");
  EXPECT_EQ(plural("ct_timeout_policy"), "ct_timeout_policies");
  EXPECT_EQ(plural("ipfix"), "ipfixes");
  EXPECT_EQ(plural("open_vswitch"), "open_vswitches");
}

}  // namespace
}  // namespace turnout::vswitch
