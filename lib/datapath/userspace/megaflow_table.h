// All flows of a datapath: tuple space search, one hash table for each mask, the most used mask first. Readers take no
// lock (they stand in an RcuRead); changes take one. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "lib/datapath/userspace/megaflow.h"

namespace turnout::datapath {

class Tuple;

class MegaflowTable {
 public:
  explicit MegaflowTable(uint64_t limit);
  ~MegaflowTable();

  // Inside RcuRead; the flow stays valid until its end. *masks_visited grows by the tuples searched.
  Megaflow* find(const flow::FlowKey& key, uint64_t* masks_visited) const;

  enum class Put {
    kCreated,
    kModified,        // a flow with this ufid has the new actions
    kExists,          // nothing was changed
    kFull,            // the limit is reached
  };
  // A flow of the same ufid, or of the same mask and masked key, is the same flow.
  Put put(const Ufid& ufid, const flow::FlowKey& key, const flow::FlowMask& mask, const ActionList& actions,
          bool may_modify);
  FlowRef remove(const Ufid& ufid);               // dead, but its statistics can be read
  FlowRef get(const Ufid& ufid) const;
  std::vector<FlowRef> all() const;
  void clear();

  void set_limit(uint64_t flows) { limit_.store(flows, std::memory_order_relaxed); }
  uint64_t size() const { return size_.load(std::memory_order_relaxed); }
  uint64_t masks() const;
  // Puts the tuples in the order of their hits since the last time. Cheap; does nothing if a change is going on.
  void rank();

 private:
  struct UfidHash { size_t operator()(const Ufid& u) const { return (uint64_t{u[0]} << 32) | u[1]; } };
  using TupleList = std::vector<std::shared_ptr<Tuple>>;
  Tuple& tuple_for(const flow::FlowMask& mask);   // under mutex_
  void drop_tuple(Tuple& tuple);                  // under mutex_: when empty

  mutable std::mutex mutex_;
  std::unordered_map<Ufid, Megaflow*, UfidHash> by_ufid_;
  RcuPtr<TupleList> tuples_;
  std::atomic<uint64_t> limit_, size_{0};
};

}  // namespace turnout::datapath
