// Sharded maps of installed flows.
#include "vswitchd/upcall/installed_flows.h"

namespace turnout::upcall {

bool InstalledFlows::add(const datapath::Ufid& ufid, std::unique_ptr<InstalledFlow> flow) {
  Shard& s = shard(ufid);
  std::lock_guard lock(s.mutex);
  const bool added = s.flows.try_emplace(ufid, std::move(flow)).second;
  if (added) size_.fetch_add(1, std::memory_order_relaxed);
  return added;
}

std::unique_ptr<InstalledFlow> InstalledFlows::take(const datapath::Ufid& ufid) {
  Shard& s = shard(ufid);
  std::lock_guard lock(s.mutex);
  auto node = s.flows.extract(ufid);
  if (!node) return nullptr;
  size_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(node.mapped());
}

void InstalledFlows::sweep(unsigned index, const std::function<bool(const datapath::Ufid&, InstalledFlow&)>& f) {
  Shard& s = shards_[index];
  std::lock_guard lock(s.mutex);
  const size_t gone = std::erase_if(s.flows, [&](auto& item) { return f(item.first, *item.second); });
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
