// The userspace datapath without threads: lookup, caching, statistics, actions.
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "lib/datapath/action_text.h"
#include "lib/datapath/userspace_cookie.h"
#include "lib/flow/extract.h"
#include "tests/unit/lib/datapath/lab.h"

namespace turnout::datapath {
namespace {

ActionList output(uint32_t port) { return {Output{DpPort{port}}}; }

TEST(UserspaceDatapath, HasItsLocalPort) {
  Lab lab;
  ASSERT_EQ(lab.dp->ports().size(), 1u);
  EXPECT_EQ(lab.dp->ports()[0].name, "ovs-netdev");
  EXPECT_FALSE(lab.dp->del_port(kDpPortLocal));
}

TEST(UserspaceDatapath, FirstPacketAsksTheOthersHitTheFlow) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (int i = 0; i < 5; ++i) a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.misses(), 1u);
  EXPECT_EQ(b->take_sent().size(), 5u);
  const Totals t = lab.dp->totals();
  EXPECT_EQ(t.missed, 1u);
  EXPECT_EQ(t.hit, 4u);
  EXPECT_EQ(t.cache_hits, 3u);
  EXPECT_EQ(t.flows, 1u);
  EXPECT_EQ(t.masks, 1u);
}

TEST(UserspaceDatapath, AFlowServesEveryPacketThatItsMaskCovers) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (uint8_t i = 0; i < 50; ++i) a->inject(ethernet(i, static_cast<uint8_t>(i + 1)));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.misses(), 1u);
  a->inject(ethernet(1, 2, 0x4321));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.misses(), 2u);
}

TEST(UserspaceDatapath, OneBatchIsOneSendInOrder) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) {
    return install(output(2), [](flow::FlowMask& m) { TURNOUT_MASK_ALL(m, eth_src); });
  };
  for (uint8_t i = 0; i < 60; ++i) a->inject(ethernet(i, i % 3));
  lab.dp->quiesce();
  EXPECT_EQ(b->send_calls, 1u);
  const auto sent = b->take_sent();
  ASSERT_EQ(sent.size(), 60u);
  for (uint8_t i = 0; i < 60; ++i) EXPECT_EQ(sent[i].bytes[5], i);
}

TEST(UserspaceDatapath, FlowsCountPacketsBytesTimeAndTcpFlags) {
  Lab lab;
  auto a = lab.add("a");
  lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (int i = 0; i < 3; ++i) a->inject(ethernet(2, 1, 0x1234, 100));
  lab.dp->quiesce();
  std::vector<FlowEntry> flows;
  lab.dp->each_flow([&](const FlowEntry& f) { flows.push_back(f); });
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].stats.packets, 2u);          // the first was the upcall's
  EXPECT_EQ(flows[0].stats.bytes, 200u);
  EXPECT_GT(flows[0].stats.used_ns, 0);
  EXPECT_EQ(flows[0].actions, output(2));
  EXPECT_EQ(flows[0].key.eth_src.bytes[5], 1);    // as the packet had it, though not compared
  const auto last = lab.dp->del_flow(flows[0].ufid);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->packets, 2u);
  EXPECT_FALSE(lab.dp->get_flow(flows[0].ufid));
}

TEST(UserspaceDatapath, ThreadsThatShareAWalkSeeEachFlowOnce) {
  Lab lab;
  for (uint32_t i = 0; i < 100; ++i) {
    FlowEntry flow{.ufid = {i, 0, 0, i * 7}};
    flow.key.in_port = i;
    TURNOUT_MASK_ALL(flow.mask, in_port);
    ASSERT_TRUE(lab.dp->put_flow(flow, false));
  }
  const auto walk = lab.dp->walk_flows(FlowParts::kStatistics, 3);
  std::mutex mutex;
  std::multiset<uint32_t> seen;
  std::vector<std::thread> threads;                // one less than there could be
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      walk->take_part([&](const FlowEntry& flow) {
        std::lock_guard lock(mutex);
        seen.insert(flow.ufid[0]);
      });
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(std::set<uint32_t>(seen.begin(), seen.end()).size(), 100u);
}

TEST(UserspaceDatapath, ADeletedFlowIsNotHitFromTheCache) {
  Lab lab;
  auto a = lab.add("a");
  lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (int i = 0; i < 3; ++i) a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  lab.dp->flush_flows();
  EXPECT_EQ(lab.dp->totals().flows, 0u);
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.misses(), 2u);
}

