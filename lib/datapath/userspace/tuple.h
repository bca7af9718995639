// The flows of one mask: an open-addressing hash table of pointers that readers walk without a lock. One writer at a
// time (the megaflow table's lock).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "lib/datapath/userspace/megaflow.h"

namespace turnout::datapath {

class Tuple {
 public:
  explicit Tuple(const flow::FlowMask& flow_mask);
  ~Tuple();                                       // no flow left, no reader left

  Megaflow* find(const flow::FlowKey& key) const;  // inside RcuRead
  Megaflow* find(uint64_t hash, const uint64_t* values) const;
  void insert(Megaflow* flow);                    // writer; not there yet
  void erase(const Megaflow* flow);               // writer
  size_t size() const { return used_; }           // writer

  const std::shared_ptr<const PackedMask> mask;
  std::atomic<uint64_t> hits{0};                  // since the last ranking; approximate

 private:
  // A slot is empty (nullptr), erased (kErased) or a flow. Tags spare most looks at flows that do not match.
  struct Slots {
    explicit Slots(size_t n) : capacity(n), flows(new std::atomic<Megaflow*>[n]()), tags(new std::atomic<uint32_t>[n]()) {}
    size_t capacity;
    std::unique_ptr<std::atomic<Megaflow*>[]> flows;
    std::unique_ptr<std::atomic<uint32_t>[]> tags;
  };
  static void place(Slots& slots, Megaflow* flow);
  void rebuild();

  std::atomic<Slots*> slots_;
  size_t used_ = 0, filled_ = 0;                  // flows; flows and erased slots
};

}  // namespace turnout::datapath
