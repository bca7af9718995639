// One share of a revalidation round: which flows stay, which are changed, which go. Used by the threads of Revalidator.
#pragma once

#include <cstdint>
#include <vector>

#include "vswitchd/upcall/revalidator.h"

namespace turnout::upcall {

struct RoundPlan {
  uint64_t number = 1;                 // never 0
  TimePoint now;
  uint64_t generation = 0;             // of the handler, read before the round
  int64_t max_idle_ns = 0;
  unsigned shares = 1;                 // threads that split the flows
  int64_t slow_after_ns = INT64_MAX;   // real time from which on flows below min_pps are not worth a translation
  uint64_t min_pps = 0;
  bool delete_all = false;
  bool whole = true;                   // most flows will be translated again: read all of each of them from the start
};

class Round {
 public:
  Round(datapath::Datapath& dp, UpcallHandler& handler, const translate::SnapshotWriter& snapshots, const RoundPlan& plan)
      : dp_(dp), handler_(handler), snapshots_(snapshots), plan_(plan),
        walk_(dp.walk_flows(plan.whole ? datapath::FlowParts::kWhole : datapath::FlowParts::kStatistics, plan.shares)) {}

  // Takes part in it until all is done; any thread that has an RcuThread. Returns how many flows it has kept.
  uint64_t run();
  // After all shares: forgets flows that the datapath has lost.
  void sweep();

 private:
  enum class Verdict : uint8_t { kKeep, kModify, kDelete };
  Verdict judge(const datapath::FlowEntry& entry, InstalledFlow& flow, datapath::ActionList& new_actions) const;
  Verdict adopt(const datapath::FlowEntry& entry, datapath::ActionList& new_actions) const;
  Verdict retranslate(const datapath::FlowEntry& entry, InstalledFlow& flow, datapath::ActionList& new_actions) const;
  struct Verdicts;
  void visit(const datapath::FlowEntry& entry, Verdicts& verdicts) const;
  void visit_statistics(const datapath::FlowEntry& entry, Verdicts& verdicts) const;
  bool is_over(const datapath::FlowStats& stats, InstalledFlow& flow) const;
  void carry_out(Verdicts& verdicts);

  datapath::Datapath& dp_;
  UpcallHandler& handler_;
  const translate::SnapshotWriter& snapshots_;
  const RoundPlan plan_;
  const std::unique_ptr<datapath::FlowWalk> walk_;
};

}  // namespace turnout::upcall
