// Requests to a kernel, many in one buffer.
#include "lib/datapath/kernel/request_batch.h"

#include <gtest/gtest.h>

#include "lib/datapath/kernel/flows.h"

namespace turnout::datapath::kernel {
namespace {

const Family kFamily{0x21, 0};

struct Message {
  nlmsghdr header;
  std::span<const uint8_t> attributes;
};
std::vector<Message> messages_in(RequestBatch& batch) {
  std::vector<Message> all;
  const auto bytes = batch.bytes();
  for (size_t at = 0; at < bytes.size();) {
    const auto& header = *reinterpret_cast<const nlmsghdr*>(bytes.data() + at);
    all.push_back({header, read_answer(header).attributes});
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return all;
}

Status put(RequestBatch& batch, size_t outputs) {
  const Ufid ufid{1, 2, 3, 4};
  flow::FlowKey key{};
  flow::FlowMask mask{};
  ActionList actions;
  for (size_t i = 0; i < outputs; ++i) actions.push_back(Output{DpPort{static_cast<uint32_t>(i)}});
  return put_flow_request(batch, kFamily, 7, {ufid, key, mask, actions}, true, 0);
}

TEST(RequestBatch, HoldsMessagesOneBehindTheOther) {
  RequestBatch batch;
  ASSERT_TRUE(put(batch, 1));
  ASSERT_TRUE(delete_flow_request(batch, kFamily, 7, {.ufid = {1, 2, 3, 4}}));
  EXPECT_EQ(batch.messages(), 2u);
  const auto all = messages_in(batch);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].header.nlmsg_type, kFamily.id);
  EXPECT_TRUE(all[1].header.nlmsg_flags & NLM_F_ECHO);
  AttributeReader reader(all[1].attributes);
  const auto name = reader.next();
  ASSERT_TRUE(name);
  EXPECT_EQ(name->type, OVS_FLOW_ATTR_UFID);
  EXPECT_EQ(name->as<Ufid>(), (Ufid{1, 2, 3, 4}));
}

TEST(RequestBatch, TakesActionListsOfAllLengthsThatNetlinkCanSay) {
  RequestBatch batch;
  ASSERT_TRUE(put(batch, 8000));
  const auto all = messages_in(batch);
  ASSERT_EQ(all.size(), 1u);
  size_t outputs = 0;
  for (AttributeReader reader(all[0].attributes); auto a = reader.next();)
    if (a->type == OVS_FLOW_ATTR_ACTIONS)
      for (AttributeReader actions(a->payload); actions.next();) ++outputs;
  EXPECT_EQ(outputs, 8000u);
}

TEST(RequestBatch, TakesBackWhatIsTooLong) {
  RequestBatch batch;
  ASSERT_TRUE(put(batch, 1));
  const size_t before = batch.bytes().size();
  const Status refused = put(batch, 9000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, E2BIG);
  EXPECT_EQ(batch.bytes().size(), before);
  EXPECT_EQ(batch.messages(), 1u);
  EXPECT_TRUE(put(batch, 2));
  EXPECT_EQ(messages_in(batch).size(), 2u);
}

TEST(RequestBatch, RefusesAPacketThatNoAttributeHolds) {
  RequestBatch batch;
  const std::vector<uint8_t> packet(UINT16_MAX);
  EXPECT_FALSE(execute_request(batch, kFamily, 7, packet, {}, {Output{DpPort{1}}}, 0));
  EXPECT_EQ(batch.messages(), 0u);
}

TEST(RequestBatch, IsFullBeforeItIsTooLongToSend) {
  RequestBatch batch;
  size_t n = 0;
  for (; !batch.is_full(); ++n) ASSERT_TRUE(put(batch, 100));
  EXPECT_GT(n, 20u);
  EXPECT_LT(batch.bytes().size(), 128u << 10);
  batch.clear();
  EXPECT_FALSE(batch.is_full());
  EXPECT_TRUE(batch.bytes().empty());
}

TEST(FlowStatistics, KeepTheNameOfAFlow) {
  AttributeWriter writer;
  writer.put(OVS_FLOW_ATTR_UFID, Ufid{9, 8, 7, 6});
  writer.put(OVS_FLOW_ATTR_STATS, ovs_flow_stats{5, 300});
  const auto flow = read_flow_statistics({OVS_FLOW_CMD_NEW, 7, writer.bytes()});
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->ufid, (Ufid{9, 8, 7, 6}));
  EXPECT_FALSE(flow->unnamed);
  EXPECT_EQ(flow->stats.packets, 5u);
}

}  // namespace
}  // namespace turnout::datapath::kernel
