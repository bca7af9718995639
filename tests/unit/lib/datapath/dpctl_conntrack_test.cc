// The dpctl commands about connections: on a datapath that tracks none, and on a tracker of a few.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/datapath/conntrack_text.h"
#include "lib/datapath/dpctl.h"
#include "tests/unit/vswitchd/upcall/fake_datapath.h"

namespace turnout::datapath {
namespace {

class FakeTracker : public Conntrack {
 public:
  Status each(std::optional<uint16_t> zone, const std::function<void(const CtEntry&)>& f) override {
    for (const CtEntry& entry : entries)
      if (!zone || *zone == entry.zone) f(entry);
    return {};
  }
  Status each_expectation(std::optional<uint16_t>, const std::function<void(const CtExpectation&)>&) override { return {}; }
  Status flush(const CtSelection& selection) override {
    std::erase_if(entries, [&](const CtEntry& entry) { return selection.matches(entry); });
    return {};
  }
  Result<CtLimits> limits(std::span<const uint16_t> zones) override {
    CtLimits answer = limited;
    std::erase_if(answer.zones, [&](const CtLimit& one) { return !zones.empty() && one.zone != zones[0]; });
    return answer;
  }
  Status set_limits(std::optional<uint32_t> by_default, std::span<const CtLimit> zones) override {
    if (by_default) limited.by_default = *by_default;
    limited.zones.insert(limited.zones.end(), zones.begin(), zones.end());
    return {};
  }
  Status delete_limits(bool by_default, std::span<const uint16_t> zones) override {
    if (by_default) limited.by_default = 0;
    std::erase_if(limited.zones, [&](const CtLimit& one) { return !zones.empty() && one.zone == zones[0]; });
    return {};
  }
  Result<uint64_t> setting(CtSetting which) const override { return settings.contains(which) ? settings.at(which) : 0; }
  Status change_setting(CtSetting which, uint64_t value) override {
    settings[which] = value;
    return {};
  }
  Result<CtFragmentStatus> fragments() const override { return CtFragmentStatus{.v4 = {.enabled = true, .min_size = 1200}}; }

