// Messages of ctnetlink, built as the kernel builds them.
#include "lib/datapath/kernel/ctnetlink.h"

#include <netinet/in.h>   // before the kernel's headers, which then leave its types alone

#include <endian.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "lib/datapath/conntrack_text.h"

namespace turnout::datapath::kernel {
namespace {

CtTuple udp(const char* from, const char* to, uint16_t sport, uint16_t dport) {
  return {.source = *net::parse_ipv4(from), .destination = *net::parse_ipv4(to), .protocol = IPPROTO_UDP,
          .source_port = sport, .destination_port = dport};
}

void put_tcp(AttributeWriter& out, uint8_t state) {
  const size_t info = out.nest(CTA_PROTOINFO | NLA_F_NESTED), tcp = out.nest(CTA_PROTOINFO_TCP | NLA_F_NESTED);
  out.put(CTA_PROTOINFO_TCP_STATE, state);
  out.put(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, uint16_t{htobe16(0x0a00)});
  out.end(tcp);
  out.end(info);
}

AttributeWriter entry() {
  AttributeWriter out;
  encode_tuple(udp("10.0.0.1", "10.0.0.2", 5, 53), CTA_TUPLE_ORIG, out);
  encode_tuple(udp("10.0.0.2", "10.0.0.1", 53, 5), CTA_TUPLE_REPLY, out);
  out.put(CTA_ZONE, htobe16(3));
  out.put(CTA_MARK, htobe32(16));
  out.put(CTA_ID, htobe32(859140083));
  out.put(CTA_TIMEOUT, htobe32(29));
  out.put(CTA_STATUS, htobe32(0x8));
  const size_t counters = out.nest(CTA_COUNTERS_ORIG | NLA_F_NESTED);
  out.put(CTA_COUNTERS_PACKETS, htobe64(2));
  out.put(CTA_COUNTERS_BYTES, htobe64(128));
  out.end(counters);
  const size_t help = out.nest(CTA_HELP | NLA_F_NESTED);
  out.put(CTA_HELP_NAME, "tftp", 5);
  out.end(help);
  return out;
}

TEST(Ctnetlink, AConnectionIsRead) {
  const auto connection = decode_connection(entry().bytes());
  ASSERT_TRUE(connection);
  EXPECT_EQ(format_connection(*connection, {.more = true, .statistics = true}),
            "udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=53,packets=2,bytes=128),"
            "reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=5),id=859140083,zone=3,status=CONFIRMED,timeout=29,mark=16,"
            "helper=tftp");
}

TEST(Ctnetlink, TheKernelsTcpStatesGetTheirNames) {
  const char* names[] = {"CLOSED", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT_1", "CLOSE_WAIT", "LAST_ACK",
                         "TIME_WAIT", "CLOSING", "SYN_SENT"};
  for (uint8_t state = 0; state < std::size(names); ++state) {
    AttributeWriter out = entry();
    put_tcp(out, state);
    const auto connection = decode_connection(out.bytes());
    ASSERT_TRUE(connection);
    const auto* tcp = std::get_if<CtTcp>(&connection->protocol_info);
    ASSERT_TRUE(tcp);
    EXPECT_EQ(ct_tcp_state_name(tcp->state_orig), names[state]);
    EXPECT_EQ(tcp->flags_orig, 0x0a);
  }
  AttributeWriter out = entry();
  put_tcp(out, 200);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(decode_connection(out.bytes())->protocol_info));
}

TEST(Ctnetlink, TuplesComeBackAsTheyWent) {
  CtTuple tuples[] = {udp("1.2.3.4", "5.6.7.8", 9, 10),
                      {.source = *net::Ipv6::parse("fd00::1"), .destination = *net::Ipv6::parse("fd00::2"),
                       .protocol = IPPROTO_ICMPV6, .icmp_id = 77, .icmp_type = 128, .icmp_code = 1}};
  for (const CtTuple& tuple : tuples) {
    AttributeWriter out;
    encode_tuple(tuple, CTA_TUPLE_ORIG, out);
    encode_tuple(tuple, CTA_TUPLE_REPLY, out);
    const auto connection = decode_connection(out.bytes());
    ASSERT_TRUE(connection);
    EXPECT_EQ(connection->orig, tuple);
    EXPECT_EQ(connection->reply, tuple);
  }
}

TEST(Ctnetlink, ACutMessageIsRefusedOrReadAsFarAsItGoes) {
  const AttributeWriter whole = entry();
  for (size_t size = 0; size < whole.bytes().size(); ++size) (void)decode_connection(whole.bytes().first(size));
  EXPECT_FALSE(decode_connection({}));
  AttributeWriter one;
  encode_tuple(udp("10.0.0.1", "10.0.0.2", 5, 53), CTA_TUPLE_ORIG, one);
  EXPECT_FALSE(decode_connection(one.bytes()));
  EXPECT_FALSE(decode_expectation(one.bytes()));
}

TEST(Ctnetlink, AddressesOfTwoFamiliesAreNoTuple) {
  AttributeWriter out;
  const size_t tuple = out.nest(CTA_TUPLE_ORIG), addresses = out.nest(CTA_TUPLE_IP);
  out.put(CTA_IP_V4_SRC, uint32_t{1});
  out.put(CTA_IP_V6_DST, net::Ipv6{});
  out.end(addresses);
  out.end(tuple);
  encode_tuple(udp("10.0.0.1", "10.0.0.2", 5, 53), CTA_TUPLE_REPLY, out);
  EXPECT_FALSE(decode_connection(out.bytes()));
}

TEST(Ctnetlink, AnExpectationIsReadWithItsParent) {
  AttributeWriter out;
  encode_tuple(udp("10.0.0.2", "10.0.0.1", 0, 4000), CTA_EXPECT_TUPLE, out);
  encode_tuple(udp("10.0.0.1", "10.0.0.2", 5, 69), CTA_EXPECT_MASTER, out);
  out.put(CTA_EXPECT_TIMEOUT, htobe32(298));
  out.put(CTA_EXPECT_ZONE, htobe16(7));
  out.put(CTA_EXPECT_HELP_NAME, "tftp", 5);
  const auto expectation = decode_expectation(out.bytes());
  ASSERT_TRUE(expectation);
  EXPECT_EQ(format_expectation(*expectation, {.statistics = true}),
            "udp,orig=(src=10.0.0.2,dst=10.0.0.1,sport=0,dport=4000),zone=7,timeout=298,helper=tftp,"
            "parent=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=69)");
}

}  // namespace
}  // namespace turnout::datapath::kernel
