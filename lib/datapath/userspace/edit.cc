// See edit.h.
#include "lib/datapath/userspace/edit.h"

#include <cstring>

#include "lib/datapath/userspace/drops.h"

namespace turnout::datapath {
namespace {

constexpr size_t kAddresses = 12, kTag = 4;

void make_own(net::PacketRef& packet, size_t headroom = 0) {
  if (packet->shared() || packet->headroom() < headroom) packet = net::PacketPool::local().clone(*packet);
}

// Offsets of offload metadata move with the payload.
void shift_offload(net::Packet& packet, int by) {
  net::Offload& o = packet.offload;
  if (o.partial_checksum) o.csum_start = static_cast<uint16_t>(o.csum_start + by);
  if (o.header_length) o.header_length = static_cast<uint16_t>(o.header_length + by);
}

bool is_tag(Be16 tpid) { return tpid == Be16{0x8100} || tpid == Be16{0x88a8}; }

}  // namespace

void push_vlan(net::PacketRef& packet, Be16 tpid, Be16 tci) {
  if (packet->size() < kAddresses) return drops::bad_edit.add();
  make_own(packet, kTag);
  if (packet->headroom() < kTag) return drops::bad_edit.add();
  uint8_t* data = packet->push(kTag);
  std::memmove(data, data + kTag, kAddresses);
  const Be16 bare{static_cast<uint16_t>(tci.host() & ~flow::kVlanPresent)};
  std::memcpy(data + kAddresses, &tpid, sizeof tpid);
  std::memcpy(data + kAddresses + 2, &bare, sizeof bare);
  shift_offload(*packet, kTag);
}

void pop_vlan(net::PacketRef& packet) {
  if (packet->size() < kAddresses + kTag + 2) return;
  Be16 tpid;
  std::memcpy(&tpid, packet->data() + kAddresses, sizeof tpid);
  if (!is_tag(tpid)) return;
  make_own(packet);
  uint8_t* data = packet->data();
  std::memmove(data + kTag, data, kAddresses);
  packet->pull(kTag);
  shift_offload(*packet, -static_cast<int>(kTag));
}

void copy_metadata(const flow::FlowKey& from, flow::FlowKey& to) {
  // Metadata stands in front of the layer 2 fields.
  std::memcpy(static_cast<void*>(&to), &from, offsetof(flow::FlowKey, eth_dst));
}

}  // namespace turnout::datapath
