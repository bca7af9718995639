// What one interface received and sent, where no device of its own counts: flows pay into it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace turnout::ofproto {

struct PortCounters {
  struct Direction {
    std::atomic<uint64_t> packets{0}, bytes{0};
    void add(uint64_t more_packets, uint64_t more_bytes) {
      packets.fetch_add(more_packets, std::memory_order_relaxed);
      bytes.fetch_add(more_bytes, std::memory_order_relaxed);
    }
  };
  Direction received, sent;
};

}  // namespace turnout::ofproto
