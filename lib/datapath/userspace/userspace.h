// The userspace datapath: packet threads that move frames between devices by cached megaflows. This header is all that
// other folders need; the object behaves as lib/datapath/datapath.h says.
#pragma once

#include <memory>
#include <string>

#include "lib/base/clock.h"
#include "lib/datapath/datapath.h"
#include "lib/io/loop.h"

namespace turnout::datapath {

// How add_port() chooses a number where none is wanted or the wanted one is taken.
enum class PortNumbering {
  kLowestFree,   // 1, 2, 3, …
  // Dummy mode, as the reference: the first digits in the name are the number ("p7" is 7), counted from 100 where the
  // name begins with "br" ("br0" is 100); the lowest free one where there are none, they are 0 or the number is taken.
  kByName,
};

struct UserspaceOptions {
  std::string type = "netdev", name = "ovs-netdev";
  Clock* clock = &process_clock();
  // Packet threads. 0: none; ports are served on the loop's thread (deterministic, dummy mode) and by quiesce().
  unsigned threads = 1;
  io::Loop* loop = nullptr;                     // needed with 0 threads; outlives the datapath
  PortNumbering numbering = PortNumbering::kLowestFree;
  // What ports() calls devices of type "internal": "tap" for netdev (as the reference), "internal" otherwise.
  std::string internal_type = "internal";
  // The datapath's own port 0, named like the datapath. Empty: a placeholder that carries no packets.
  std::unique_ptr<netdev::Device> local;
  std::string local_type = "internal";          // type of the placeholder: "dummy-internal" in dummy mode
  uint64_t flow_limit = 200000;
};

// Main thread. Starts its threads at once.
std::unique_ptr<Datapath> make_userspace(UserspaceOptions options);

}  // namespace turnout::datapath
