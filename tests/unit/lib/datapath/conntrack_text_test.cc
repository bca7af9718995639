// Connections as text: what ovs-dpctl 3.1 printed for the same entries of a kernel's table.
#include "lib/datapath/conntrack_text.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

namespace turnout::datapath {
namespace {

CtAddress v4(const char* text) { return *net::parse_ipv4(text); }

CtTuple tcp(const char* from, const char* to, uint16_t sport, uint16_t dport) {
  return {.source = v4(from), .destination = v4(to), .protocol = 6, .source_port = sport, .destination_port = dport};
}

CtEntry ftp() {
  CtEntry entry;
  entry.orig = tcp("10.1.1.1", "10.1.1.2", 48372, 21);
  entry.reply = tcp("10.1.1.2", "10.1.1.1", 21, 48372);
  entry.protocol_info = CtTcp{CtTcpState::kEstablished, CtTcpState::kEstablished, 7, 7, 0x2b, 0x2b};
  entry.zone = 7;
  entry.mark = 4660;
  entry.labels = CtLabels{1};
  entry.id = 3434338803;
  entry.status = IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED;
  entry.timeout_s = 431993;
  entry.helper = "ftp";
  return entry;
}

TEST(ConntrackText, AConnectionIsShownWithWhatItHas) {
  EXPECT_EQ(format_connection(ftp(), {}),
            "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=48372,dport=21),reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=48372),"
            "zone=7,mark=4660,labels=0x1,protoinfo=(state=ESTABLISHED),helper=ftp");
}

TEST(ConntrackText, MoreTellsIdStatusAndBothDirectionsOfTcp) {
  EXPECT_EQ(format_connection(ftp(), {.more = true, .statistics = true}),
            "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=48372,dport=21),reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=48372),"
            "id=3434338803,zone=7,status=SEEN_REPLY|ASSURED|CONFIRMED,timeout=431993,mark=4660,labels=0x1,"
            "protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,wscale_orig=7,wscale_reply=7,"
            "flags_orig=WINDOW_SCALE|SACK_PERM|BE_LIBERAL|MAXACK_SET,flags_reply=WINDOW_SCALE|SACK_PERM|BE_LIBERAL|MAXACK_SET),"
            "helper=ftp");
}

TEST(ConntrackText, StatisticsTellCountersAndTimes) {
  CtEntry entry = ftp();
  entry.count_orig = {3, 180};
  entry.start_ns = 1795722182'573'000'000;
  const std::string text = format_connection(entry, {.statistics = true});
  EXPECT_NE(text.find("dport=21,packets=3,bytes=180),reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=48372),start=20"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(".573,zone=7,timeout=431993,"), std::string::npos) << text;
}

TEST(ConntrackText, IcmpHasAnIdInsteadOfPorts) {
  CtEntry entry;
  entry.orig = {.source = *net::Ipv6::parse("fd00::1"), .destination = *net::Ipv6::parse("fd00::2"), .protocol = 58,
                .icmp_id = 77, .icmp_type = 128};
  entry.reply = {.source = *net::Ipv6::parse("fd00::2"), .destination = *net::Ipv6::parse("fd00::1"), .protocol = 58,
                 .icmp_id = 77, .icmp_type = 129};
  entry.labels = CtLabels{0x00, 0xff, 0xee};
  EXPECT_EQ(format_connection(entry, {}),
            "icmpv6,orig=(src=fd00::1,dst=fd00::2,id=77,type=128,code=0),reply=(src=fd00::2,dst=fd00::1,id=77,type=129,code=0),"
            "labels=0xeeff00");
}

TEST(ConntrackText, AnExpectedConnectionTellsItsParent) {
  CtEntry entry = ftp();
  entry.helper.clear();
  entry.parent = tcp("10.1.1.1", "10.1.1.2", 1, 21);
  EXPECT_TRUE(format_connection(entry, {.more = true}).ends_with(",parent=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=21)"));
  EXPECT_EQ(format_connection(entry, {}).find("parent"), std::string::npos);
}

TEST(ConntrackText, AConnectionThatIsBeingOpenedCountsAsOpen) {
  EXPECT_EQ(ct_tcp_state({CtTcpState::kSynRecv, CtTcpState::kSynRecv}), CtTcpState::kEstablished);
  EXPECT_EQ(ct_tcp_state({CtTcpState::kSynSent, CtTcpState::kClosed}), CtTcpState::kSynSent);
}

TEST(ConntrackText, BitsWithoutANameAreNotTold) {
  CtEntry entry = ftp();
  entry.status = IPS_CONFIRMED | IPS_HELPER;
  EXPECT_NE(format_connection(entry, {.more = true}).find("status=CONFIRMED,"), std::string::npos);
  entry.status = 0;
  EXPECT_NE(format_connection(entry, {.more = true}).find("status=0,"), std::string::npos);
}

TEST(ConntrackTuple, AWholeOneNamesAConnection) {
  const auto match = parse_ct_tuple("ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=6,ct_tp_src=48372,ct_tp_dst=21");
  ASSERT_TRUE(match);
  ASSERT_TRUE(match->whole());
  EXPECT_EQ(*match->whole(), ftp().orig);
  EXPECT_TRUE(match->matches(ftp().orig));
  EXPECT_FALSE(match->matches(ftp().reply));
}

TEST(ConntrackTuple, APartMatchesWhatItNames) {
  const auto match = parse_ct_tuple("ct_nw_proto=6,ct_tp_dst=21");
  ASSERT_TRUE(match);
  EXPECT_FALSE(match->whole());
  EXPECT_TRUE(match->matches(ftp().orig));
  EXPECT_FALSE(match->matches(ftp().reply));
  EXPECT_TRUE(parse_ct_tuple("")->matches(ftp().reply));
  EXPECT_TRUE(parse_ct_tuple("icmp_id=3,ct_nw_proto=1"));
}

TEST(ConntrackTuple, WrongOnesSayWhatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"foo", "field foo missing value"},
      {"ct_nw_src", "field ct_nw_src missing value"},
      {"ct_nw_proto=6,ct_tp_src=", "field ct_tp_src missing value"},
      {"ct_nw_src=x", "failed to parse field ct_nw_src"},
      {"ct_nw_src=10.0.0.1/24", "failed to parse field ct_nw_src"},
      {"ct_nw_src=10.0.0.1,ct_foo=3", "invalid conntrack tuple field: ct_foo"},
      {"ct_nw_src=10.0.0.1,ct_ipv6_src=fd00::1", "the L3 protocol does not match fd00::1"},
      {"ct_nw_src=1.1.1.1,ct_ipv6_dst=::1", "the L3 protocol does not match ::1"},
      {"ct_nw_src=10.0.0.1,ct_nw_src=10.0.0.1", "ct_nw_src is set multiple times"},
      {"ct_nw_proto=300", "failed to parse field ct_nw_proto"},
      {"ct_nw_proto=6,ct_tp_src=70000", "failed to parse field ct_tp_src"},
      {"ct_tp_src=80", "port is set without protocol"},
      {"ct_nw_proto=6,icmp_id=7", "invalid L4 fields"},
      {"icmp_id=7", "invalid L4 fields"},
      {"ct_nw_proto=1,ct_tp_src=7", "invalid L4 fields"}};
  for (const auto& [text, error] : wrong) {
    const auto match = parse_ct_tuple(text);
    ASSERT_FALSE(match) << text;
    EXPECT_EQ(match.error().message, error);
  }
}

TEST(ConntrackLabels, AreNumbersOf128Bits) {
  const auto whole = parse_ct_labels("0x112233445566778899aabbccddeeff00");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->value[0], 0x00);
  EXPECT_EQ(whole->value[1], 0xff);
  EXPECT_EQ(whole->value[15], 0x11);
  EXPECT_EQ(whole->mask[15], 0xff);
  const auto masked = parse_ct_labels("3/0xff");
  ASSERT_TRUE(masked);
  EXPECT_EQ(masked->value[0], 3);
  EXPECT_EQ(masked->mask[0], 0xff);
  EXPECT_EQ(masked->mask[1], 0);
  for (const char* wrong : {"", "x", "0x", "1/", "0x1112233445566778899aabbccddeeff00", "0xg", "1/2/3"})
    EXPECT_FALSE(parse_ct_labels(wrong)) << wrong;
}

TEST(ConntrackSelection, AllThatIsSetMustAgree) {
  CtSelection selection;
  EXPECT_TRUE(selection.is_everything());
  selection.mark = 0x1000;
  selection.mark_mask = 0xff00;
  EXPECT_FALSE(selection.is_everything());
  EXPECT_FALSE(selection.matches(ftp()));
  selection.mark = 0x1200;
  EXPECT_TRUE(selection.matches(ftp()));
  selection.labels_mask[0] = 1;
  EXPECT_FALSE(selection.matches(ftp()));
  selection.labels[0] = 1;
  EXPECT_TRUE(selection.matches(ftp()));
  selection.zone = 8;
  EXPECT_FALSE(selection.matches(ftp()));
}

}  // namespace
}  // namespace turnout::datapath