TEST(UserspaceDatapath, ModifiedActionsTakeEffectAtOnce) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b"), c = lab.add("c");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (int i = 0; i < 2; ++i) a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  std::optional<FlowEntry> flow;
  lab.dp->each_flow([&](const FlowEntry& f) { flow = f; });
  ASSERT_TRUE(flow);
  EXPECT_EQ(lab.dp->put_flow(*flow, false).error().code, EEXIST);
  flow->actions = output(3);
  ASSERT_TRUE(lab.dp->put_flow(*flow, true));
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(b->take_sent().size(), 2u);
  EXPECT_EQ(c->take_sent().size(), 1u);
  EXPECT_EQ(lab.dp->get_flow(flow->ufid)->stats.packets, 2u);   // statistics stay
}

TEST(UserspaceDatapath, TheFlowLimitRefusesFlowsButForwards) {
  Lab lab(0, PortNumbering::kLowestFree, 2);
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  for (uint16_t type = 0x2000; type < 0x2005; ++type) a->inject(ethernet(2, 1, type));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.installed, 2u);
  EXPECT_EQ(lab.sink.refused, 3u);
  EXPECT_EQ(lab.dp->totals().flows, 2u);
  EXPECT_EQ(b->take_sent().size(), 5u);
  lab.dp->set_flow_limit(3);
  a->inject(ethernet(2, 1, 0x2004));
  lab.dp->quiesce();
  EXPECT_EQ(lab.dp->totals().flows, 3u);
}

TEST(UserspaceDatapath, FloodingSharesThePacketAndClonesItForChanges) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b"), c = lab.add("c"), d = lab.add("d");
  lab.sink.answer = [](const Upcall&) {
    return install({Output{DpPort{2}}, PushVlan{Be16{0x8100}, Be16{0x1005}}, Output{DpPort{3}}, PopVlan{}, Output{DpPort{4}}});
  };
  const Frame frame = ethernet(2, 1);
  for (int i = 0; i < 2; ++i) a->inject(frame);
  lab.dp->quiesce();
  for (auto& wire : {b, d})
    for (const Frame& sent : wire->take_sent()) EXPECT_EQ(sent.bytes, frame.bytes);
  const auto tagged = c->take_sent();
  ASSERT_EQ(tagged.size(), 2u);
  ASSERT_EQ(tagged[1].bytes.size(), frame.bytes.size() + 4);
  const std::vector<uint8_t> tag(tagged[1].bytes.begin() + 12, tagged[1].bytes.begin() + 16);
  EXPECT_EQ(tag, (std::vector<uint8_t>{0x81, 0, 0, 5}));
  EXPECT_EQ(tagged[1].bytes[16], 0x12);
}

TEST(UserspaceDatapath, ATagMovesWhatOffloadMetadataPointsAt) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install({PushVlan{Be16{0x8100}, Be16{0x1005}}, Output{DpPort{2}}}); };
  Frame frame = ethernet(2, 1, 0x1234, 200);
  frame.offload.partial_checksum = true;
  frame.offload.csum_start = 34;
  frame.offload.csum_offset = 16;
  frame.offload.header_length = 54;
  a->inject(frame);
  lab.dp->quiesce();
  const auto sent = b->take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].offload.csum_start, 38);
  EXPECT_EQ(sent[0].offload.header_length, 58);
}

// A TCP segment of 4000 payload bytes in one frame, as a sender with segmentation offload leaves it.
Frame large_tcp_frame() {
  constexpr size_t kHeaders = 14 + 20 + 20, kPayload = 4000;
  Frame frame = ethernet(2, 1, 0x0800, kHeaders + kPayload);
  uint8_t* ip = frame.bytes.data() + 14;
  const std::vector<uint8_t> head{0x45, 0, (kHeaders + kPayload - 14) >> 8, (kHeaders + kPayload - 14) & 0xff, 0, 1, 0x40, 0,
                                  64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
  std::copy(head.begin(), head.end(), ip);
  ip[20 + 12] = 5 << 4;   // data offset
  ip[20 + 13] = 0x18;     // PSH, ACK
  for (size_t i = 0; i < kPayload; ++i) frame.bytes[kHeaders + i] = static_cast<uint8_t>(i);
  frame.offload.partial_checksum = true;
  frame.offload.gso = net::Offload::Gso::kTcp4;
  frame.offload.gso_size = 1000;
  frame.offload.csum_start = 34;
  frame.offload.csum_offset = 16;
  frame.offload.header_length = kHeaders;
  return frame;
}

TEST(UserspaceDatapath, ALargeSegmentPassesWholeToADeviceThatTakesIt) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install(output(2)); };
  a->inject(large_tcp_frame());
  lab.dp->quiesce();
  const auto sent = b->take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].offload.gso_size, 1000);
}

