// Software segmentation: every piece must be what a device would have sent.
#include "lib/net/segment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "lib/net/build.h"
#include "lib/net/checksum.h"
#include "lib/net/headers.h"
#include "lib/net/virtio_net.h"

namespace turnout::net {
namespace {

const Ipv6 kSrc6 = *Ipv6::parse("fe80::1"), kDst6 = *Ipv6::parse("fe80::2");

struct Frame {
  PacketRef packet = PacketPool::local().allocate();
  size_t l3 = 0, l4 = 0;
};

Frame large(bool ipv6, bool tcp, size_t payload, unsigned tags = 0) {
  FrameBuilder b;
  const uint16_t type = ipv6 ? kEthTypeIpv6 : kEthTypeIpv4;
  b.append(EthHeader{{}, {}, Be16{tags ? kEthTypeVlan : type}});
  for (unsigned i = 0; i < tags; ++i) b.append(VlanHeader{Be16{5}, Be16{i + 1 < tags ? kEthTypeVlan : type}});
  Frame f;
  f.l3 = b.size();
  const uint8_t protocol = tcp ? kIpTcp : kIpUdp;
  const size_t l4_length = (tcp ? 32 : 8) + payload;
  if (ipv6) b.append(Ipv6Header{Be32{6u << 28}, Be16{static_cast<uint16_t>(l4_length)}, protocol, 64, kSrc6, kDst6});
  else b.append(Ipv4Header{0x45, 0, Be16{static_cast<uint16_t>(20 + l4_length)}, Be16{100}, {}, 64, protocol, {}, Be32{1}, Be32{2}});
  f.l4 = b.size();
  if (tcp) {
    b.append(TcpHeader{Be16{1}, Be16{2}, Be32{1000}, {}, Be16{8 << 12 | kTcpAck | kTcpFin | kTcpPsh | kTcpCwr}, {}, {}, {}});
    b.append_zeros(12);
  } else {
    b.append(UdpHeader{Be16{1}, Be16{2}, Be16{static_cast<uint16_t>(l4_length)}, {}});
  }
  const size_t start = b.append_zeros(payload);
  std::iota(b.from(start).begin(), b.from(start).end(), 0);
  f.packet->assign(b.take());
  Offload& o = f.packet->offload;
  o.partial_checksum = true;
  o.csum_start = static_cast<uint16_t>(f.l4);
  o.csum_offset = tcp ? offsetof(TcpHeader, checksum) : offsetof(UdpHeader, checksum);
  // As a sender leaves it: the sum of the pseudo header in the field.
  const auto sum = ipv6 ? pseudo_header(kSrc6, kDst6, protocol, static_cast<uint32_t>(l4_length))
                        : pseudo_header(Be32{1}, Be32{2}, protocol, static_cast<uint32_t>(l4_length));
  const Be16 folded = sum.folded();
  std::memcpy(f.packet->data() + f.l4 + o.csum_offset, &folded, 2);
  return f;
}

std::vector<PacketRef> cut(const Packet& p) {
  std::vector<PacketRef> pieces;
  const Status status = segment(p, [&](PacketRef piece) { pieces.push_back(std::move(piece)); });
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
  return pieces;
}

template <typename T>
const T& at(const Packet& p, size_t offset) { return *reinterpret_cast<const T*>(p.data() + offset); }

void expect_valid(const Packet& p, const Frame& f, bool ipv6, uint8_t protocol) {
  const std::span<const uint8_t> l4 = p.bytes().subspan(f.l4);
  const auto pseudo = ipv6 ? pseudo_header(kSrc6, kDst6, protocol, static_cast<uint32_t>(l4.size()))
                           : pseudo_header(Be32{1}, Be32{2}, protocol, static_cast<uint32_t>(l4.size()));
  EXPECT_EQ(ChecksumSum(pseudo).add(l4).folded().raw(), 0xffff);
  EXPECT_FALSE(p.offload.partial_checksum);
  EXPECT_EQ(p.offload.gso, Offload::Gso::kNone);
  if (ipv6) {
    EXPECT_EQ(at<Ipv6Header>(p, f.l3).payload_length.host(), p.size() - f.l3 - 40);
  } else {
    EXPECT_EQ(at<Ipv4Header>(p, f.l3).total_length.host(), p.size() - f.l3);
    EXPECT_EQ(checksum(p.bytes().subspan(f.l3, 20)).raw(), 0);
  }
}

class Tcp : public testing::TestWithParam<std::tuple<bool, unsigned, size_t>> {};

TEST_P(Tcp, PiecesCarryTheStreamInOrder) {
  const auto [ipv6, tags, payload] = GetParam();
  Frame f = large(ipv6, true, payload, tags);
  f.packet->offload.gso = ipv6 ? Offload::Gso::kTcp6 : Offload::Gso::kTcp4;
  f.packet->offload.gso_size = 1400;
  const auto pieces = cut(*f.packet);
  ASSERT_EQ(pieces.size(), (payload + 1399) / 1400);
  EXPECT_EQ(segment_count(*f.packet), pieces.size());
  std::vector<uint8_t> stream;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Packet& p = *pieces[i];
    expect_valid(p, f, ipv6, kIpTcp);
    const auto& tcp = at<TcpHeader>(p, f.l4);
    EXPECT_EQ(tcp.seq.host(), 1000 + stream.size());
    const uint16_t flags = tcp.offset_flags.host() & 0xfff;
    EXPECT_EQ(bool(flags & kTcpCwr), i == 0);
    EXPECT_EQ(bool(flags & kTcpFin), i + 1 == pieces.size());
    EXPECT_EQ(bool(flags & kTcpPsh), i + 1 == pieces.size());
    EXPECT_TRUE(flags & kTcpAck);
    if (!ipv6) {
      EXPECT_EQ(at<Ipv4Header>(p, f.l3).id.host(), 100 + i);
    }
    const auto data = p.bytes().subspan(f.l4 + 32);
    stream.insert(stream.end(), data.begin(), data.end());
  }
  const auto all = f.packet->bytes().subspan(f.l4 + 32);
  EXPECT_TRUE(std::equal(all.begin(), all.end(), stream.begin(), stream.end()));
}
INSTANTIATE_TEST_SUITE_P(Segment, Tcp, testing::Combine(testing::Bool(), testing::Values(0u, 1u, 2u), testing::Values(1400, 1401, 9999, 65000)));

TEST(Segment, UdpDatagramsHaveTheirOwnHeaders) {
  for (bool ipv6 : {false, true}) {
    Frame f = large(ipv6, false, 3001);
    f.packet->offload.gso = Offload::Gso::kUdpL4;
    f.packet->offload.gso_size = 1000;
    const auto pieces = cut(*f.packet);
    ASSERT_EQ(pieces.size(), 4u);
    for (const auto& p : pieces) {
      expect_valid(*p, f, ipv6, kIpUdp);
      EXPECT_EQ(at<UdpHeader>(*p, f.l4).length.host(), p->size() - f.l4);
    }
    EXPECT_EQ(pieces[3]->size() - f.l4, 9u);
  }
}

TEST(Segment, OneLargeDatagramBecomesFragments) {
  Frame f = large(false, false, 3000);
  f.packet->offload.gso = Offload::Gso::kUdp4;
  f.packet->offload.gso_size = 1480;
  const auto pieces = cut(*f.packet);
  ASSERT_EQ(pieces.size(), 3u);
  std::vector<uint8_t> datagram;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto& ip = at<Ipv4Header>(*pieces[i], f.l3);
    EXPECT_EQ(ip.id.host(), 100);
    EXPECT_EQ((ip.fragment.host() & kIpv4OffsetMask) * 8u, datagram.size());
    EXPECT_EQ(bool(ip.fragment.host() & kIpv4MoreFragments), i < 2);
    EXPECT_EQ(checksum(pieces[i]->bytes().subspan(f.l3, 20)).raw(), 0);
    const auto part = pieces[i]->bytes().subspan(f.l4);
    datagram.insert(datagram.end(), part.begin(), part.end());
  }
  EXPECT_EQ(pseudo_header(Be32{1}, Be32{2}, kIpUdp, 3008).add(datagram).folded().raw(), 0xffff);
}

