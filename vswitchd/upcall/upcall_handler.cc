// An upcall, from the key to the reply.
#include "vswitchd/upcall/upcall_handler.h"

#include "lib/base/counters.h"
#include "lib/base/rcu.h"

namespace turnout::upcall {
namespace {

Counter upcall_count{"upcall"};
Counter limit_count{"upcall_flow_limit_hit"};
std::atomic<bool> megaflows_on{true};

// Every bit of what the packet has: a mask for upcall/disable-megaflows.
void make_exact(const flow::FlowKey& key, flow::FlowMask& mask) {
  flow::nonzero_words(key).each([&](unsigned word) { flow::words(mask)[word] = UINT64_MAX; });
}

}  // namespace

UpcallHandler::UpcallHandler(const translate::SnapshotWriter& snapshots, const Clock& clock)
    : snapshots_(snapshots), clock_(clock) {}

void UpcallHandler::set_megaflows(bool enabled) { megaflows_on.store(enabled, std::memory_order_relaxed); }
bool UpcallHandler::megaflows() { return megaflows_on.load(std::memory_order_relaxed); }

uint64_t UpcallHandler::dropped(translate::Reason reason) const {
  return reasons_[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
}

void pay(std::span<const translate::Credit> credits, uint64_t packets, uint64_t bytes, TimePoint used) {
  struct Pay {
    uint64_t packets, bytes;
    TimePoint used;
    void operator()(const translate::RuleCredit& credit) const { credit.rule->credit(packets, bytes, used); }
    void operator()(const translate::PortCredit& credit) const {
      (credit.sent ? credit.counters->sent : credit.counters->received).add(packets, bytes);
    }
  };
  for (const translate::Credit& credit : credits) std::visit(Pay{packets, bytes, used}, credit);
}

datapath::UpcallReply UpcallHandler::upcall(const datapath::Upcall& upcall) {
  thread_local translate::Translation t;
  upcalls_.fetch_add(1, std::memory_order_relaxed);
  upcall_count.add();
  // Read before translating: what changes meanwhile makes the revalidator look again.
  const uint64_t before = generation();
  {
    RcuRead read;
    translate::translate(*snapshots_.read(), upcall.key, &upcall.packet, t);
  }
  const TimePoint now = clock_.now();
  reasons_[static_cast<size_t>(t.reason)].fetch_add(1, std::memory_order_relaxed);
  translate::apply_writes(t.effects, now);
  pay(t.effects.credits, 1, upcall.packet.size(), now);

  datapath::UpcallReply reply;
  reply.actions = t.actions;
  if (upcall.kind != datapath::UpcallKind::kMiss || t.slow) return reply;
  if (flows_.size() >= flow_limit()) {
    limit_count.add();
    return reply;
  }
  if (!megaflows()) make_exact(upcall.key, t.mask);
  reply.mask = t.mask;
  reply.ufid = datapath::make_ufid(upcall.key, t.mask);
  InstalledFlow flow;
  flow.created = now;
  flow.generation = before;
  flow.writes = t.effects.writes;
  flow.credits = t.effects.credits;
  reply.install = flows_.add(reply.ufid, std::move(flow));   // another thread may be about to install the same
  return reply;
}

void UpcallHandler::flow_installed(const datapath::Ufid& ufid, bool installed) {
  if (!installed) {
    flows_.take(ufid);
    return;
  }
  flows_.with(ufid, [](InstalledFlow& flow) { flow.installed = true; });
  if (on_first_flow_ && !watched_.exchange(true, std::memory_order_acq_rel)) on_first_flow_();
}

}  // namespace turnout::upcall
