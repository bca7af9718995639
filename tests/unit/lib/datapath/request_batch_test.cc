// Requests to a kernel, many in one buffer.
#include "lib/datapath/kernel/request_batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lib/datapath/kernel/flows.h"
#include "lib/datapath/kernel/key_codec.h"

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
  EXPECT_FALSE(execute_request(batch, kFamily, 7, packet, flow::FlowKey{}, {Output{DpPort{1}}}, 0));
  EXPECT_EQ(batch.messages(), 0u);
}

// An attribute that only a newer kernel knows is in the key that it said, and in what it is told.
TEST(RequestBatch, GivesTheKernelItsOwnKeyBack) {
  AttributeWriter said;
  said.put(OVS_KEY_ATTR_IN_PORT, uint32_t{3});
  said.put(OVS_KEY_ATTR_MAX + 9, uint32_t{42});
  auto key = decode_key(said.bytes());
  ASSERT_TRUE(key);
  const Ufid ufid{1, 2, 3, 4};
  const flow::FlowMask mask{};
  const ActionList actions{Output{DpPort{1}}};
  const uint8_t packet[60] = {};
  RequestBatch batch;
  ASSERT_TRUE(put_flow_request(batch, kFamily, 7, {ufid, {*key, said.bytes()}, mask, actions}, true, 0));
  ASSERT_TRUE(execute_request(batch, kFamily, 7, packet, {*key, said.bytes()}, actions, 0));
  const auto all = messages_in(batch);
  ASSERT_EQ(all.size(), 2u);
  const uint16_t attributes[] = {OVS_FLOW_ATTR_KEY, OVS_PACKET_ATTR_KEY};
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<uint8_t> told;
    for (AttributeReader reader(all[i].attributes); auto a = reader.next();)
      if (a->type == attributes[i]) told.assign(a->payload.begin(), a->payload.end());
    EXPECT_TRUE(std::ranges::equal(told, said.bytes())) << i;
  }
}

TEST(AttributeWriter, PadsWithZerosInMemoryThatWasUsedBefore) {
  AttributeWriter writer;
  writer.put(1, uint64_t{UINT64_MAX});
  writer.cut(0);
  writer.put(1, uint8_t{7});
  const uint8_t expected[] = {5, 0, 1, 0, 7, 0, 0, 0};
  EXPECT_TRUE(std::ranges::equal(writer.bytes(), expected));
}

TEST(AttributeWriter, KeepsWhatItHoldsWhenItGrows) {
  AttributeWriter writer;
  for (uint32_t i = 0; i < 10000; ++i) writer.put(static_cast<uint16_t>(i & 0xff), i);
  uint32_t i = 0;
  AttributeReader reader(writer.bytes());
  for (; auto a = reader.next(); ++i) ASSERT_EQ(a->as<uint32_t>(), i);
  EXPECT_TRUE(reader.is_whole());
  EXPECT_EQ(i, 10000u);
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
