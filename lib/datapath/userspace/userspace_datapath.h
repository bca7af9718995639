// The Datapath of the userspace: ties ports, flows and threads together. See userspace.h for making one.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "lib/datapath/userspace/features.h"
#include "lib/datapath/userspace/packet_thread.h"
#include "lib/datapath/userspace/userspace.h"

namespace turnout::datapath {

class UserspaceDatapath final : public Datapath {
 public:
  explicit UserspaceDatapath(UserspaceOptions options);
  ~UserspaceDatapath() override;

  const std::string& type() const override { return options_.type; }
  const std::string& name() const override { return options_.name; }
  bool shown_as_userspace() const override {
    return options_.type != "system" || options_.numbering == PortNumbering::kByName;
  }
  void set_upcall_sink(UpcallSink* sink) override { shared_.sink.store(sink, std::memory_order_release); }

  Result<DpPort> add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) override;
  Status del_port(DpPort port) override;
  netdev::Device* device(DpPort port) override;
  std::vector<PortInfo> ports() const override;

  Status put_flow(const FlowEntry& flow, bool may_modify) override;
  Status clear_flow_stats(const FlowEntry& like) override;
  std::optional<FlowStats> del_flow(const Ufid& ufid) override;
  std::optional<FlowEntry> get_flow(const Ufid& ufid) const override;
  void each_flow(const std::function<void(const FlowEntry&)>& f) const override;
  void flush_flows() override { shared_.flows.clear(); }
  void set_flow_limit(uint64_t flows) override { shared_.flows.set_limit(flows); }

  void execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) override;
  Totals totals() const override;
  const Features& features() override { return userspace_features(); }
  void set_threads(unsigned packet_threads) override;
  void quiesce() override;

 private:
  void start_receiving(Port& port);
  void stop_receiving(Port& port);
  bool drain(Port& port);                      // without threads: some packets of the port; false: there were none
  bool any_readable() const;
  void start_threads(unsigned count);
  void end_threads();

  UserspaceOptions options_;
  SharedState shared_;
  ThreadGroup group_;
  std::vector<std::unique_ptr<PacketThread>> threads_;
  std::unique_ptr<Pipeline> own_;              // of the loop's thread, without packet threads
  std::unordered_map<uint32_t, io::Handle> watches_;
  Totals ended_;                               // of threads that are gone

  // Pipelines for execute(), borrowed by any thread.
  mutable std::mutex guests_mutex_;
  std::vector<std::unique_ptr<Pipeline>> guests_;
  std::vector<Pipeline*> idle_guests_;
};

}  // namespace turnout::datapath
