// One installed flow. Reference-counted (the table and every cache entry hold one each); freed a grace period after the
// last reference went, so that a reader in an RCU section may look at any flow it found. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "lib/base/rcu.h"
#include "lib/datapath/datapath.h"

namespace turnout::datapath {

// The words that a mask compares. Shared by all flows of one tuple.
struct PackedMask {
  explicit PackedMask(const flow::FlowMask& mask);
  bool same(const flow::FlowMask& mask, const flow::WordMap& words) const;
  flow::WordMap map;
  unsigned count = 0;
  std::unique_ptr<uint8_t[]> index;      // of each word in the key
  std::unique_ptr<uint64_t[]> bits;
};

class Megaflow {
 public:
  // key: as the packet had it; what lies outside the mask is kept for dumps.
  static Megaflow* create(const Ufid& ufid, const flow::FlowKey& key, std::shared_ptr<const PackedMask> mask,
                          const ActionList& actions);                // with one reference

  bool alive() const { return alive_.load(std::memory_order_acquire); }
  void kill() { alive_.store(false, std::memory_order_release); }
  bool try_reference();                  // false: it is going away
  void release();

  const ActionList& actions() const { return *actions_.read(); }     // inside RcuRead
  void set_actions(const ActionList& actions) { actions_.publish(std::make_unique<ActionList>(actions)); }

  void count(uint64_t packets, uint64_t bytes, uint16_t tcp_flags, int64_t now_ns) {
    packets_.fetch_add(packets, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (used_ns_.load(std::memory_order_relaxed) < now_ns) used_ns_.store(now_ns, std::memory_order_relaxed);
    if (tcp_flags & ~tcp_flags_.load(std::memory_order_relaxed)) tcp_flags_.fetch_or(tcp_flags, std::memory_order_relaxed);
  }
  FlowStats stats() const;
  void clear_stats();
  FlowEntry entry() const;               // not inside an RCU section of long duration: it copies

  const Ufid ufid;
  const std::shared_ptr<const PackedMask> mask;
  uint64_t hash = 0;                     // of values
  const uint64_t* values() const { return values_.get(); }           // masked, in the order of the mask's words

 private:
  Megaflow(const Ufid& id, std::shared_ptr<const PackedMask> m) : ufid(id), mask(std::move(m)) {}

  std::unique_ptr<uint64_t[]> values_;
  flow::WordMap original_map_;
  std::unique_ptr<uint64_t[]> original_; // every word of the key that is not zero
  RcuPtr<ActionList> actions_;
  std::atomic<uint32_t> references_{1};
  std::atomic<bool> alive_{true};
  alignas(64) std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<int64_t> used_ns_{0};
  std::atomic<uint16_t> tcp_flags_{0};
};

// Holds a reference.
class FlowRef {
 public:
  FlowRef() = default;
  explicit FlowRef(Megaflow* adopted) : flow_(adopted) {}
  FlowRef(FlowRef&& o) noexcept : flow_(std::exchange(o.flow_, nullptr)) {}
  FlowRef& operator=(FlowRef&& o) noexcept { std::swap(flow_, o.flow_); return *this; }
  ~FlowRef() { if (flow_) flow_->release(); }
  Megaflow* operator->() const { return flow_; }
  explicit operator bool() const { return flow_ != nullptr; }

 private:
  Megaflow* flow_ = nullptr;
};

}  // namespace turnout::datapath
