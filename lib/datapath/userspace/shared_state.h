// What all threads of one userspace datapath share.
#pragma once

#include <atomic>

#include "lib/base/clock.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/userspace/megaflow_table.h"
#include "lib/datapath/userspace/port.h"

namespace turnout::datapath {

struct SharedState {
  SharedState(Clock& time, uint64_t flow_limit) : clock(time), flows(flow_limit) {}
  Clock& clock;
  MegaflowTable flows;
  PortTable ports;
  std::atomic<UpcallSink*> sink{nullptr};
};

}  // namespace turnout::datapath
