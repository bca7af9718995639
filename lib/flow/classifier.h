// Classifier: finds the rule of highest priority that matches a packet, by tuple space search: rules with one mask
// share a hash table (a subtable), and subtables are asked in the order of their highest priority.
//
// One writer at a time (insert, remove); any number of readers, each inside an RcuRead section, without a lock. Rules
// are visible in a range of versions [from, to): a writer adds and retires rules for version v + 1 while readers still
// ask for version v, and then publishes v + 1; so a set of changes appears at once.
//
// Retire a rule, publish the version, and remove() it after a grace period (rcu_defer): a reader of an older version that
// is still at work would otherwise miss it.
//
// Ownership: the classifier does not own rules. After remove() a rule may still be seen by readers that began before:
// free it with rcu_defer(), and do not insert it again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/flow/key.h"
#include "lib/flow/match.h"

namespace turnout::flow {

using Version = uint64_t;
inline constexpr Version kVersionNever = UINT64_MAX;

// Derive from it: `struct Rule : flow::ClassifierRule { … }`, and static_cast what lookup() returns.
class ClassifierRule {
 public:
  ClassifierRule(const Match& match, int32_t priority, Version from = 0)
      : match_(match), priority_(priority), from_(from) {}
  ClassifierRule(const ClassifierRule&) = delete;

  const MiniMatch& match() const { return match_; }
  int32_t priority() const { return priority_; }         // higher wins; rules of the switch itself may use > 65535
  bool visible(Version v) const {
    return from_.load(std::memory_order_acquire) <= v && v < to_.load(std::memory_order_acquire);
  }
  bool retired() const { return to_.load(std::memory_order_relaxed) != kVersionNever; }
  // From version v on it is not visible (any reader of an older version still finds it). Writer only.
  void retire_in(Version v) { to_.store(v, std::memory_order_release); }
  void restore() { to_.store(kVersionNever, std::memory_order_release); }   // takes retire_in() back

 private:
  friend class Classifier;
  friend class Subtable;
  MiniMatch match_;
  int32_t priority_;
  std::atomic<Version> from_, to_{kVersionNever};
  uint64_t hash_ = 0;                                    // of the masked key, set by insert()
  std::atomic<ClassifierRule*> next_same_{nullptr};      // same mask and key, lower or equal priority
};

class Subtable;

class Classifier {
 public:
  Classifier();
  ~Classifier();
  Classifier(const Classifier&) = delete;

  // Writer. Two rules of equal match and priority may both be inserted if no version sees both.
  void insert(ClassifierRule* rule);
  void remove(ClassifierRule* rule);                     // must be in the classifier

  // Reader. The visible rule of highest priority, or nullptr. Or-s into *wildcards (if not null) the bits of the key
  // that the answer depends on: no packet that agrees in those bits could get another answer in this version.
  ClassifierRule* lookup(Version version, const FlowKey& key, FlowMask* wildcards) const;

  // Reader or writer. The rule with exactly this match and priority.
  ClassifierRule* find_exact(const Match& match, int32_t priority, Version version) const;
  // A visible rule of the same priority that could match a packet which `match` matches (OFPFF_CHECK_OVERLAP).
  bool any_overlap(const Match& match, int32_t priority, Version version) const;
  // Visible rules that `match` covers (a default Match: all); in no particular order. f must not change the classifier.
  void each_covered(const Match& match, Version version, const std::function<void(ClassifierRule*)>& f) const;
  // Every rule, visible or not. Writer, or a reader.
  void each(const std::function<void(ClassifierRule*)>& f) const;

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  bool empty() const { return size() == 0; }
  size_t masks() const;                                  // number of subtables

 private:
  // Subtables and their highest priorities, highest first; replaced as a whole.
  struct Order {
    struct Item { int32_t max_priority; Subtable* subtable; };
    std::vector<Item> items;
  };
  Subtable* find_subtable(const MiniMatch& mask) const;
  void publish_order();

  std::vector<std::unique_ptr<Subtable>> subtables_;     // the writer's
  RcuPtr<Order> order_;
  std::atomic<size_t> size_{0};
};

}  // namespace turnout::flow
