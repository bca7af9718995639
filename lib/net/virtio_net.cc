// struct virtio_net_hdr to Offload and back.
#include "lib/net/virtio_net.h"

#include <algorithm>
#include <cstring>

#include "lib/net/headers.h"

namespace turnout::net {

namespace {

struct Header {
  uint8_t flags, gso_type;
  uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
static_assert(sizeof(Header) == kVirtioNetHeader);

constexpr uint8_t kNeedsChecksum = 1, kDataValid = 2;
constexpr uint8_t kGsoNone = 0, kGsoTcp4 = 1, kGsoUdp = 3, kGsoTcp6 = 4, kGsoUdpL4 = 5, kGsoEcn = 0x80;

bool carries_ipv6(const Packet& packet) {
  const auto bytes = packet.bytes();
  size_t at = 12;
  for (; at + 2 <= bytes.size(); at += 4) {
    const uint16_t type = static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
    if (type != kEthTypeVlan && type != kEthTypeQinq) return type == kEthTypeIpv6;
  }
  return false;
}

bool gso_from_wire(uint8_t type, const Packet& packet, Offload::Gso& gso) {
  switch (type & ~kGsoEcn) {
    case kGsoNone: gso = Offload::Gso::kNone; return true;
    case kGsoTcp4: gso = Offload::Gso::kTcp4; return true;
    case kGsoTcp6: gso = Offload::Gso::kTcp6; return true;
    case kGsoUdpL4: gso = Offload::Gso::kUdpL4; return true;
    case kGsoUdp: gso = carries_ipv6(packet) ? Offload::Gso::kUdp6 : Offload::Gso::kUdp4; return true;
    default: return false;
  }
}

uint8_t gso_to_wire(Offload::Gso gso) {
  switch (gso) {
    case Offload::Gso::kNone: return kGsoNone;
    case Offload::Gso::kTcp4: return kGsoTcp4;
    case Offload::Gso::kTcp6: return kGsoTcp6;
    case Offload::Gso::kUdp4:
    case Offload::Gso::kUdp6: return kGsoUdp;
    case Offload::Gso::kUdpL4: return kGsoUdpL4;
  }
  return kGsoNone;
}

}  // namespace

const char* to_string(VirtioNetError error) {
  switch (error) {
    case VirtioNetError::kNone: return "no error";
    case VirtioNetError::kTruncated: return "truncated virtio-net header";
    case VirtioNetError::kUnknownGso: return "unknown segmentation type in virtio-net header";
    case VirtioNetError::kBadChecksumOffsets: return "checksum offsets outside the frame in virtio-net header";
    case VirtioNetError::kBadSegmentSize: return "segment size of zero in virtio-net header";
  }
  return "unknown virtio-net error";
}

VirtioNetError decode_virtio_net(std::span<const uint8_t> bytes, Packet& packet) {
  packet.offload = {};
  if (bytes.size() < kVirtioNetHeader) return VirtioNetError::kTruncated;
  Header h;
  std::memcpy(&h, bytes.data(), sizeof h);
  if (!h.flags && !h.gso_type) return VirtioNetError::kNone;

  Offload offload;
  offload.checksum_valid = h.flags & kDataValid;
  if (h.flags & kNeedsChecksum) {
    if (size_t{h.csum_start} + h.csum_offset + 2 > packet.size()) return VirtioNetError::kBadChecksumOffsets;
    offload.partial_checksum = true;
    offload.csum_start = h.csum_start;
    offload.csum_offset = h.csum_offset;
  }
  if (!gso_from_wire(h.gso_type, packet, offload.gso)) return VirtioNetError::kUnknownGso;
  if (offload.gso != Offload::Gso::kNone) {
    if (!h.gso_size) return VirtioNetError::kBadSegmentSize;
    offload.gso_size = h.gso_size;
    offload.gso_ecn = h.gso_type & kGsoEcn;
    offload.header_length = h.hdr_len;
  }
  packet.offload = offload;
  return VirtioNetError::kNone;
}

std::array<uint8_t, kVirtioNetHeader> encode_virtio_net(const Packet& packet) {
  const Offload& o = packet.offload;
  Header h{};
  if (o.partial_checksum) {
    h.flags = kNeedsChecksum;
    h.csum_start = o.csum_start;
    h.csum_offset = o.csum_offset;
  } else if (o.checksum_valid) {
    h.flags = kDataValid;
  }
  if (o.gso != Offload::Gso::kNone) {
    h.gso_type = static_cast<uint8_t>(gso_to_wire(o.gso) | (o.gso_ecn ? kGsoEcn : 0));
    h.gso_size = o.gso_size;
    h.hdr_len = static_cast<uint16_t>(std::min<size_t>(o.header_length, packet.size()));
  }
  std::array<uint8_t, kVirtioNetHeader> bytes;
  std::memcpy(bytes.data(), &h, sizeof h);
  return bytes;
}

}  // namespace turnout::net