TEST(UserspaceDatapath, ALargeSegmentIsCutForADeviceThatDoesNot) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b"), c = lab.add("c");
  b->capabilities = {};
  lab.sink.answer = [](const Upcall&) { return install({Output{DpPort{2}}, Output{DpPort{3}}}); };
  a->inject(ethernet(2, 1, 0x0800));
  a->inject(large_tcp_frame());
  lab.dp->quiesce();
  const auto cut = b->take_sent(), whole = c->take_sent();
  ASSERT_EQ(whole.size(), 2u);
  ASSERT_EQ(cut.size(), 5u);
  for (size_t i = 1; i < cut.size(); ++i) {
    EXPECT_EQ(cut[i].bytes.size(), 54u + 1000u);
    EXPECT_EQ(cut[i].offload.gso, net::Offload::Gso::kNone);
    EXPECT_FALSE(cut[i].offload.partial_checksum);
    EXPECT_EQ(cut[i].bytes[54], static_cast<uint8_t>((i - 1) * 1000));
  }
  EXPECT_EQ(whole[1].bytes, large_tcp_frame().bytes);   // not touched by what was done for the other
}

TEST(UserspaceDatapath, APartialChecksumIsFinishedOnACopy) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b"), c = lab.add("c");
  b->capabilities = {};
  lab.sink.answer = [](const Upcall&) { return install({Output{DpPort{2}}, Output{DpPort{3}}}); };
  Frame frame = ethernet(2, 1, 0x1234, 100);
  frame.bytes[99] = 7;
  frame.offload.partial_checksum = true;
  frame.offload.csum_start = 40;
  frame.offload.csum_offset = 2;
  a->inject(frame);
  lab.dp->quiesce();
  EXPECT_NE(b->take_sent().at(0).bytes, frame.bytes);
  EXPECT_EQ(c->take_sent().at(0).bytes, frame.bytes);
}

TEST(UserspaceDatapath, PopVlanLeavesAnUntaggedFrameAlone) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install({PopVlan{}, Output{DpPort{2}}}); };
  const Frame frame = ethernet(2, 1);
  a->inject(frame);
  lab.dp->quiesce();
  EXPECT_EQ(b->take_sent().at(0).bytes, frame.bytes);
}

TEST(UserspaceDatapath, TruncateCutsTheNextOutputOnly) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b"), c = lab.add("c");
  lab.sink.answer = [](const Upcall&) { return install({Truncate{20}, Output{DpPort{2}}, Output{DpPort{3}}}); };
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(b->take_sent().at(0).bytes.size(), 20u);
  EXPECT_EQ(c->take_sent().at(0).bytes.size(), 64u);
}

TEST(UserspaceDatapath, UserspaceActionsComeBackWithTheirData) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  const std::vector<uint8_t> mark{9, 8, 7};
  lab.sink.answer = [&](const Upcall& upcall) {
    if (upcall.kind == UpcallKind::kMiss) return install({Userspace{0, mark}});
    UpcallReply reply;
    reply.actions = output(2);
    return reply;
  };
  for (int i = 0; i < 3; ++i) a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.upcalls[static_cast<int>(UpcallKind::kAction)], 3u);
  EXPECT_EQ(lab.sink.last_userdata, mark);
  EXPECT_EQ(lab.sink.last_key.in_port, 1u);
  EXPECT_EQ(b->take_sent().size(), 3u);
}

TEST(UserspaceDatapath, SlowPathFlowsSaySo) {
  Lab lab;
  auto a = lab.add("a");
  lab.sink.answer = [&](const Upcall& upcall) {
    return upcall.kind == UpcallKind::kMiss ? install({Userspace{0, slow_path_userdata(kSlowLacp)}}) : UpcallReply{};
  };
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.upcalls[static_cast<int>(UpcallKind::kSlowPath)], 1u);
}

TEST(UserspaceDatapath, RecirculationLooksAgainWithItsId) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall& upcall) {
    return upcall.key.recirc_id ? install(output(2)) : install({PushVlan{Be16{0x8100}, Be16{0x1007}}, Recirculate{42}});
  };
  for (int i = 0; i < 4; ++i) a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(lab.sink.misses(), 2u);
  EXPECT_EQ(lab.sink.last_key.recirc_id, 42u);
  EXPECT_EQ(lab.sink.last_key.in_port, 1u);
  EXPECT_EQ(lab.sink.last_key.vlans[0].tci, Be16{0x1007});
  EXPECT_EQ(b->take_sent().size(), 4u);
}

