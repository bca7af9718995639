// The 10-byte header in front of a frame on AF_PACKET (PACKET_VNET_HDR) and tap (IFF_VNET_HDR) devices, as Offload and
// back. Fields in the byte order of the machine, the kernel's default. virtio 1.2 §5.1.6, <linux/virtio_net.h>.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lib/net/packet.h"

namespace turnout::net {

inline constexpr size_t kVirtioNetHeader = 10;

enum class VirtioNetError : uint8_t { kNone, kTruncated, kUnknownGso, kBadChecksumOffsets, kBadSegmentSize };
const char* to_string(VirtioNetError error);   // the reason for a drop, for counters and logs

// Reads the header into packet.offload; the frame (without the header) must already be in the packet, its size is
// checked against. On an error offload is empty and the packet should be dropped.
[[nodiscard]] VirtioNetError decode_virtio_net(std::span<const uint8_t> header, Packet& packet);

// What a device must be told to send the packet as it is. Offsets count from the start of the frame.
std::array<uint8_t, kVirtioNetHeader> encode_virtio_net(const Packet& packet);

}  // namespace turnout::net
