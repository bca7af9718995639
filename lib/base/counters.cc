// The register of counters, their sampling and their texts.
#include "lib/base/counters.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <vector>

namespace turnout {

namespace {

// Five-second samples of the last minute and one-minute samples of the last hour, newest at `next - 1`.
struct History {
  std::vector<const Counter*> sources;  // several source files may count one event
  uint64_t last = 0;                    // total at the last sample
  std::array<uint32_t, 12> by_five_seconds{};
  std::array<uint32_t, 60> by_minute{};

  uint64_t total() const {
    uint64_t sum = 0;
    for (const Counter* source : sources) sum += source->total();
    return sum;
  }
};

struct Registry {
  std::mutex mutex;
  std::map<std::string_view, History> histories;
  unsigned samples = 0;
};

Registry& registry() {
  static Registry* instance = new Registry;  // counters register before main() and may outlive it
  return *instance;
}

template <size_t N>
uint64_t sum(const std::array<uint32_t, N>& values) {
  uint64_t total = 0;
  for (uint32_t v : values) total += v;
  return total;
}

// A short name for which events happened, so that two listings compare at a glance.
uint32_t fingerprint(const Registry& r) {
  uint32_t hash = 2166136261u;
  for (const auto& [name, history] : r.histories) {
    if (!history.total()) continue;
    for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  }
  return hash;
}

}  // namespace

Counter::Counter(const char* name) : name_(name) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  r.histories[name].sources.push_back(this);
}

void sample_counters() {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  for (auto& [name, history] : r.histories) {
    const uint64_t total = history.total();
    const uint64_t added = std::min<uint64_t>(total - history.last, UINT32_MAX);
    history.last = total;
    history.by_five_seconds[r.samples % 12] = static_cast<uint32_t>(added);
    if (r.samples % 12 == 11) {
      history.by_minute[r.samples / 12 % 60] =
          static_cast<uint32_t>(std::min<uint64_t>(sum(history.by_five_seconds), UINT32_MAX));
    }
  }
  ++r.samples;
}

std::string counters_text() {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  std::string out = fmt::format(
      "Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash={:08x}:\n", fingerprint(r));
  size_t never = 0;
  for (const auto& [name, history] : r.histories) {
    const uint64_t total = history.total();
    if (!total) {
      ++never;
      continue;
    }
    const uint32_t newest = history.by_five_seconds[(r.samples + 11) % 12];
    out += fmt::format("{:<24} {:5.1f}/sec {:9.3f}/sec {:13.4f}/sec   total: {}\n", name, newest / 5.0,
                       static_cast<double>(sum(history.by_five_seconds)) / 60.0,
                       static_cast<double>(sum(history.by_minute)) / 3600.0, total);
  }
  return out + fmt::format("{} events never hit\n", never);
}

std::optional<uint64_t> read_counter(std::string_view name) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  const auto found = r.histories.find(name);
  if (found == r.histories.end()) return std::nullopt;
  return found->second.total();
}

}  // namespace turnout