TEST(UserspaceDatapath, EndlessRecirculationEnds) {
  Lab lab;
  auto a = lab.add("a");
  lab.sink.answer = [](const Upcall&) { return install({Recirculate{42}}); };
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_LE(lab.sink.misses(), 10u);
}

TEST(UserspaceDatapath, ExecuteRunsActionsOnACopy) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  net::PacketRef packet = net::PacketPool::local().allocate();
  packet->reset();
  packet->assign(ethernet(2, 1).bytes);
  flow::FlowKey key;
  flow::extract(*packet, key);
  lab.dp->execute(*packet, key, {PushVlan{Be16{0x8100}, Be16{0x1007}}, Output{DpPort{2}}});
  EXPECT_EQ(packet->size(), 64u);
  EXPECT_EQ(b->take_sent().at(0).bytes.size(), 68u);
}

TEST(UserspaceDatapath, OutputToNobodyIsDropped) {
  Lab lab;
  auto a = lab.add("a"), b = lab.add("b");
  lab.sink.answer = [](const Upcall&) { return install({Output{DpPort{77}}, Output{DpPort{2}}}); };
  a->inject(ethernet(2, 1));
  lab.dp->quiesce();
  EXPECT_EQ(b->take_sent().size(), 1u);
}

TEST(UserspaceDatapath, NamesDecideNumbersInDummyMode) {
  Lab lab(0, PortNumbering::kByName);
  const std::pair<const char*, uint32_t> kExpected[] = {{"foo", 1},   {"p1", 2},     {"z0", 3},    {"p2", 4},       {"int0", 5},
                                                        {"q2", 6},    {"eth7b", 7},  {"xx", 8},    {"v77x9", 77},   {"br0", 100},
                                                        {"br1", 101}, {"br2x", 102}, {"x2000", 2000}, {"w65535", 65535}, {"w65536", 65536},
                                                        {"big99999", 99999}};
  for (const auto& [name, number] : kExpected) {
    lab.add(name);
    EXPECT_EQ(lab.last, DpPort{number}) << name;
  }
}

TEST(UserspaceDatapath, AWantedNumberIsTriedFirstAndFreeOnesComeBack) {
  Lab lab;
  lab.add("a", DpPort{9});
  EXPECT_EQ(lab.last, DpPort{9});
  lab.add("b", DpPort{9});
  EXPECT_EQ(lab.last, DpPort{1});
  lab.add("c");
  EXPECT_TRUE(lab.dp->del_port(DpPort{1}));
  EXPECT_FALSE(lab.dp->del_port(DpPort{1}));
  EXPECT_EQ(lab.dp->device(DpPort{1}), nullptr);
  lab.add("d");
  EXPECT_EQ(lab.last, DpPort{1});
  auto again = std::make_shared<FakeDevice::Wire>();
  EXPECT_EQ(lab.dp->add_port(std::make_unique<FakeDevice>("d", "system", again), {}).error().code, EEXIST);
}

TEST(UserspaceDatapath, ManyFlowsOfManyMasksAreFoundAndDeleted) {
  Lab lab(0, PortNumbering::kLowestFree, 100000);
  std::vector<Ufid> ufids;
  for (uint32_t i = 0; i < 5000; ++i) {
    FlowEntry entry;
    TURNOUT_MASK_ALL(entry.mask, in_port);
    for (uint32_t bit = 0; bit < i % 7; ++bit) entry.mask.regs[bit] = 0xffffffff;
    TURNOUT_MASK_ALL(entry.mask, pkt_mark);
    entry.key.pkt_mark = i;
    entry.key.in_port = 1;
    entry.actions = output(i);
    entry.ufid = make_ufid(entry.key, entry.mask);
    ASSERT_TRUE(lab.dp->put_flow(entry, false));
    ufids.push_back(entry.ufid);
  }
  EXPECT_EQ(lab.dp->totals().flows, 5000u);
  EXPECT_EQ(lab.dp->totals().masks, 7u);
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(lab.dp->get_flow(ufids[i])->actions, output(i));
  for (uint32_t i = 0; i < 5000; i += 2) ASSERT_TRUE(lab.dp->del_flow(ufids[i]));
  EXPECT_EQ(lab.dp->totals().flows, 2500u);
  for (uint32_t i = 1; i < 5000; i += 2) ASSERT_TRUE(lab.dp->del_flow(ufids[i]));
  EXPECT_EQ(lab.dp->totals().masks, 0u);
}

}  // namespace
}  // namespace turnout::datapath
