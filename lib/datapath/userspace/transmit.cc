// See transmit.h.
#include "lib/datapath/userspace/transmit.h"

#include "lib/base/counters.h"
#include "lib/datapath/userspace/drops.h"
#include "lib/net/segment.h"

namespace turnout::datapath {
namespace {

Counter software_segments{"datapath_software_segmentation"};
Counter software_checksums{"datapath_software_checksum"};

bool can_take(const net::Offload& offload, const netdev::Capabilities& device) {
  using Gso = net::Offload::Gso;
  if (offload.partial_checksum && !device.partial_checksum) return false;
  switch (offload.gso) {
    case Gso::kNone: return true;
    case Gso::kTcp4: return device.tcp4_gso;
    case Gso::kTcp6: return device.tcp6_gso;
    case Gso::kUdpL4: return device.udp_l4_gso;
    case Gso::kUdp4:
    case Gso::kUdp6: return device.ufo;
  }
  return false;
}

// A copy with its checksum complete (others may hold the packet as it is). Empty if it is malformed.
net::PacketRef with_checksum(const net::PacketRef& packet) {
  software_checksums.add();
  net::PacketRef own = net::PacketPool::local().clone(*packet);
  if (net::finish_checksum(*own)) return own;
  drops::bad_offload.add();
  return {};
}

}  // namespace

void TransmitQueues::add(Port& port, net::PacketRef packet) {
  if (port.slot >= by_slot_.size()) by_slot_.resize(port.slot + 1);
  uint32_t& index = by_slot_[port.slot];
  if (!index) {
    if (used_ == queues_.size()) queues_.emplace_back();
    queues_[used_].port = &port;
    index = static_cast<uint32_t>(++used_);
  }
  Queue& queue = queues_[index - 1];
  queue.offload |= packet->offload.partial_checksum || packet->offload.gso != net::Offload::Gso::kNone;
  queue.packets.push_back(std::move(packet));
  if (queue.packets.size() >= net::kBatchMax) send(queue);
}

void TransmitQueues::flush() {
  for (size_t i = 0; i < used_; ++i) {
    Queue& queue = queues_[i];
    if (!queue.packets.empty()) send(queue);
    by_slot_[queue.port->slot] = 0;
    queue.port = nullptr;
  }
  used_ = 0;
}

void TransmitQueues::send(Queue& queue) {
  Port& port = *queue.port;
  bool finish = false;
  if (queue.offload) {
    const netdev::Capabilities device = port.device->capabilities();
    for (const auto& packet : queue.packets) finish |= !can_take(packet->offload, device);
  }
  {
    std::lock_guard lock(port.sending);
    if (finish) send_finished(port, queue.packets);
    else port.device->send(queue.packets);
  }
  queue.packets.clear();
  queue.offload = false;
}

void TransmitQueues::send_finished(Port& port, const net::Batch& packets) {
  const netdev::Capabilities device = port.device->capabilities();
  const auto emit = [&](net::PacketRef packet) {
    finished_.push_back(std::move(packet));
    if (finished_.size() < net::kBatchMax) return;
    port.device->send(finished_);
    finished_.clear();
  };
  for (const auto& packet : packets) {
    if (can_take(packet->offload, device)) {
      emit(packet);
    } else if (packet->offload.gso == net::Offload::Gso::kNone) {
      if (net::PacketRef own = with_checksum(packet)) emit(std::move(own));
    } else {
      software_segments.add();
      if (!net::segment(*packet, emit)) drops::bad_offload.add();
    }
  }
  if (!finished_.empty()) port.device->send(finished_);
  finished_.clear();
}

}  // namespace turnout::datapath
