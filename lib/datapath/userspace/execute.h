// Runs action lists on packets: outputs go to the transmit queues, changes are made on copies where a packet is shared.
// One thread's own; inside RcuRead.
#pragma once

#include <span>

#include "lib/datapath/userspace/shared_state.h"
#include "lib/datapath/userspace/transmit.h"

namespace turnout::datapath {

// How deep recirculation and actions of upcall replies may nest.
inline constexpr unsigned kMaxDepth = 8;

struct ActionContext {
  const flow::FlowKey& key;                     // of the first packet when its actions began: its metadata counts
  unsigned depth = 0;
};

// Puts a packet through the flow table again.
class Recirculator {
 public:
  virtual ~Recirculator() = default;
  virtual void recirculate(net::PacketRef packet, uint32_t recirc_id, const ActionContext& context) = 0;
};

// Whether this datapath has them all; others are refused in a flow.
bool can_execute(const ActionList& actions);

class Executor {
 public:
  Executor(SharedState& shared, TransmitQueues& transmit, Recirculator& recirculator)
      : shared_(shared), transmit_(transmit), recirculator_(recirculator) {}

  // Consumes the packets: they are moved from or changed.
  void run(std::span<net::PacketRef> packets, const ActionList& actions, const ActionContext& context);

 private:
  void output(std::span<net::PacketRef> packets, DpPort to, uint32_t truncate, bool last);
  void output_truncated(Port& port, const net::PacketRef& packet, uint32_t length);
  void userspace(std::span<net::PacketRef> packets, const Userspace& action, const ActionContext& context);

  SharedState& shared_;
  TransmitQueues& transmit_;
  Recirculator& recirculator_;
};

}  // namespace turnout::datapath
