// See kernel.h.
#include <unistd.h>

#include <cerrno>
#include <algorithm>
#include <map>

#include "lib/base/log.h"
#include "lib/datapath/kernel/flows.h"
#include "lib/datapath/kernel/kernel.h"
#include "lib/datapath/kernel/kernel_port.h"
#include "lib/datapath/kernel/upcall_receiver.h"
#include "lib/datapath/kernel/vports.h"

namespace turnout::datapath {
namespace {

using namespace kernel;

Log log_dpif{"dpif_netlink"};

class KernelDatapath final : public Datapath {
 public:
  KernelDatapath(std::unique_ptr<Connection> connection, std::unique_ptr<Connection> walks, KernelDp dp, KernelOptions options)
      : kernel_(std::move(connection)), walks_(std::move(walks)), dp_(std::move(dp)), options_(std::move(options)) {
    if (auto standing = list_vports(*kernel_, dp_.ifindex))
      for (const Vport& port : *standing) note_stranger(port);
  }

  ~KernelDatapath() override {
    receiver_.reset();
    if (leaving_ || options_.outlives_object) return;
    if (Status s = delete_datapath(*kernel_, dp_.ifindex); !s && s.error().code != ENODEV)
      log_dpif.warn("{}: deleting the datapath failed ({})", dp_.name, s.error().message);
  }

  const std::string& type() const override {
    static const std::string kType = "system";
    return kType;
  }
  const std::string& name() const override { return options_.name; }
  bool in_kernel() const override { return true; }

  void set_upcall_sink(UpcallSink* sink) override {
    auto receiver = UpcallReceiver::start(dp_.ifindex, options_.handlers, *sink);
    if (!receiver) return log_dpif.err("{}: cannot receive upcalls ({})", dp_.name, receiver.error().message);
    receiver_ = std::move(*receiver);
    std::vector<uint32_t> by_cpu(static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_CONF))));
    for (size_t cpu = 0; cpu < by_cpu.size(); ++cpu) by_cpu[cpu] = receiver_->pids()[cpu % receiver_->pids().size()];
    if (Status s = set_cpu_sockets(*kernel_, dp_.ifindex, by_cpu); !s) {
      by_vport_ = true;
      log_dpif.info("{}: upcalls are dispatched by port, as the module cannot dispatch them by CPU", dp_.name);
      if (auto standing = list_vports(*kernel_, dp_.ifindex))
        for (const Vport& port : *standing) (void)set_vport_socket(*kernel_, dp_.ifindex, port.number, pid_of(port.number));
    }
  }

  Result<std::unique_ptr<netdev::Device>> open_device(netdev::Environment& devices, const netdev::OpenRequest& request,
                                                      std::optional<DpPort> wanted) override;
  Result<DpPort> add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) override;
  Status del_port(DpPort port) override;
  netdev::Device* device(DpPort port) override {
    auto at = devices_.find(port);
    return at == devices_.end() ? nullptr : at->second.get();
  }
  std::vector<PortInfo> ports() const override {
    std::vector<PortInfo> ports;
    if (auto standing = list_vports(*kernel_, dp_.ifindex))
      for (const Vport& port : *standing) ports.push_back({port.number, port.name, vport_type_name(port.type)});
    std::sort(ports.begin(), ports.end(), [](const PortInfo& a, const PortInfo& b) { return a.number < b.number; });
    return ports;
  }

  Status put_flow(const FlowEntry& flow, bool may_modify) override {
    FlowEntry named = flow;
    if (named.ufid == Ufid{}) named.ufid = make_ufid(flow.key, flow.mask);
    return kernel_->request(put_flow_request(flows(), dp_.ifindex, named, may_modify, pid_of(kDpPortLocal)));
  }
  Status clear_flow_stats(const FlowEntry& like) override {
    const auto flow = find_flow(like);
    if (!flow) return fail_errno("no such flow", ENOENT);
    return kernel_->request(clear_flow_request(flows(), dp_.ifindex, *flow));
  }
  std::optional<FlowStats> del_flow(const Ufid& ufid) override { return remove_flow({.ufid = ufid}); }
  std::optional<FlowStats> remove_flow(const FlowEntry& like) override {
    std::optional<FlowStats> last;
    if (!kernel_->request(delete_flow_request(flows(), dp_.ifindex, like),
                          [&](const Answer& answer) { last = read_flow_stats(answer); }))
      return std::nullopt;
    return last;
  }
  std::optional<FlowEntry> get_flow(const Ufid& ufid) const override { return find_flow({.ufid = ufid}); }
  std::optional<FlowEntry> find_flow(const FlowEntry& like) const override {
    std::optional<FlowEntry> found;
    (void)kernel_->request(get_flow_request(flows(), dp_.ifindex, like), [&](const Answer& answer) {
      if (auto flow = read_flow(answer)) found = std::move(*flow);
    });
    return found;
  }
  void each_flow(const std::function<void(const FlowEntry&)>& f) const override;
  void flush_flows() override { (void)kernel_->request(flush_flows_request(flows(), dp_.ifindex)); }
  void set_flow_limit(uint64_t) override {}              // whoever installs flows counts them

  void execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) override {
    if (actions.empty()) return;
    const Status done = kernel_->request(execute_request(kernel_->families().packet, dp_.ifindex, packet.bytes(), key, actions,
                                                         pid_of(kDpPortLocal)));
    static LogRateLimit limit{5};
    if (!done) log_dpif.limited(limit, LogLevel::kWarn, "{}: executing actions failed ({})", dp_.name, done.error().message);
  }
  Totals totals() const override {
    Totals t;
    auto now = get_datapath(*kernel_, dp_.ifindex);
    if (!now) return t;
    t.hit = now->stats.n_hit;
    t.missed = now->stats.n_missed;
    t.lost = now->stats.n_lost;
    t.flows = now->stats.n_flows;
    t.masks = now->megaflows.n_masks;
    t.mask_hits = now->megaflows.n_mask_hit;
    t.cache_hits = now->megaflows.n_cache_hit;
    return t;
  }
  std::optional<uint32_t> mask_cache_size() const override {
    const auto now = get_datapath(*kernel_, dp_.ifindex);
    return now ? now->mask_cache_size : std::nullopt;
  }
  Result<uint32_t> set_mask_cache_size(uint32_t entries) override {
    return kernel::set_mask_cache_size(*kernel_, dp_.ifindex, entries);
  }
  void set_threads(unsigned) override {}                 // the kernel's CPUs move the packets
  void quiesce() override {}

  void leave() override { leaving_ = true; }
  void remove_strangers() override {
    for (const auto& [name, port] : std::exchange(strangers_, {})) {
      if (port.number == kDpPortLocal) continue;
      log_dpif.info("{}: removing port {}, which no bridge has any more", dp_.name, name);
      (void)delete_vport(*kernel_, dp_.ifindex, port.number);
    }
  }

 private:
  const Family& flows() const { return kernel_->families().flow; }
  // 0 where the kernel knows the sockets of its CPUs.
  uint32_t pid_of(DpPort port) const {
    if (!by_vport_ || !receiver_) return 0;
    return receiver_->pids()[port.value % receiver_->pids().size()];
  }
  void note_stranger(const Vport& port) { strangers_[port.name] = port; }
  std::optional<Vport> claim(const std::string& name, uint32_t type);
  Result<Vport> need_vport(const std::string& name, uint32_t type, std::optional<DpPort> wanted);
  std::optional<netdev::Statistics> vport_statistics(const Vport& port) const;

  std::unique_ptr<Connection> kernel_, walks_;
  const KernelDp dp_;
  const KernelOptions options_;
  std::unique_ptr<UpcallReceiver> receiver_;
  bool by_vport_ = false, leaving_ = false;
  std::map<DpPort, std::unique_ptr<netdev::Device>> devices_;
  std::map<std::string, Vport> made_;                    // internal ports between open_device() and add_port()
  std::map<std::string, Vport> strangers_;               // stood there at the start and were not claimed yet
};