  std::vector<CtEntry> entries;
  CtLimits limited;
  std::map<CtSetting, uint64_t> settings;
};

class TrackingDatapath : public upcall::FakeDatapath {
 public:
  Conntrack* conntrack() override { return tracks ? &tracker : nullptr; }
  FakeTracker tracker;
  bool tracks = true;
};

CtEntry connection(uint8_t protocol, uint16_t port, uint16_t zone) {
  CtEntry entry;
  entry.orig = {.source = *net::parse_ipv4("10.0.0.1"), .destination = *net::parse_ipv4("10.0.0.2"), .protocol = protocol,
                .source_port = port, .destination_port = 80};
  entry.reply = {.source = *net::parse_ipv4("10.0.0.2"), .destination = *net::parse_ipv4("10.0.0.1"), .protocol = protocol,
                 .source_port = 80, .destination_port = port};
  entry.zone = zone;
  if (protocol == 6) entry.protocol_info = CtTcp{CtTcpState::kSynRecv, CtTcpState::kSynRecv};
  return entry;
}

struct DpctlConntrackTest : ::testing::Test {
  DpctlConntrackTest() { registry.add(datapath); }
  DpctlAnswer run(std::string_view command, std::vector<std::string> args = {}) {
    for (const DpctlCommand& c : dpctl_commands())
      if (c.name == command) return c.run(context, args);
    ADD_FAILURE() << "no command " << command;
    return {};
  }
  size_t left() const { return datapath.tracker.entries.size(); }
  void fill() { datapath.tracker.entries = {connection(6, 1, 0), connection(17, 2, 0), connection(47, 3, 5), connection(58, 0, 5)}; }
  TrackingDatapath datapath;
  DatapathRegistry registry;
  DpctlContext context{.registry = &registry};
  const std::string dp = "dummy@ovs-dummy";
};

TEST_F(DpctlConntrackTest, ADatapathWithoutATrackerSaysSoToEveryCommand) {
  datapath.tracks = false;
  const struct { const char* command; std::vector<std::string> args; const char* error; } wanted[] = {
      {"dump-conntrack", {}, "dumping conntrack entries failed"},
      {"dump-conntrack-exp", {}, "dumping conntrack expectations failed"},
      {"flush-conntrack", {}, "failed to flush conntrack"},
      {"ct-stats-show", {}, "dumping conntrack entries failed"},
      {"ct-bkts", {}, "dumping conntrack entries failed"},
      {"ct-set-maxconns", {"5"}, "ct set maxconns failed"},
      {"ct-get-maxconns", {}, "maxconns could not be retrieved"},
      {"ct-get-nconns", {}, "nconns could not be retrieved"},
      {"ct-enable-tcp-seq-chk", {}, "enabling TCP sequence checking failed"},
      {"ct-disable-tcp-seq-chk", {}, "disabling TCP sequence checking failed"},
      {"ct-get-tcp-seq-chk", {}, "TCP sequence checking query failed"},
      {"ct-set-limits", {"default=5"}, "failed to set conntrack limit"},
      {"ct-get-limits", {}, "failed to get conntrack limit"},
      {"ct-del-limits", {"zone=5"}, "failed to delete conntrack limit"},
      {"ct-get-sweep-interval", {}, "sweep interval could not be retrieved"},
      {"ct-set-sweep-interval", {"500"}, "failed to set the sweep interval"},
      {"ipf-set-enabled", {"v4"}, "enabling fragmentation reassembly failed"},
      {"ipf-set-disabled", {"v6"}, "disabling fragmentation reassembly failed"},
      {"ipf-set-min-frag", {"v4", "500"}, "requested minimum fragment size too small; see documentation"},
      {"ipf-set-max-nfrags", {"50"}, "setting maximum fragments failed"},
      {"ipf-get-status", {}, "ipf status could not be retrieved"}};
  for (const auto& one : wanted) {
    const DpctlAnswer answer = run(one.command, one.args);
    EXPECT_FALSE(answer.ok) << one.command;
    EXPECT_EQ(answer.text, std::string("ovs-vswitchd: ") + one.error + " (Operation not supported)\n");
  }
}

TEST_F(DpctlConntrackTest, EntriesAreShownByZone) {
  fill();
  EXPECT_EQ(run("dump-conntrack", {dp, "zone=5"}).text,
            "47,orig=(src=10.0.0.1,dst=10.0.0.2,sport=3,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=3),zone=5\n"
            "icmpv6,orig=(src=10.0.0.1,dst=10.0.0.2,id=0,type=0,code=0),reply=(src=10.0.0.2,dst=10.0.0.1,id=0,type=0,code=0),"
            "zone=5\n");
  EXPECT_EQ(run("dump-conntrack", {"zone=9"}).text, "");
  for (const char* zone : {"zone=x", "zone=", "zone=70000", "zone=5foo", "zone=-1"})
    EXPECT_EQ(run("dump-conntrack", {zone}).text, "ovs-vswitchd: failed to parse zone (Invalid argument)\n") << zone;
  EXPECT_EQ(run("dump-conntrack", {"nodp"}).text, "ovs-vswitchd: datapath not found (Invalid argument)\n");
  EXPECT_EQ(run("dump-conntrack", {dp, "foo"}).text, "ovs-vswitchd: invalid argument foo (Invalid argument)\n");
}

TEST_F(DpctlConntrackTest, ConnectionsAreCounted) {
  fill();
  EXPECT_EQ(run("ct-stats-show").text, "Connections Stats:\n    Total: 4\n  TCP: 1\n  UDP: 1\n  ICMPV6: 1\n  Other: 1\n");
  EXPECT_EQ(run("ct-stats-show", {"-m", "zone=0"}).text,
            "Connections Stats:\n    Total: 2\n  TCP: 1\n    Conn per TCP states:\n\t  [ESTABLISHED]=1\n  UDP: 1\n");
}

TEST_F(DpctlConntrackTest, FlushTakesWhatAllWordsMean) {
  fill();
  EXPECT_TRUE(run("flush-conntrack", {dp, "zone=5", "ct_nw_proto=47"}).ok);
  EXPECT_EQ(left(), 3u);
  EXPECT_TRUE(run("flush-conntrack", {"zone=4", "ct_nw_proto=58"}).ok);
  EXPECT_EQ(left(), 3u);
  EXPECT_TRUE(run("flush-conntrack", {"", "ct_nw_proto=17,ct_tp_src=80"}).ok);
  EXPECT_EQ(left(), 2u);
  EXPECT_TRUE(run("flush-conntrack", {"mark=1/1"}).ok);
  EXPECT_EQ(left(), 2u);
  datapath.tracker.entries[0].mark = 7;
  EXPECT_TRUE(run("flush-conntrack", {"mark=0x1/0x1"}).ok);
  EXPECT_EQ(left(), 1u);
  datapath.tracker.entries[0].labels = CtLabels{4};
  EXPECT_TRUE(run("flush-conntrack", {"zone=5", "labels=0x4"}).ok);
  EXPECT_EQ(left(), 0u);
  fill();
  EXPECT_TRUE(run("flush-conntrack").ok);
  EXPECT_EQ(left(), 0u);
}

TEST_F(DpctlConntrackTest, AWrongFlushTakesNothing) {
  fill();
  const std::pair<std::vector<std::string>, const char*> wrong[] = {
      {{"foo"}, "field foo missing value"},         {{"zone=x"}, "failed to parse zone"},
      {{"mark="}, "failed to parse mark"},          {{"mark=1/2/3"}, "failed to parse mark"},
      {{"mark=4294967296"}, "failed to parse mark"}, {{"labels=x"}, "failed to parse labels"},
      {{"ct_nw_proto=6", "", "x"}, "invalid argument x"}, {{"ct_nw_proto=6,zone=5"}, "invalid conntrack tuple field: zone"}};
  for (const auto& [words, error] : wrong)
    EXPECT_EQ(run("flush-conntrack", words).text, fmt::format("ovs-vswitchd: {} (Invalid argument)\n", error));
  EXPECT_EQ(left(), 4u);
}

TEST_F(DpctlConntrackTest, LimitsAreSetShownAndDeleted) {
  EXPECT_EQ(run("ct-get-limits").text, "default limit=0\n");
  EXPECT_TRUE(run("ct-set-limits", {dp, "default=11", "zone=8,limit=4", "limit=2,zone=9"}).ok);
  EXPECT_EQ(run("ct-get-limits").text, "default limit=11\nzone=8,limit=4,count=0\nzone=9,limit=2,count=0\n");
  EXPECT_EQ(run("ct-get-limits", {"zone=9"}).text, "default limit=11\nzone=9,limit=2,count=0\n");
  EXPECT_TRUE(run("ct-del-limits", {"default", "zone=9"}).ok);
  EXPECT_EQ(run("ct-get-limits").text, "default limit=0\nzone=8,limit=4,count=0\n");
  EXPECT_TRUE(run("ct-set-limits", {"default=3"}).ok);
  EXPECT_TRUE(run("ct-del-limits", {"default"}).ok);
  EXPECT_EQ(datapath.tracker.limited.by_default, 0u);
}

TEST_F(DpctlConntrackTest, WrongLimitsChangeNothing) {
  const struct { const char* command; std::vector<std::string> words; const char* error; } wrong[] = {
      {"ct-set-limits", {dp}, "no limit is given"},
      {"ct-set-limits", {"default=x"}, "invalid default limit"},
      {"ct-set-limits", {"zone=5"}, "failed to parse zone limit"},
      {"ct-set-limits", {"zone=5,limit="}, "field limit missing value"},
      {"ct-set-limits", {"zone=5,limit=x"}, "failed to parse field limit"},
      {"ct-set-limits", {"zone=70000,limit=4"}, "failed to parse field zone"},
      {"ct-set-limits", {"zone=5,limit=4294967296"}, "failed to parse field limit"},
      {"ct-set-limits", {"zone=5,foo=3"}, "invalid zone limit field: foo"},
      {"ct-set-limits", {"zone=5,limit=3", "default=12"}, "invalid zone limit field: default"},
      {"ct-set-limits", {"zone=9,limit=1,zone=10"}, "field zone is set multiple times"},
      {"ct-set-limits", {"foo"}, "field foo missing value"},
      {"ct-del-limits", {dp}, "no zone is given"},
      {"ct-del-limits", {"foo"}, "invalid argument foo"},
      {"ct-del-limits", {"zone="}, "invalid zone"},
      {"ct-get-limits", {"zone=5,x"}, "invalid zone"},
      {"ct-get-limits", {"zone=70000"}, "invalid zone"},
      {"ct-get-limits", {"nodp"}, "invalid argument nodp"}};
  for (const auto& one : wrong)
    EXPECT_EQ(run(one.command, one.words).text, fmt::format("ovs-vswitchd: {} (Invalid argument)\n", one.error));
  EXPECT_TRUE(datapath.tracker.limited.zones.empty());
}

TEST_F(DpctlConntrackTest, SettingsOfATrackerThatHasThem) {
  EXPECT_EQ(run("ct-set-maxconns", {"5"}).text, "setting maxconns successful\n");
  EXPECT_EQ(run("ct-get-maxconns").text, "5\n");
  EXPECT_EQ(run("ct-set-maxconns", {"x"}).text, "ovs-vswitchd: maxconns missing or malformed (Invalid argument)\n");
  EXPECT_EQ(run("ct-enable-tcp-seq-chk").text, "enabling TCP sequence checking successful\n");
  EXPECT_EQ(run("ct-get-tcp-seq-chk").text, "TCP sequence checking: enabled\n");
  EXPECT_EQ(run("ipf-set-disabled", {"v6"}).text, "disabling fragmentation reassembly successful\n");
  EXPECT_EQ(run("ipf-set-enabled", {"x"}).text,
            "ovs-vswitchd: parameter missing: 'v4' for IPv4 or 'v6' for IPv6 (Invalid argument)\n");
  EXPECT_TRUE(run("ipf-get-status").text.starts_with(
      "\tFragmentation Module Status\n\t---------------------------\n\tv4 enabled: 1\n\tv6 enabled: 0\n\tmax num frags (v4/v6): 0\n"
      "\tnum frag: 0\n\tmin v4 frag size: 1200\n\tv4 frags accepted: 0\n"));
  EXPECT_TRUE(run("ipf-get-status", {"-m"}).text.ends_with("\n\tFragment Lists:\n\n"));
}

}  // namespace
}  // namespace turnout::datapath
