// See megaflow_table.h.
#include "lib/datapath/userspace/megaflow_table.h"

#include <algorithm>

#include "lib/datapath/userspace/tuple.h"

namespace turnout::datapath {

MegaflowTable::MegaflowTable(uint64_t limit) : tuples_(std::make_unique<TupleList>()), limit_(limit) {}

MegaflowTable::~MegaflowTable() { clear(); }

Megaflow* MegaflowTable::find(const flow::FlowKey& key, uint64_t* masks_visited) const {
  for (const auto& tuple : *tuples_.read()) {
    ++*masks_visited;
    if (Megaflow* flow = tuple->find(key)) {
      tuple->hits.store(tuple->hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return flow;
    }
  }
  return nullptr;
}

Tuple& MegaflowTable::tuple_for(const flow::FlowMask& mask) {
  const flow::WordMap words = flow::nonzero_words(mask);
  for (const auto& tuple : *tuples_.read())
    if (tuple->mask->same(mask, words)) return *tuple;
  auto next = std::make_unique<TupleList>(*tuples_.read());
  next->push_back(std::make_shared<Tuple>(mask));
  Tuple& added = *next->back();
  tuples_.publish(std::move(next));
  return added;
}

void MegaflowTable::drop_tuple(Tuple& tuple) {
  auto next = std::make_unique<TupleList>(*tuples_.read());
  std::erase_if(*next, [&](const auto& t) { return t.get() == &tuple; });
  tuples_.publish(std::move(next));
}

MegaflowTable::Put MegaflowTable::put(const Ufid& ufid, const flow::FlowKey& key, const flow::FlowMask& mask,
                                      const ActionList& actions, bool may_modify) {
  std::lock_guard lock(mutex_);
  if (auto it = by_ufid_.find(ufid); it != by_ufid_.end()) {
    if (!may_modify) return Put::kExists;
    it->second->set_actions(actions);
    return Put::kModified;
  }
  if (size() >= limit_.load(std::memory_order_relaxed)) return Put::kFull;
  Tuple& tuple = tuple_for(mask);
  Megaflow* flow = Megaflow::create(ufid, key, tuple.mask, actions);
  if (tuple.find(flow->hash, flow->values())) {    // under another ufid
    flow->release();
    return Put::kExists;
  }
  tuple.insert(flow);
  by_ufid_.emplace(ufid, flow);
  size_.fetch_add(1, std::memory_order_relaxed);
  return Put::kCreated;
}

FlowRef MegaflowTable::remove(const Ufid& ufid) {
  std::lock_guard lock(mutex_);
  auto it = by_ufid_.find(ufid);
  if (it == by_ufid_.end()) return {};
  Megaflow* flow = it->second;
  by_ufid_.erase(it);
  size_.fetch_sub(1, std::memory_order_relaxed);
  for (const auto& tuple : *tuples_.read()) {
    if (tuple->mask != flow->mask) continue;
    tuple->erase(flow);
    if (tuple->size() == 0) drop_tuple(*tuple);
    break;
  }
  flow->kill();
  return FlowRef(flow);                            // the table's reference
}

FlowRef MegaflowTable::get(const Ufid& ufid) const {
  std::lock_guard lock(mutex_);
  auto it = by_ufid_.find(ufid);
  return it != by_ufid_.end() && it->second->try_reference() ? FlowRef(it->second) : FlowRef();
}

std::vector<FlowRef> MegaflowTable::all() const {
  std::lock_guard lock(mutex_);
  std::vector<FlowRef> flows;
  flows.reserve(by_ufid_.size());
  for (const auto& [ufid, flow] : by_ufid_)
    if (flow->try_reference()) flows.emplace_back(flow);
  return flows;
}

void MegaflowTable::clear() {
  std::lock_guard lock(mutex_);
  tuples_.publish(std::make_unique<TupleList>());
  for (const auto& [ufid, flow] : by_ufid_) {
    flow->kill();
    flow->release();
  }
  by_ufid_.clear();
  size_.store(0, std::memory_order_relaxed);
}

uint64_t MegaflowTable::masks() const {
  std::lock_guard lock(mutex_);
  return tuples_.read()->size();
}

void MegaflowTable::rank() {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  auto next = std::make_unique<TupleList>(*tuples_.read());
  if (next->size() < 2) return;
  std::vector<std::pair<uint64_t, std::shared_ptr<Tuple>>> ranked;
  for (auto& tuple : *next) ranked.emplace_back(tuple->hits.exchange(0, std::memory_order_relaxed), tuple);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (size_t i = 0; i < ranked.size(); ++i) (*next)[i] = std::move(ranked[i].second);
  tuples_.publish(std::move(next));
}

}  // namespace turnout::datapath
