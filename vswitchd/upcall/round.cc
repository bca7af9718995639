// The verdict on each flow, and what follows from it.
#include "vswitchd/upcall/round.h"

#include <algorithm>
#include <chrono>

#include "lib/base/rcu.h"

namespace turnout::upcall {
namespace {

// Does `wanted` compare a bit that `has` does not?
bool looks_at_more(const flow::FlowMask& wanted, const flow::FlowMask& has) {
  for (size_t i = 0; i < flow::kKeyWords; ++i)
    if (flow::words(wanted)[i] & ~flow::words(has)[i]) return true;
  return false;
}

// Packets per second over its life.
uint64_t rate(const datapath::FlowEntry& entry, const InstalledFlow& flow, TimePoint now) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(0, (now - flow.created).count()) / 1'000'000'000);
  return entry.stats.packets / std::max<uint64_t>(1, seconds);
}

// Pays what the datapath counted since the last time.
void settle(const datapath::FlowStats& stats, InstalledFlow& flow) {
  const uint64_t packets = stats.packets >= flow.packets ? stats.packets - flow.packets : stats.packets;
  const uint64_t bytes = stats.bytes >= flow.bytes ? stats.bytes - flow.bytes : stats.bytes;
  flow.packets = stats.packets;
  flow.bytes = stats.bytes;
  flow.used_ns = std::max(flow.used_ns, stats.used_ns);
  if (!packets) return;
  const TimePoint used{stats.used_ns};
  pay(flow.credits, packets, bytes, used);
  translate::apply_writes(flow.writes, used);
}

int64_t real_now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

Round::Verdict Round::retranslate(const datapath::FlowEntry& entry, InstalledFlow& flow,
                                  datapath::ActionList& new_actions) const {
  thread_local translate::Translation t;
  if (real_now_ns() > plan_.slow_after_ns && rate(entry, flow, plan_.now) < plan_.min_pps) return Verdict::kDelete;
  {
    RcuRead read;
    translate::translate(*snapshots_.read(), entry.key, nullptr, t);
  }
  if (t.slow || looks_at_more(t.mask, entry.mask)) return Verdict::kDelete;
  flow.generation = plan_.generation;
  flow.writes = t.effects.writes;
  flow.credits = t.effects.credits;
  if (t.actions == entry.actions) return Verdict::kKeep;
  new_actions = t.actions;
  return Verdict::kModify;
}

// Takes the statistics in; does the flow go, whatever it does?
bool Round::is_over(const datapath::FlowStats& stats, InstalledFlow& flow) const {
  flow.round = plan_.number;
  settle(stats, flow);
  return plan_.delete_all || plan_.now.ns - std::max(flow.used_ns, flow.created.ns) > plan_.max_idle_ns;
}

Round::Verdict Round::judge(const datapath::FlowEntry& entry, InstalledFlow& flow,
                            datapath::ActionList& new_actions) const {
  if (is_over(entry.stats, flow)) return Verdict::kDelete;
  return flow.generation == plan_.generation ? Verdict::kKeep : retranslate(entry, flow, new_actions);
}

// A flow that this process did not install, but one before it may have: it stays if it is what would be installed now.
Round::Verdict Round::adopt(const datapath::FlowEntry& entry, datapath::ActionList& new_actions) const {
  InstalledFlow flow;
  flow.created = plan_.now;
  flow.packets = entry.stats.packets;
  flow.bytes = entry.stats.bytes;
  flow.used_ns = entry.stats.used_ns;
  flow.round = plan_.number;
  flow.installed = true;
  const Verdict verdict = retranslate(entry, flow, new_actions);
  if (verdict != Verdict::kDelete) handler_.flows().add(entry.ufid, std::move(flow));
  return verdict;
}

// Carried out after the walk: the datapath may hold locks during it that changing a flow needs.
struct Round::Verdicts {
  std::vector<datapath::Ufid> deletions, unclear;   // unclear: the whole flow is needed for a verdict
  std::vector<datapath::FlowEntry> changes, unnamed;
  uint64_t kept = 0;
};

void Round::visit(const datapath::FlowEntry& entry, Verdicts& verdicts) const {
  Verdict verdict = Verdict::kDelete;
  datapath::ActionList actions;
  const bool ours = handler_.flows().with(entry.ufid, [&](InstalledFlow& flow) { verdict = judge(entry, flow, actions); });
  if (!ours && !plan_.delete_all && !entry.unnamed) verdict = adopt(entry, actions);
  if (verdict == Verdict::kDelete && entry.unnamed) verdicts.unnamed.push_back(entry);
  else if (verdict == Verdict::kDelete) verdicts.deletions.push_back(entry.ufid);
  else ++verdicts.kept;
  if (verdict != Verdict::kModify) return;
  verdicts.changes.push_back(entry);
  verdicts.changes.back().actions = std::move(actions);
}

void Round::visit_statistics(const datapath::FlowEntry& entry, Verdicts& verdicts) const {
  if (entry.unnamed) return verdicts.unnamed.push_back(entry);
  bool over = plan_.delete_all, current = false;
  handler_.flows().with(entry.ufid, [&](InstalledFlow& flow) {
    over = is_over(entry.stats, flow);
    current = flow.generation == plan_.generation;
  });
  if (over) verdicts.deletions.push_back(entry.ufid);
  else if (current) ++verdicts.kept;
  else verdicts.unclear.push_back(entry.ufid);
}

uint64_t Round::run() {
  Verdicts verdicts;
  walk_->take_part([&](const datapath::FlowEntry& entry) {
    plan_.whole ? visit(entry, verdicts) : visit_statistics(entry, verdicts);
  });
  for (const datapath::Ufid& ufid : verdicts.unclear)
    if (const auto entry = dp_.get_flow(ufid)) visit(*entry, verdicts);
  carry_out(verdicts);
  return verdicts.kept;
}

void Round::carry_out(Verdicts& verdicts) {
  dp_.put_flows(verdicts.changes, [&](size_t i, const Status& status) {
    if (!status) verdicts.deletions.push_back(verdicts.changes[i].ufid);
  });
  dp_.del_flows(verdicts.deletions, [&](size_t i, const std::optional<datapath::FlowStats>& last) {
    auto flow = handler_.flows().take(verdicts.deletions[i]);
    if (last && flow) settle(*last, *flow);
  });
  for (const datapath::FlowEntry& entry : verdicts.unnamed) (void)dp_.remove_flow(entry);
}

void Round::sweep() {
  for (unsigned shard = 0; shard < InstalledFlows::kShards; ++shard)
    handler_.flows().sweep(shard, [&](const datapath::Ufid&, InstalledFlow& flow) {
      const bool lost = flow.installed && flow.round != 0 && flow.round != plan_.number;
      if (flow.installed && flow.round == 0) flow.round = plan_.number;   // came during the walk
      return lost;
    });
}

}  // namespace turnout::upcall
