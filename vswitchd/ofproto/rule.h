// One OpenFlow rule ("flow" to OpenFlow): a match in a table, actions, and statistics that installed flows pay into.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "lib/base/clock.h"
#include "lib/flow/classifier.h"
#include "vswitchd/ofproto/action.h"

namespace turnout::ofproto {

inline constexpr uint8_t kInternalTable = 254;          // the switch's own rules; OpenFlow cannot see them

struct RuleSpec {
  uint8_t table = 0;
  int32_t priority = 0;
  uint64_t cookie = 0;
  flow::Match match;
  ActionList actions;
  bool hidden = false;                                  // of the switch itself
};

// Immutable but for the statistics. Readers find it inside an RcuRead section and may keep it beyond by taking a
// shared_ptr (shared_from_this), as credits do.
class Rule : public flow::ClassifierRule, public std::enable_shared_from_this<Rule> {
 public:
  Rule(const RuleSpec& spec, flow::Version from, TimePoint now);

  uint8_t table() const { return table_; }
  uint64_t cookie() const { return cookie_; }
  const ActionList& actions() const { return actions_; }
  bool hidden() const { return hidden_; }
  TimePoint created() const { return created_; }
  uint64_t sequence() const { return sequence_; }          // grows with each rule of the process

  // Any thread.
  void credit(uint64_t packets, uint64_t bytes, TimePoint used);
  uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  TimePoint used() const { return {used_ns_.load(std::memory_order_relaxed)}; }

 private:
  const uint8_t table_;
  const bool hidden_;
  const uint64_t cookie_;
  const ActionList actions_;
  const TimePoint created_;
  const uint64_t sequence_;
  std::atomic<uint64_t> packets_{0}, bytes_{0};
  std::atomic<int64_t> used_ns_;
};

}  // namespace turnout::ofproto
