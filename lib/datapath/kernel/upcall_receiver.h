// The threads that take a kernel datapath's upcalls: each has a socket, the kernel chooses one by the CPU (or by the vport)
// that had the packet. A batch is read, answered by the sink, and its flows and packets go back in one message.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

class UpcallReceiver {
 public:
  // Starts n threads, at least one. The sink outlives it. dp_ifindex: whose upcalls they are.
  static Result<std::unique_ptr<UpcallReceiver>> start(int dp_ifindex, unsigned n, UpcallSink& sink);
  virtual ~UpcallReceiver() = default;             // ends the threads; unanswered upcalls are lost
  // Of each thread's socket, for UPCALL_PID attributes.
  virtual const std::vector<uint32_t>& pids() const = 0;
  virtual uint64_t overflows() const = 0;          // times that a socket's queue lost upcalls
};

}  // namespace turnout::datapath::kernel
