// Answers the upcalls of one datapath: translates on the calling thread against the current snapshot, applies what the
// packet teaches at once, and keeps what the revalidator needs to know of the flow that is installed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>

#include "lib/base/clock.h"
#include "lib/datapath/datapath.h"
#include "vswitchd/translate/snapshot.h"
#include "vswitchd/translate/translator.h"
#include "vswitchd/upcall/installed_flows.h"

namespace turnout::upcall {

class UpcallHandler : public datapath::UpcallSink {
 public:
  // Both outlive it.
  UpcallHandler(const translate::SnapshotWriter& snapshots, const Clock& clock);

  // Any thread that has an RcuThread.
  datapath::UpcallReply upcall(const datapath::Upcall& upcall) override;
  void flow_installed(const datapath::Ufid& ufid, bool installed) override;

  InstalledFlows& flows() { return flows_; }
  // Called (any thread) when a flow is installed while nobody watches them; then they count as watched until unwatch().
  // Set before use.
  void on_first_flow(std::function<void()> call) { on_first_flow_ = std::move(call); }
  void unwatch() { watched_.store(false, std::memory_order_release); }
  // The generation that a translation made now belongs to: configuration and learning tables together.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void bump_generation() { generation_.fetch_add(1, std::memory_order_acq_rel); }

  // No more than this many flows are installed; packets above it are forwarded one by one.
  void set_flow_limit(uint64_t flows) { flow_limit_.store(flows, std::memory_order_relaxed); }
  uint64_t flow_limit() const { return flow_limit_.load(std::memory_order_relaxed); }
  // Process-wide test switch: upcall/disable-megaflows makes every flow match exactly.
  static void set_megaflows(bool enabled);
  static bool megaflows();

  uint64_t upcalls() const { return upcalls_.load(std::memory_order_relaxed); }
  uint64_t dropped(translate::Reason reason) const;

 private:
  const translate::SnapshotWriter& snapshots_;
  const Clock& clock_;
  InstalledFlows flows_;
  std::function<void()> on_first_flow_;
  std::atomic<bool> watched_{false};
  std::atomic<uint64_t> generation_{1}, flow_limit_{10000}, upcalls_{0};
  std::array<std::atomic<uint64_t>, translate::kReasons> reasons_{};
};

// Pays packets and bytes to all credits.
void pay(std::span<const translate::Credit> credits, uint64_t packets, uint64_t bytes, TimePoint used);

}  // namespace turnout::upcall
