// Subtables in the order of their highest priority.
#include "lib/flow/classifier.h"

#include <algorithm>

#include "lib/flow/subtable.h"

namespace turnout::flow {

Classifier::Classifier() : order_(std::make_unique<Order>()) {}
Classifier::~Classifier() = default;

size_t Classifier::masks() const { return order_.read()->items.size(); }

Subtable* Classifier::find_subtable(const MiniMatch& match) const {
  for (const Order::Item& item : order_.read()->items)
    if (item.subtable->has_mask_of(match)) return item.subtable;
  return nullptr;
}

void Classifier::publish_order() {
  auto order = std::make_unique<Order>();
  order->items.reserve(subtables_.size());
  for (const auto& subtable : subtables_) order->items.push_back({subtable->max_priority(), subtable.get()});
  std::ranges::stable_sort(order->items, std::greater<>(), &Order::Item::max_priority);
  order_.publish(std::move(order));
}

void Classifier::insert(ClassifierRule* rule) {
  Subtable* subtable = find_subtable(rule->match());
  bool reorder = !subtable;
  if (subtable) {
    reorder = rule->priority() > subtable->max_priority();
  } else {
    subtable = subtables_.emplace_back(std::make_unique<Subtable>(rule->match())).get();
  }
  subtable->insert(rule);
  if (reorder) publish_order();
  size_.fetch_add(1, std::memory_order_relaxed);
}

void Classifier::remove(ClassifierRule* rule) {
  Subtable* subtable = find_subtable(rule->match());
  if (!subtable) std::abort();   // not in the classifier
  const int32_t before = subtable->max_priority();
  subtable->remove(rule);
  size_.fetch_sub(1, std::memory_order_relaxed);
  if (!subtable->empty()) {
    if (subtable->max_priority() != before) publish_order();
    return;
  }
  const auto it = std::ranges::find(subtables_, subtable, &std::unique_ptr<Subtable>::get);
  it->release();
  subtables_.erase(it);
  publish_order();
  rcu_defer([subtable] { delete subtable; });
}

ClassifierRule* Classifier::lookup(Version version, const FlowKey& key, FlowMask* wildcards) const {
  ClassifierRule* best = nullptr;
  for (const Order::Item& item : order_.read()->items) {
    if (best && best->priority() >= item.max_priority) break;
    ClassifierRule* rule = item.subtable->lookup(version, key, wildcards);
    if (rule && (!best || rule->priority() > best->priority())) best = rule;
  }
  return best;
}

ClassifierRule* Classifier::find_exact(const Match& match, int32_t priority, Version version) const {
  const MiniMatch wanted(match);
  const Subtable* subtable = find_subtable(wanted);
  return subtable ? subtable->find_exact(wanted, priority, version) : nullptr;
}

bool Classifier::any_overlap(const Match& match, int32_t priority, Version version) const {
  bool found = false;
  each([&](ClassifierRule* rule) {
    found = found || (rule->priority() == priority && rule->visible(version) && rule->match().expand().overlaps(match));
  });
  return found;
}

void Classifier::each_covered(const Match& match, Version version, const std::function<void(ClassifierRule*)>& f) const {
  const bool all = match.matches_everything();
  each([&](ClassifierRule* rule) {
    if (rule->visible(version) && (all || match.covers(rule->match().expand()))) f(rule);
  });
}

void Classifier::each(const std::function<void(ClassifierRule*)>& f) const {
  for (const Order::Item& item : order_.read()->items) item.subtable->each(f);
}

}  // namespace turnout::flow
