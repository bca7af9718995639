// Packets, their pool, checksums and addresses.
#include "lib/net/packet.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/net/address.h"
#include "lib/net/checksum.h"

namespace turnout::net {
namespace {

TEST(PacketPool, LastFreedIsFirstReused) {
  PacketPool pool;
  PacketRef a = pool.allocate(), b = pool.allocate();
  Packet* const freed = b.get();
  b = PacketRef();
  EXPECT_EQ(pool.allocate().get(), freed);
}

TEST(PacketPool, FramesOfABatchLieInDifferentCacheSets) {
  PacketPool pool;
  std::vector<PacketRef> batch;
  std::set<uintptr_t> sets;
  for (size_t i = 0; i < kBatchMax; ++i) {
    batch.push_back(pool.allocate());
    sets.insert(reinterpret_cast<uintptr_t>(batch.back()->data()) / 64 % 64);
  }
  EXPECT_EQ(sets.size(), kBatchMax);
}

TEST(PacketPool, EveryBufferHoldsTheLargestFrame) {
  PacketPool pool;
  std::vector<PacketRef> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(pool.allocate());
    ASSERT_GE(all.back()->tailroom(), kMaxFrame);
    all.back()->set_size(kMaxFrame);
    all.back()->data()[0] = all.back()->data()[kMaxFrame - 1] = static_cast<uint8_t>(i);
  }
  for (int i = 0; i < 300; ++i) EXPECT_EQ(all[i]->data()[0], static_cast<uint8_t>(i));
}

TEST(Packet, InsertAndEraseMoveTheOffloadAlong) {
  PacketRef p = PacketPool::local().allocate();
  std::vector<uint8_t> bytes(60);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  p->assign(bytes);
  p->offload.partial_checksum = true;
  p->offload.csum_start = 34;
  p->insert(12, 4);
  EXPECT_EQ(p->offload.csum_start, 38);
  EXPECT_EQ(p->data()[11], 11);
  EXPECT_EQ(p->data()[16], 12);
  p->erase(12, 4);
  EXPECT_EQ(p->offload.csum_start, 34);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), p->data()));
}

TEST(PacketRef, CloneHasItsOwnBytes) {
  PacketRef p = PacketPool::local().allocate();
  p->assign(std::vector<uint8_t>{1, 2, 3});
  p->in_port = DpPort{9};
  PacketRef q = PacketPool::local().clone(*p), shared = p;
  EXPECT_TRUE(p->shared());
  EXPECT_FALSE(q->shared());
  q->data()[0] = 7;
  EXPECT_EQ(p->data()[0], 1);
  EXPECT_EQ(q->in_port, DpPort{9});
}

TEST(Checksum, AgreesWithTheDefinitionForEveryLengthAndAlignment) {
  std::vector<uint8_t> bytes(200);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 + 255);
  for (size_t start = 0; start < 9; ++start)
    for (size_t n = 0; start + n <= bytes.size(); ++n) {
      uint32_t sum = 0;
      for (size_t i = 0; i < n; ++i) sum += bytes[start + i] << (i % 2 ? 0 : 8);
      while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
      ASSERT_EQ(checksum(std::span(bytes).subspan(start, n)).host(), static_cast<uint16_t>(~sum)) << n;
    }
}

TEST(Checksum, UpdateEqualsRecomputing) {
  std::vector<uint8_t> bytes = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
  const Be16 before = checksum(bytes);
  bytes[2] = 0xff, bytes[3] = 0x01;
  EXPECT_EQ(update_checksum(before, Be16{0x5678}, Be16{0xff01}), checksum(bytes));
  bytes = {0x12, 0x34, 0xff, 0x01, 1, 2, 3, 4};
  EXPECT_EQ(update_checksum(update_checksum(before, Be16{0x5678}, Be16{0xff01}), Be32{0x9abcdef0}, Be32{0x01020304}), checksum(bytes));
}

TEST(SctpChecksum, IsCrc32c) {
  // RFC 3720 §B.4: 32 bytes of zeros give 0x8a9136aa, sent least significant byte first.
  EXPECT_EQ(sctp_checksum(std::vector<uint8_t>(32)).host(), 0xaa36918au);
}

TEST(Address, TextsRoundTrip) {
  EXPECT_EQ(Mac::parse("00:1A:ff:00:00:01")->to_string(), "00:1a:ff:00:00:01");
  EXPECT_FALSE(Mac::parse("00:1a:ff:00:00"));
  EXPECT_FALSE(Mac::parse("00:1a:ff:00:00:0g"));
  EXPECT_FALSE(Mac::parse("00-1a-ff-00-00-01"));
  EXPECT_EQ(Mac::from_u64(0x010203040506).to_string(), "01:02:03:04:05:06");
  EXPECT_EQ(Ipv6::parse("2001:DB8::1")->to_string(), "2001:db8::1");
  EXPECT_FALSE(Ipv6::parse("2001:db8:::1"));
  EXPECT_EQ(ipv4_to_string(*parse_ipv4("10.1.2.3")), "10.1.2.3");
  EXPECT_FALSE(parse_ipv4("10.1.2"));
  EXPECT_FALSE(parse_ipv4("10.1.2.3.4.5.6.7.8.9"));
}

}  // namespace
}  // namespace turnout::net
