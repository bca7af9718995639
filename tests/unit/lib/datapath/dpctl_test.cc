// The dpctl commands on a userspace datapath.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "lib/datapath/dpctl.h"
#include "tests/unit/lib/datapath/lab.h"

namespace turnout::datapath {
namespace {

struct DpctlTest : ::testing::Test {
  DpctlTest() {
    lab.add("p1");
    lab.add("p2");
    registry.add(*lab.dp);
  }
  DpctlAnswer run(std::string_view command, std::vector<std::string> args = {}) {
    for (const DpctlCommand& c : dpctl_commands())
      if (c.name == command) return c.run(context, args);
    ADD_FAILURE() << "no command " << command;
    return {};
  }
  Lab lab;
  DatapathRegistry registry;
  DpctlContext context{.registry = &registry};
  const std::string flow = "in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x1234)";
};

TEST_F(DpctlTest, ShowTellsLookupsAndPorts) {
  EXPECT_EQ(run("show").text,
            "netdev@ovs-netdev:\n  lookups: hit:0 missed:0 lost:0\n  flows: 0\n"
            "  port 0: ovs-netdev (internal)\n  port 1: p1\n  port 2: p2\n");
  EXPECT_NE(run("show", {"-s"}).text.find("    RX bytes:2048 (2.0 KiB)  TX bytes:0\n"), std::string::npos);
}

TEST_F(DpctlTest, ASubstituteForTheKernelShowsMasks) {
  UserspaceOptions options;
  options.type = "system";
  options.name = "ovs-system";
  options.threads = 0;
  auto system = make_userspace(std::move(options));
  registry.add(*system);
  EXPECT_EQ(run("show", {"ovs-system"}).text,
            "system@ovs-system:\n  lookups: hit:0 missed:0 lost:0\n  flows: 0\n  masks: hit:0 total:0 hit/pkt:0.00\n"
            "  port 0: ovs-system (internal)\n");
  registry.remove(*system);
}

TEST_F(DpctlTest, UnknownDatapathsAreNamed) {
  const DpctlAnswer answer = run("show", {"foo"});
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.text, "ovs-vswitchd: opening datapath foo failed (No such device)\n");
  EXPECT_EQ(run("dump-flows", {"foo"}).text, "ovs-vswitchd: datapath not found (Invalid argument)\n");
  EXPECT_EQ(run("show", {"-x"}).text, "Unrecognized option -x");
}

TEST_F(DpctlTest, WithoutADatapathThereIsNoneToMean) {
  registry.remove(*lab.dp);
  EXPECT_EQ(run("dump-flows").text,
            "ovs-vswitchd: no datapaths exist\novs-vswitchd: datapath not found (Invalid argument)\n");
}

TEST_F(DpctlTest, FlowsAreAddedShownChangedAndDeleted) {
  EXPECT_TRUE(run("add-flow", {flow, "2"}).ok);
  EXPECT_EQ(run("add-flow", {flow, "2"}).text, "ovs-vswitchd: updating flow table (File exists)\n");
  EXPECT_EQ(run("dump-flows").text, "flow-dump from the main thread:\nrecirc_id(0)," + flow +
                                        ", packets:0, bytes:0, used:never, actions:2\n");
  EXPECT_TRUE(run("mod-flow", {flow, "drop"}).ok);
  EXPECT_NE(run("dump-flows", {"--names", "netdev@ovs-netdev"}).text.find("in_port(p1)"), std::string::npos);
  EXPECT_NE(run("dump-flows").text.find("actions:drop"), std::string::npos);
  EXPECT_TRUE(run("del-flow", {flow}).ok);
  EXPECT_EQ(run("del-flow", {flow}).text,
            "ovs-vswitchd: deleting flow (No such file or directory)\nPerhaps you need to specify a UFID?\n");
  EXPECT_EQ(run("dump-flows").text, "");
}

TEST_F(DpctlTest, AFlowKeepsTheNameItWasGiven) {
  const std::string ufid = "ufid:00000000-0000-0000-0000-000000000001";
  EXPECT_TRUE(run("add-flow", {ufid + " " + flow, "2"}).ok);
  EXPECT_NE(run("get-flow", {ufid}).text.find("actions:2"), std::string::npos);
  EXPECT_TRUE(run("dump-flows", {"-m"}).text.find(ufid + ", ") != std::string::npos);
  EXPECT_EQ(run("get-flow", {"foo"}).text, "ovs-vswitchd: parsing flow ufid\n");
  EXPECT_TRUE(run("del-flow", {ufid}).ok);
}

TEST_F(DpctlTest, DumpsAreFilteredByWhatFlowsCompare) {
  run("add-flow", {flow, "2"});
  EXPECT_NE(run("dump-flows", {"filter=in_port=1"}).text, "");
  EXPECT_NE(run("dump-flows", {"filter=in_port=p1"}).text, "");
  EXPECT_EQ(run("dump-flows", {"filter=in_port=2"}).text, "");
  EXPECT_EQ(run("dump-flows", {"filter=arp"}).text, "");
  EXPECT_EQ(run("dump-flows", {"type=offloaded"}).text, "");
  EXPECT_NE(run("dump-flows", {"type=ovs"}).text, "");
  EXPECT_EQ(run("dump-flows", {"filter=zz"}).text, "ovs-vswitchd: Failed to parse filter (zz: unknown field zz)\n");
  EXPECT_EQ(run("dump-flows", {"type=zz"}).text, "ovs-vswitchd: Failed to parse type (zz) (Invalid argument)\n");
}

TEST_F(DpctlTest, MalformedFlowsAreRefused) {
  EXPECT_EQ(run("add-flow", {"in_port(5),ufoo(2)", "1"}).text,
            "ovs-vswitchd: parsing flow key (syntax error at ufoo(2)) (Invalid argument)\n");
  EXPECT_EQ(run("add-flow", {flow, "foo"}).text, "ovs-vswitchd: parsing actions (Invalid argument)\n");
}

TEST_F(DpctlTest, PortsAreDeletedByNameOrNumber) {
  const std::string dp = "netdev@ovs-netdev";
  EXPECT_TRUE(run("del-if", {dp, "p1"}).ok);
  EXPECT_EQ(run("del-if", {dp, "p1"}).text, "ovs-vswitchd: no port named p1\n");
  EXPECT_EQ(run("del-if", {dp, "77"}).text,
            "ovs-vswitchd: deleting port 77 from netdev@ovs-netdev failed (No such device)\n");
  EXPECT_TRUE(run("del-if", {dp, "2"}).ok);
  EXPECT_EQ(run("del-if", {dp, "0"}).text,
            "ovs-vswitchd: deleting port 0 from netdev@ovs-netdev failed (Invalid argument)\n");
}

TEST_F(DpctlTest, ModFlowTellsAndClearsStatistics) {
  ASSERT_TRUE(run("add-flow", {flow, "2"}).ok);
  EXPECT_EQ(run("mod-flow", {"-s", "--clear", flow, "1"}).text, "packets:0, bytes:0, used:never\n");
  EXPECT_EQ(run("mod-flow", {flow, "1"}).text, "");
  EXPECT_EQ(run("del-flow", {"-s", flow}).text, "packets:0, bytes:0, used:never\n");
}

TEST_F(DpctlTest, AnActionThatTheDatapathLacksIsRefused) {
  for (const char* actions :
       {"meter(1)", "ct_clear", "clone(1)", "sample(sample=50.0%,actions(1))", "check_pkt_len(size=5,gt(1),le(2))", "ct(commit)",
        "set(eth(src=02:00:00:00:00:01))", "set(tunnel(dst=1.1.1.1,ttl=64,flags(0)))", "push_mpls(label=1,tc=0,ttl=1,bos=1,eth_type=0x8847)",
        "pop_mpls(eth_type=0x800)", "push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)", "pop_eth",
        "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x0,si=255,c1=0x0,c2=0x0,c3=0x0,c4=0x0)", "pop_nsh()", "hash(l4(0))", "dec_ttl(le_1(1))",
        "psample(group=1)", "lb_output(1)", "tnl_pop(1)", "clone(1,clone(2))"})
    EXPECT_EQ(run("add-flow", {flow, std::string(actions) + ",2"}).text,
              fmt::format("ovs-vswitchd: updating flow table: userspace datapaths have no {} (Operation not supported)\n", actions));
  EXPECT_EQ(run("dump-flows").text, "");
}

TEST_F(DpctlTest, NormalizedActionsAreGroupedByTagsAndSorted) {
  const std::string tagged = "in_port(1),eth(),eth_type(0x8100),vlan(vid=5,pcp=0),encap(eth_type(0x1234))";
  EXPECT_EQ(run("normalize-actions", {tagged, "4,3,pop_vlan,2,1,ct,2,1"}).text,
            "input flow: in_port(1),eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00),eth_type(0x8100),vlan(vid=5,pcp=0),encap(eth_type(0x1234))\n"
            "no vlan: no mpls: 1,2,ct,1,2vlan(vid=5,pcp=0): no mpls: 3,4");
  EXPECT_EQ(run("normalize-actions", {"bogus(1)", "1"}).text,
            "ovs-vswitchd: odp_flow_key_from_string (syntax error at bogus(1)) (Invalid argument)\n");
  EXPECT_EQ(run("normalize-actions", {"in_port(1)", "bogus"}).text,
            "input flow: in_port(1)\novs-vswitchd: odp_actions_from_string (Invalid argument)\n");
  EXPECT_FALSE(run("normalize-actions", {"in_port(1/1)", "1"}).ok);
}

TEST_F(DpctlTest, ReadOnlyRefusesChanges) {
  EXPECT_EQ(run("add-flow", {"--read-only", flow, "2"}).text, "ovs-vswitchd: 'add-flow' command does not work in read only mode\n");
  EXPECT_TRUE(run("dump-flows", {"--read-only"}).ok);
}

TEST_F(DpctlTest, FlowsComeFromStandardInputWhereThereIsOne) {
  EXPECT_EQ(run("add-flows", {"-"}).text, "ovs-vswitchd: Opening file \"-\" failed (No such file or directory)\n");
  std::istringstream lines(flow + " 2\nnonsense\nmodify " + flow + " 1\n");
  context.input = &lines;
  EXPECT_EQ(run("add-flows", {"-"}).text, "ovs-vswitchd: Failed parsing line number 2, skipped!\n");
  EXPECT_NE(run("dump-flows").text.find("actions:1"), std::string::npos);
}

TEST_F(DpctlTest, TextComesAsItIsMadeWhereSomebodyTakesIt) {
  std::string text, errors;
  context.print = [&](std::string_view piece, bool is_error) { (is_error ? errors : text) += piece; };
  EXPECT_EQ(run("dump-dps").text, "");
  EXPECT_FALSE(run("show", {"foo@x"}).ok);
  EXPECT_EQ(text, "netdev@ovs-netdev\n");
  EXPECT_EQ(errors, "ovs-vswitchd: opening datapath foo@x failed (Address family not supported by protocol)\n");
}

TEST_F(DpctlTest, AToolsCommandsHaveNoPrefixAndItsFlowsNoTypes) {
  context.daemon = false;
  EXPECT_NE(run("list-commands").text.find("\n  dump-dps                \n"), std::string::npos);
  EXPECT_EQ(run("dump-flows", {"type=ovs"}).text,
            "ovs-vswitchd: Invalid argument 'type'. Use 'ovs-appctl dpctl/dump-flows' instead.\n");
}

TEST_F(DpctlTest, DatapathsAreMadeAndDeletedWhereTheProgramCan) {
  EXPECT_EQ(run("add-dp", {"x"}).text, "ovs-vswitchd: add_dp (Operation not supported)\n");
  EXPECT_EQ(run("del-dp", {"x"}).text, "ovs-vswitchd: opening datapath (No such device)\n");
  EXPECT_EQ(run("del-dp", {"netdev@ovs-netdev"}).text, "ovs-vswitchd: del_dp (Operation not supported)\n");
  std::string made;
  context.add_datapath = [&](const std::string& type, const std::string& name) -> Result<Datapath*> {
    made = type + "/" + name;
    return lab.dp.get();
  };
  EXPECT_TRUE(run("add-dp", {"x"}).ok);
  EXPECT_EQ(made, "system/x");
}

TEST_F(DpctlTest, ADatapathWithoutAMaskCacheHasNoSizeOfOne) {
  EXPECT_EQ(run("cache-get-size").text, "netdev@ovs-netdev:\n");
  EXPECT_EQ(run("cache-set-size", {"netdev@ovs-netdev", "masks-cache", "5"}).text,
            "ovs-vswitchd: Cache name \"masks-cache\" not found on dpif (Invalid argument)\n");
  EXPECT_EQ(run("cache-get-size", {"x"}).text, "ovs-vswitchd: Opening datapath x failed (No such device)\n");
}

}  // namespace
}  // namespace turnout::datapath
