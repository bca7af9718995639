// The flows that this process put into one datapath, in maps of their own lock each, by UFID. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/datapath/datapath.h"
#include "vswitchd/translate/effects.h"

namespace turnout::upcall {

// What is remembered of an installed flow beyond what the datapath keeps itself (key, mask and actions stay there).
struct InstalledFlow {
  TimePoint created;
  uint64_t generation = 0;                      // of the configuration and the learning tables when last translated
  uint64_t packets = 0, bytes = 0;              // statistics that are paid already
  int64_t used_ns = 0;
  uint64_t round = 0;                           // the last revalidator round that saw it in the datapath, 0: none yet
  bool installed = false;                       // flow_installed() said so
  std::vector<translate::Write> writes;
  std::vector<translate::Credit> credits;
};

class InstalledFlows {
 public:
  static constexpr unsigned kShards = 64;
  // f(flow) runs under the shard's lock. False: there is no such flow.
  template <typename F>
  bool with(const datapath::Ufid& ufid, F&& f) {
    Shard& s = shard(ufid);
    std::lock_guard lock(s.mutex);
    auto it = s.flows.find(ufid);
    if (it == s.flows.end()) return false;
    f(it->second);
    return true;
  }
  // False: there is one already, which stays.
  bool add(const datapath::Ufid& ufid, InstalledFlow&& flow);
  // Takes it out; empty if there is none.
  std::optional<InstalledFlow> take(const datapath::Ufid& ufid);
  // f(ufid, flow) -> true: take it out. Under the shard's lock; f must not call back.
  void sweep(unsigned shard, const std::function<bool(const datapath::Ufid&, InstalledFlow&)>& f);
  void clear();
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t shard_size(unsigned shard) const;
  static unsigned shard_of(const datapath::Ufid& ufid) { return ufid[3] % kShards; }

 private:
  struct Hash { size_t operator()(const datapath::Ufid& u) const { return (uint64_t{u[0]} << 32) | u[1]; } };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<datapath::Ufid, InstalledFlow, Hash> flows;
  };
  Shard& shard(const datapath::Ufid& ufid) { return shards_[shard_of(ufid)]; }
  std::array<Shard, kShards> shards_;
  std::atomic<size_t> size_{0};
};

}  // namespace turnout::upcall
