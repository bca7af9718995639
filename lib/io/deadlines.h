// The heap of deadlines behind Loop::at(). Pure: told the time, it says what is due. lib/io only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "lib/base/clock.h"

namespace turnout::io {

class Deadlines {
 public:
  using Id = std::pair<TimePoint, uint64_t>;  // equal times in order of arming

  Id add(TimePoint when, std::function<void()> work) {
    const Id id{when, ++serial_};
    entries_.emplace(id, std::move(work));
    return id;
  }
  void cancel(const Id& id) { entries_.erase(id); }
  std::optional<TimePoint> next() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.begin()->first.first;
  }
  // Runs one deadline that is due at `now` and was armed before `serial`; false if there is none. Work armed by work
  // waits for the next round, so that a deadline that re-arms itself in the past cannot starve the loop.
  bool run_one(TimePoint now, uint64_t serial) {
    for (auto entry = entries_.begin(); entry != entries_.end() && entry->first.first <= now; ++entry) {
      if (entry->first.second > serial) continue;
      const std::function<void()> work = std::move(entry->second);
      entries_.erase(entry);
      work();
      return true;
    }
    return false;
  }
  uint64_t serial() const { return serial_; }

 private:
  std::map<Id, std::function<void()>> entries_;
  uint64_t serial_ = 0;
};

}  // namespace turnout::io