// A port that an earlier process left and that is still what is wanted goes on as it is.
std::optional<Vport> KernelDatapath::claim(const std::string& name, uint32_t type) {
  auto at = strangers_.find(name);
  if (at == strangers_.end()) return std::nullopt;
  const Vport port = at->second;
  strangers_.erase(at);
  if (port.type == type) {
    if (by_vport_) (void)set_vport_socket(*kernel_, dp_.ifindex, port.number, pid_of(port.number));
    return port;
  }
  (void)delete_vport(*kernel_, dp_.ifindex, port.number);
  return std::nullopt;
}

Result<Vport> KernelDatapath::need_vport(const std::string& name, uint32_t type, std::optional<DpPort> wanted) {
  if (auto claimed = claim(name, type)) return *claimed;
  auto added = add_vport(*kernel_, dp_.ifindex, type, name, wanted, pid_of(kDpPortLocal));
  if (added && by_vport_) (void)set_vport_socket(*kernel_, dp_.ifindex, added->number, pid_of(added->number));
  return added;
}

Result<std::unique_ptr<netdev::Device>> KernelDatapath::open_device(netdev::Environment& devices,
                                                                    const netdev::OpenRequest& request,
                                                                    std::optional<DpPort> wanted) {
  const bool internal = request.type == "internal";
  if (!internal && !request.type.empty() && request.type != "system")
    return fail("type " + request.type + " is not supported on the kernel datapath", EAFNOSUPPORT);
  const std::string type = internal ? "internal" : "system";
  Vport port;
  if (internal) {
    auto made = need_vport(request.name, OVS_VPORT_TYPE_INTERNAL, wanted);
    if (!made) return fail(made);
    made_[request.name] = port = *made;
  } else if (auto there = devices.open_link(request.name, type); !there) {
    return there;
  }
  auto open = [&devices, name = request.name, type]() -> std::unique_ptr<netdev::Device> {
    auto link = devices.open_link(name, type);
    return link ? std::move(*link) : nullptr;
  };
  auto device = std::make_unique<KernelPort>(request.name, type, open, [this, port] { return vport_statistics(port); });
  if (request.mac) (void)device->set_mac(*request.mac);
  return std::unique_ptr<netdev::Device>(std::move(device));
}

