// The walk of datapaths whose flows are in this process: to look at one is cheap, what the threads do with it is not.
#include <atomic>

#include "lib/datapath/datapath.h"

namespace turnout::datapath {
namespace {

// One part for each thread, by the names of the flows.
class PartedWalk final : public FlowWalk {
 public:
  PartedWalk(const Datapath& datapath, unsigned parts) : datapath_(datapath), parts_(parts) {}
  void take_part(const std::function<void(const FlowEntry&)>& f) override {
    for (unsigned part; (part = next_.fetch_add(1)) < parts_;)
      datapath_.each_flow([&](const FlowEntry& flow) { if (flow.ufid[3] % parts_ == part) f(flow); });
  }

 private:
  const Datapath& datapath_;
  const unsigned parts_;
  std::atomic<unsigned> next_{0};
};

}  // namespace

std::unique_ptr<FlowWalk> Datapath::walk_flows(FlowParts, unsigned threads) const {
  return std::make_unique<PartedWalk>(*this, threads);
}

}  // namespace turnout::datapath