TEST(Segment, Ipv6FragmentsCarryAFragmentHeader) {
  Frame f = large(true, false, 3000);
  f.packet->offload.gso = Offload::Gso::kUdp6;
  f.packet->offload.gso_size = 1448;
  const auto pieces = cut(*f.packet);
  ASSERT_EQ(pieces.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(at<Ipv6Header>(*pieces[i], f.l3).next_header, kIpFragment);
    const auto& fragment = at<Ipv6Fragment>(*pieces[i], f.l4);
    EXPECT_EQ(fragment.next_header, kIpUdp);
    EXPECT_EQ(fragment.offset.host() & kIpv6OffsetMask, i * 1448);
    EXPECT_EQ(fragment.offset.host() & 1, i < 2);
  }
}

TEST(Segment, WithoutGsoTheChecksumIsFinished) {
  Frame f = large(true, true, 100);
  const auto pieces = cut(*f.packet);
  ASSERT_EQ(pieces.size(), 1u);
  expect_valid(*pieces[0], f, true, kIpTcp);
}

TEST(Segment, HeadersThatDoNotFitAreRefused) {
  Frame f = large(false, true, 3000);
  f.packet->offload.gso_size = 1000;
  for (const auto gso : {Offload::Gso::kTcp6, Offload::Gso::kUdpL4, Offload::Gso::kUdp4}) {
    f.packet->offload.gso = gso;
    EXPECT_FALSE(segment(*f.packet, [](PacketRef) { FAIL(); }));
  }
  f.packet->offload.gso = Offload::Gso::kTcp4;
  for (size_t size = 0; size < f.l4 + 32; ++size) {
    f.packet->set_size(size);
    EXPECT_FALSE(segment(*f.packet, [](PacketRef) { FAIL(); })) << size;
  }
}

