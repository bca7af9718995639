// Statistics of a rule.
#include "vswitchd/ofproto/rule.h"

namespace turnout::ofproto {

namespace {

uint64_t next_sequence() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

Rule::Rule(const RuleSpec& spec, flow::Version from, TimePoint now)
    : flow::ClassifierRule(spec.match, spec.priority, from),
      table_(spec.table),
      hidden_(spec.hidden),
      cookie_(spec.cookie),
      actions_(spec.actions),
      created_(now),
      sequence_(next_sequence()),
      used_ns_(now.ns) {}

void Rule::credit(uint64_t packets, uint64_t bytes, TimePoint used) {
  packets_.fetch_add(packets, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  int64_t seen = used_ns_.load(std::memory_order_relaxed);
  while (seen < used.ns && !used_ns_.compare_exchange_weak(seen, used.ns, std::memory_order_relaxed)) {
  }
}

}  // namespace turnout::ofproto
