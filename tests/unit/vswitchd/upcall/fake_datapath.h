// A datapath of one map, for tests of what stands above it.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "lib/datapath/datapath.h"

namespace turnout::upcall {

class FakeDatapath : public datapath::Datapath {
 public:
  const std::string& type() const override { return type_; }
  const std::string& name() const override { return name_; }
  void set_upcall_sink(datapath::UpcallSink* sink) override { sink_ = sink; }
  Result<DpPort> add_port(std::unique_ptr<netdev::Device>, std::optional<DpPort>) override { return fail("none"); }
  Status del_port(DpPort) override { return fail("none"); }
  netdev::Device* device(DpPort) override { return nullptr; }
  std::vector<datapath::PortInfo> ports() const override { return {}; }
  const datapath::Features& features() override { return features_; }
  Status put_flow(const datapath::FlowEntry& flow, bool) override {
    std::lock_guard lock(mutex_);
    flows_[flow.ufid] = flow;
    return {};
  }
  Status clear_flow_stats(const datapath::FlowEntry&) override { return {}; }
  std::optional<datapath::FlowStats> del_flow(const datapath::Ufid& ufid) override {
    std::lock_guard lock(mutex_);
    auto node = flows_.extract(ufid);
    if (!node) return std::nullopt;
    return node.mapped().stats;
  }
  std::optional<datapath::FlowEntry> get_flow(const datapath::Ufid& ufid) const override {
    std::lock_guard lock(mutex_);
    auto it = flows_.find(ufid);
    if (it == flows_.end()) return std::nullopt;
    return it->second;
  }
  void each_flow(const std::function<void(const datapath::FlowEntry&)>& f) const override {
    std::lock_guard lock(mutex_);
    for (const auto& [ufid, flow] : flows_) f(flow);
  }
  // As a kernel's: where names and statistics are wanted, nothing else.
  std::unique_ptr<datapath::FlowWalk> walk_flows(datapath::FlowParts parts, unsigned threads) const override {
    struct Statistics final : datapath::FlowWalk {
      explicit Statistics(std::unique_ptr<datapath::FlowWalk> w) : whole(std::move(w)) {}
      void take_part(const std::function<void(const datapath::FlowEntry&)>& f) override {
        whole->take_part([&](const datapath::FlowEntry& flow) {
          f({.ufid = flow.ufid, .stats = flow.stats, .unnamed = flow.unnamed});
        });
      }
      std::unique_ptr<datapath::FlowWalk> whole;
    };
    auto whole = Datapath::walk_flows(parts, threads);
    if (parts == datapath::FlowParts::kWhole) {
      ++whole_dumps_;
      return whole;
    }
    return std::make_unique<Statistics>(std::move(whole));
  }
  void flush_flows() override {
    std::lock_guard lock(mutex_);
    flows_.clear();
  }
  void set_flow_limit(uint64_t) override {}
  void execute(const net::Packet&, const flow::FlowKey&, const datapath::ActionList&) override {}
  datapath::Totals totals() const override { return {}; }
  void set_threads(unsigned) override {}
  void quiesce() override {}

  // A packet that meets no flow: asks the sink and installs what it says.
  datapath::UpcallReply miss(const flow::FlowKey& key) {
    auto packet = net::PacketPool::local().allocate();
    packet->set_size(60);
    auto reply = sink_->upcall({datapath::UpcallKind::kMiss, *packet, key, {}});
    if (!reply.install) return reply;
    (void)put_flow({reply.ufid, flow::apply_mask(key, reply.mask), reply.mask, reply.actions, {}}, false);
    sink_->flow_installed(reply.ufid, true);
    return reply;
  }
  // Packets that met a flow.
  void hit(const datapath::Ufid& ufid, uint64_t packets, TimePoint now) {
    std::lock_guard lock(mutex_);
    auto& stats = flows_.at(ufid).stats;
    stats.packets += packets;
    stats.bytes += 60 * packets;
    stats.used_ns = now.ns;
  }
  unsigned whole_dumps() const { return whole_dumps_; }     // since the start
  size_t size() const {
    std::lock_guard lock(mutex_);
    return flows_.size();
  }

 private:
  std::string type_ = "dummy", name_ = "ovs-dummy";
  datapath::UpcallSink* sink_ = nullptr;
  datapath::Features features_;
  mutable std::mutex mutex_;
  mutable std::atomic<unsigned> whole_dumps_{0};
  std::map<datapath::Ufid, datapath::FlowEntry> flows_;
};

}  // namespace turnout::upcall
