// What one batch sends, gathered by port in order and given to each device in one call. One thread's own; used inside
// one RcuRead from the first add() to flush().
#pragma once

#include <cstdint>
#include <vector>

#include "lib/datapath/userspace/port.h"
#include "lib/net/packet.h"

namespace turnout::datapath {

class TransmitQueues {
 public:
  void add(Port& port, net::PacketRef packet);
  void flush();

 private:
  struct Queue {
    Port* port = nullptr;
    net::Batch packets;
    bool offload = false;                     // some packet relies on its device
  };
  void send(Queue& queue);
  void send_finished(Port& port, const net::Batch& packets);

  std::vector<Queue> queues_;                 // the first used_ are in use; the rest keep their memory
  size_t used_ = 0;
  std::vector<uint32_t> by_slot_;             // index into queues_ + 1, 0: none
  net::Batch finished_;
};

}  // namespace turnout::datapath
