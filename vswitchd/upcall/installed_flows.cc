// Sharded maps of installed flows.
#include "vswitchd/upcall/installed_flows.h"

namespace turnout::upcall {

bool InstalledFlows::add(const datapath::Ufid& ufid, InstalledFlow&& flow) {
  Shard& s = shard(ufid);
  std::lock_guard lock(s.mutex);
  const bool added = s.flows.try_emplace(ufid, std::move(flow)).second;
  if (added) size_.fetch_add(1, std::memory_order_relaxed);
  return added;
}

std::optional<InstalledFlow> InstalledFlows::take(const datapath::Ufid& ufid) {
  Shard& s = shard(ufid);
  std::lock_guard lock(s.mutex);
  auto node = s.flows.extract(ufid);
  if (!node) return std::nullopt;
  size_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(node.mapped());
}

void InstalledFlows::sweep(unsigned index, const std::function<bool(const datapath::Ufid&, InstalledFlow&)>& f) {
  Shard& s = shards_[index];
  std::lock_guard lock(s.mutex);
  size_t gone = 0;
  for (auto it = s.flows.begin(); it != s.flows.end();) {
    const bool goes = f(it->first, it->second);
    gone += goes;
    it = goes ? s.flows.erase(it) : std::next(it);
  }
  size_.fetch_sub(gone, std::memory_order_relaxed);
}

void InstalledFlows::clear() {
  for (unsigned i = 0; i < kShards; ++i) sweep(i, [](const auto&, auto&) { return true; });
}

size_t InstalledFlows::shard_size(unsigned index) const {
  std::lock_guard lock(shards_[index].mutex);
  return shards_[index].flows.size();
}

}  // namespace turnout::upcall
