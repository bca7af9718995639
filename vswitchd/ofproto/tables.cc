// Changing the tables: what is added or removed shows with the next commit, all of it at once.
#include "vswitchd/ofproto/tables.h"

#include <algorithm>
#include <utility>

namespace turnout::ofproto {

Tables::~Tables() {
  for (auto& slot : tables_) {
    Table* table = slot.load(std::memory_order_relaxed);
    if (!table) continue;
    for (auto& [key, rule] : table->rules) table->classifier.remove(rule.get());
    delete table;
  }
}

Tables::Table& Tables::table(uint8_t id) {
  Table* found = tables_[id].load(std::memory_order_relaxed);
  if (!found) {
    found = new Table;
    tables_[id].store(found, std::memory_order_release);
  }
  return *found;
}

const Rule* Tables::lookup(uint8_t id, flow::Version version, const flow::FlowKey& key,
                           flow::FlowMask* wildcards) const {
  const Table* found = tables_[id].load(std::memory_order_acquire);
  if (!found) return nullptr;
  return static_cast<const Rule*>(found->classifier.lookup(version, key, wildcards));
}

std::shared_ptr<Rule> Tables::add(const RuleSpec& spec, TimePoint now) {
  if (auto old = find(spec.table, spec.match, spec.priority)) remove(*old);
  auto rule = std::make_shared<Rule>(spec, version() + 1, now);
  Table& t = table(spec.table);
  t.rules.emplace(rule.get(), rule);
  t.classifier.insert(rule.get());
  dirty_ = true;
  return rule;
}

bool Tables::remove(const Rule& rule) {
  Table& t = table(rule.table());
  auto it = t.rules.find(&rule);
  if (it == t.rules.end() || it->second->retired()) return false;
  it->second->retire_in(version() + 1);
  retired_.push_back(it->second);
  dirty_ = true;
  return true;
}

// A reader may have asked for the version just before the commit; the retired rules stay for it until the next one.
void Tables::commit() {
  if (!dirty_) return;
  dirty_ = false;
  for (auto& rule : std::exchange(hidden_, std::exchange(retired_, {}))) {
    Table& t = table(rule->table());
    t.classifier.remove(rule.get());
    t.rules.erase(rule.get());
    rcu_defer([kept = std::move(rule)] {});
  }
  version_.fetch_add(1, std::memory_order_acq_rel);
}

std::shared_ptr<Rule> Tables::find(uint8_t id, const flow::Match& match, int32_t priority) const {
  const Table* found = tables_[id].load(std::memory_order_acquire);
  if (!found) return nullptr;
  auto* rule = found->classifier.find_exact(match, priority, version() + 1);
  return rule ? static_cast<Rule*>(rule)->shared_from_this() : nullptr;
}

void Tables::each(const std::function<void(const Rule&)>& f) const {
  for (const auto& slot : tables_) {
    const Table* table = slot.load(std::memory_order_acquire);
    if (!table) continue;
    std::vector<const Rule*> rules;
    for (const auto& [key, rule] : table->rules)
      if (rule->visible(version())) rules.push_back(rule.get());
    std::stable_sort(rules.begin(), rules.end(), [](const Rule* a, const Rule* b) {
      return std::pair(-a->priority(), a->sequence()) < std::pair(-b->priority(), b->sequence());
    });
    for (const Rule* rule : rules) f(*rule);
  }
}

}  // namespace turnout::ofproto