TEST(FinishChecksum, OffsetsOutsideTheFrameAreRefused) {
  Frame f = large(false, true, 10);
  f.packet->offload.csum_start = static_cast<uint16_t>(f.packet->size());
  EXPECT_FALSE(finish_checksum(*f.packet));
}

TEST(VirtioNet, EncodesWhatItDecoded) {
  Frame f = large(false, true, 3000);
  f.packet->offload.gso = Offload::Gso::kTcp4;
  f.packet->offload.gso_size = 1448;
  f.packet->offload.gso_ecn = true;
  f.packet->offload.header_length = 66;
  const auto header = encode_virtio_net(*f.packet);
  const Offload before = f.packet->offload;
  ASSERT_EQ(decode_virtio_net(header, *f.packet), VirtioNetError::kNone);
  EXPECT_EQ(f.packet->offload.gso, before.gso);
  EXPECT_EQ(f.packet->offload.gso_size, before.gso_size);
  EXPECT_EQ(f.packet->offload.csum_start, before.csum_start);
  EXPECT_EQ(f.packet->offload.csum_offset, before.csum_offset);
  EXPECT_TRUE(f.packet->offload.gso_ecn && f.packet->offload.partial_checksum);
}

TEST(VirtioNet, BadHeadersHaveReasons) {
  Frame f = large(false, true, 100);
  std::array<uint8_t, kVirtioNetHeader> h{};
  EXPECT_EQ(decode_virtio_net(std::span(h).first(9), *f.packet), VirtioNetError::kTruncated);
  h[1] = 9;
  EXPECT_EQ(decode_virtio_net(h, *f.packet), VirtioNetError::kUnknownGso);
  h[1] = 1;
  EXPECT_EQ(decode_virtio_net(h, *f.packet), VirtioNetError::kBadSegmentSize);
  h = {};
  h[0] = 1;
  h[6] = h[7] = 0xff;
  EXPECT_EQ(decode_virtio_net(h, *f.packet), VirtioNetError::kBadChecksumOffsets);
  EXPECT_FALSE(f.packet->offload.partial_checksum);
}

}  // namespace
}  // namespace turnout::net
