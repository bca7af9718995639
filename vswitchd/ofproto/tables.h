// The OpenFlow tables of one switch: what translation reads. One writer (main thread); readers inside RcuRead.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "vswitchd/ofproto/rule.h"

namespace turnout::ofproto {

class Tables {
 public:
  Tables() = default;
  ~Tables();
  Tables(const Tables&) = delete;

  // The version that readers ask for. Changes are made for version() + 1 and shown by commit().
  flow::Version version() const { return version_.load(std::memory_order_acquire); }
  // Reader: the rule for a packet in a table, or nullptr. Or-s the bits that decided into *wildcards.
  const Rule* lookup(uint8_t table, flow::Version version, const flow::FlowKey& key, flow::FlowMask* wildcards) const;

  // Writer.
  std::shared_ptr<Rule> add(const RuleSpec& spec, TimePoint now);      // replaces an equal match and priority at once
  bool remove(const Rule& rule);
  void commit();                                                       // shows everything since the last commit
  bool dirty() const { return dirty_; }
  std::shared_ptr<Rule> find(uint8_t table, const flow::Match& match, int32_t priority) const;
  void each(const std::function<void(const Rule&)>& f) const;          // by table, then highest priority first

 private:
  struct Table {
    flow::Classifier classifier;
    std::unordered_map<const flow::ClassifierRule*, std::shared_ptr<Rule>> rules;
  };
  Table& table(uint8_t id);

  std::array<std::atomic<Table*>, 256> tables_{};
  std::vector<std::shared_ptr<Rule>> retired_;                         // not seen from the next commit on
  std::vector<std::shared_ptr<Rule>> hidden_;                          // removed at the next commit
  std::atomic<flow::Version> version_{1};
  bool dirty_ = false;
};

}  // namespace turnout::ofproto