// Of an internal port; the others are gone with their link.
std::optional<netdev::Statistics> KernelDatapath::vport_statistics(const Vport& port) const {
  if (port.type != OVS_VPORT_TYPE_INTERNAL) return std::nullopt;
  auto now = get_vport(*kernel_, dp_.ifindex, port.number);
  if (!now || now->name != port.name) return std::nullopt;
  const ovs_vport_stats& s = now->stats;
  netdev::Statistics out;
  out.rx_packets = s.rx_packets;
  out.rx_bytes = s.rx_bytes;
  out.rx_errors = s.rx_errors;
  out.rx_dropped = s.rx_dropped;
  out.tx_packets = s.tx_packets;
  out.tx_bytes = s.tx_bytes;
  out.tx_errors = s.tx_errors;
  out.tx_dropped = s.tx_dropped;
  return out;
}

Result<DpPort> KernelDatapath::add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) {
  Vport port;
  if (auto made = made_.extract(device->name())) {
    port = made.mapped();
  } else {
    auto added = need_vport(device->name(), OVS_VPORT_TYPE_NETDEV, wanted);
    if (!added) return fail(added);
    port = *added;
  }
  devices_[port.number] = std::move(device);
  return port.number;
}

Status KernelDatapath::del_port(DpPort port) {
  const bool ours = devices_.erase(port);
  if (leaving_) return {};
  std::erase_if(strangers_, [port](const auto& stranger) { return stranger.second.number == port; });
  Status s = delete_vport(*kernel_, dp_.ifindex, port);
  if (!s && ours && s.error().code == ENODEV) return {};         // its device went and took it along
  return s;
}

// By a connection of its own, so that flows can be changed meanwhile. A walk that the kernel begins anew, because the
// table changed under it, visits some flows twice.
void KernelDatapath::each_flow(const std::function<void(const FlowEntry&)>& f) const {
  uint64_t strange = 0;
  const Status dumped = walks_->dump(dump_flows_request(flows(), dp_.ifindex), [&](const Answer& answer) {
    if (auto flow = read_flow(answer)) f(*flow);
    else ++strange;
  });
  static LogRateLimit limit{5};
  if (!dumped) log_dpif.limited(limit, LogLevel::kWarn, "{}: reading the flows failed ({})", dp_.name, dumped.error().message);
  if (strange) log_dpif.limited(limit, LogLevel::kWarn, "{}: {} flows of another program are not understood", dp_.name, strange);
}

}  // namespace

Status kernel_families_exist() {
  auto socket = netlink::Socket::open(NETLINK_GENERIC);
  if (!socket) return fail(socket);
  auto families = kernel::Families::find(**socket);
  return families ? Status{} : fail(families);
}

Result<std::vector<std::string>> kernel_datapath_names() {
  auto connection = kernel::Connection::open();
  if (!connection) return fail(connection);
  auto all = kernel::list_datapaths(**connection);
  if (!all) return fail(all);
  std::vector<std::string> names;
  for (const KernelDp& dp : *all) names.push_back(dp.name);
  return names;
}

Status delete_kernel_datapath(const std::string& name) {
  auto connection = kernel::Connection::open();
  if (!connection) return fail(connection);
  auto dp = kernel::get_datapath(**connection, name);
  if (!dp) return fail(dp);
  return kernel::delete_datapath(**connection, dp->ifindex);
}

Result<std::unique_ptr<Datapath>> make_kernel(KernelOptions options) {
  auto connection = kernel::Connection::open();
  if (!connection) return fail(connection);
  auto walks = kernel::Connection::open();
  if (!walks) return fail(walks);
  using Make = KernelOptions::Make;
  auto dp = options.make == Make::kStanding ? kernel::get_datapath(**connection, options.name)
                                            : kernel::new_datapath(**connection, options.name);
  if (!dp && dp.error().code == EEXIST && options.make == Make::kNewOrStanding)
    dp = kernel::get_datapath(**connection, options.name);
  if (!dp) return fail(dp);
  return std::unique_ptr<Datapath>(new KernelDatapath(std::move(*connection), std::move(*walks), *dp, std::move(options)));
}

}  // namespace turnout::datapath
