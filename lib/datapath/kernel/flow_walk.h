// Walks over the flows of a kernel datapath, each on a connection of its own: flows can be changed, and others can walk,
// meanwhile. Connections are kept from walk to walk. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lib/datapath/datapath.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

class FlowWalks {
 public:
  // first: a connection to begin with. name: of the datapath, for the log.
  FlowWalks(std::unique_ptr<Connection> first, int dp_ifindex, std::string name);

  // The walk ends before this object does. One that the kernel begins anew, because the table changed under it, visits
  // some flows twice.
  std::unique_ptr<FlowWalk> begin(FlowParts parts);

 private:
  class Walk;
  std::unique_ptr<Connection> take();              // nullptr: none can be had
  void give_back(std::unique_ptr<Connection> connection);

  const int dp_ifindex_;
  const std::string name_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace turnout::datapath::kernel
