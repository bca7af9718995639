// A port of the userspace datapath and the table of all ports. The table is changed on the main thread and read by
// packet threads inside RcuRead; a Port lives until a grace period after it left the table.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/userspace/userspace.h"

namespace turnout::datapath {

class PacketThread;

struct Port {
  DpPort number{0};
  uint32_t slot = 0;                            // dense index: small, used again after the port is gone
  std::string name, type;
  std::unique_ptr<netdev::Device> device;
  std::mutex sending;                           // one Device::send at a time
  std::atomic<PacketThread*> receiver{nullptr}; // the only thread that may call Device::receive
  unsigned fruitless = 0;                       // receiver only: times it was said to be ready and was not
  uint64_t served = 0;                          // receiver only: packets since it last looked at its load
};

class PortTable {
 public:
  PortTable();
  ~PortTable();

  Port* find(DpPort number) const {             // inside RcuRead, or on the main thread
    const Index& index = *index_.read();
    if (number.value < index.low.size()) return index.low[number.value];
    if (index.high.empty()) return nullptr;
    auto it = index.high.find(number.value);
    return it == index.high.end() ? nullptr : it->second;
  }

  // Main thread.
  Port& add(DpPort number, std::unique_ptr<Port> port);
  std::unique_ptr<Port> remove(DpPort number);  // not for use before the next grace period is over
  DpPort choose(std::string_view name, PortNumbering numbering) const;
  std::vector<Port*> all() const;               // by number
  bool has_name(std::string_view name) const;

 private:
  static constexpr uint32_t kLow = 4096;        // numbers below are an array's
  struct Index {
    std::vector<Port*> low;
    std::unordered_map<uint32_t, Port*> high;
  };
  void publish();

  std::unordered_map<uint32_t, std::unique_ptr<Port>> owned_;
  std::unordered_map<std::string, uint32_t> by_name_;
  std::vector<uint32_t> free_slots_;
  mutable uint32_t next_free_ = 1;              // no number below it, but 0, is free
  RcuPtr<Index> index_;
};

}  // namespace turnout::datapath
