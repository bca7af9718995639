// See kernel.h.
#include <unistd.h>

#include <cerrno>
#include <algorithm>
#include <atomic>
#include <map>

#include "lib/base/log.h"
#include "lib/datapath/kernel/flow_walk.h"
#include "lib/datapath/kernel/flows.h"
#include "lib/datapath/kernel/kernel.h"
#include "lib/datapath/kernel/kernel_conntrack.h"
#include "lib/datapath/kernel/kernel_port.h"
#include "lib/datapath/kernel/port_watch.h"
#include "lib/datapath/kernel/probe.h"
#include "lib/datapath/kernel/tunnel_devices.h"
#include "lib/datapath/kernel/upcall_receiver.h"
#include "lib/datapath/kernel/vports.h"

namespace turnout::datapath {
namespace {

using namespace kernel;

Log log_dpif{"dpif_netlink"};

class KernelDatapath final : public Datapath {
 public:
  KernelDatapath(std::unique_ptr<Connection> connection, std::unique_ptr<Connection> walks, KernelDp dp, KernelOptions options)
      : kernel_(std::move(connection)), dp_(std::move(dp)), options_(std::move(options)),
        walks_(std::move(walks), dp_.ifindex, dp_.name) {
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
    if (options_.dispatch == KernelOptions::Dispatch::kByCpu) dispatch_by_cpu();
    else dispatch_by_vport();
  }

  Result<std::unique_ptr<netdev::Device>> open_device(netdev::Environment& devices, const netdev::OpenRequest& request,
                                                      std::optional<DpPort> wanted) override;
  Result<DpPort> add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) override;
  Status del_port(DpPort port) override;
  Result<DpPort> add_tunnel(const netdev::TunnelConfig& config, std::optional<DpPort> wanted) override;
  Status del_tunnel(DpPort port) override;
  netdev::Device* device(DpPort port) override {
    auto at = devices_.find(port);
    return at == devices_.end() ? nullptr : at->second.get();
  }
  std::vector<PortInfo> ports() const override {
    std::vector<PortInfo> ports;
    if (auto standing = list_vports(*kernel_, dp_.ifindex))
      for (const Vport& port : *standing) ports.push_back(info_of(port));
    std::sort(ports.begin(), ports.end(), [](const PortInfo& a, const PortInfo& b) { return a.number < b.number; });
    return ports;
  }

  void watch_ports(io::Loop& loop, std::function<void()> changed) override {
    auto watch = PortWatch::start(loop, kernel_->families(), {dp_.ifindex, {kernel_->port_id()}}, std::move(changed));
    if (watch) watch_ = std::move(*watch);
    else log_dpif.err("{}: changes by other programs will not be noticed ({})", dp_.name, watch.error().message);
  }
  std::vector<DpPort> reconcile_ports() override;

  Status put_flow(const FlowEntry& flow, bool may_modify) override {
    return ask([&](RequestBatch& one) { return add_put(one, flow, may_modify); });
  }
  void put_flows(std::span<const FlowEntry> flows, const std::function<void(size_t, const Status&)>& done) override;
  void del_flows(std::span<const Ufid> ufids,
                 const std::function<void(size_t, const std::optional<FlowStats>&)>& done) override;
  Status clear_flow_stats(const FlowEntry& like) override {
    const auto flow = find_flow(like);
    if (!flow) return fail_errno("no such flow", ENOENT);
    return ask([&](RequestBatch& one) { return clear_flow_request(one, flows(), dp_.ifindex, *flow); });
  }
  std::optional<FlowStats> del_flow(const Ufid& ufid) override { return remove_flow({.ufid = ufid}); }
  std::optional<FlowStats> remove_flow(const FlowEntry& like) override {
    std::optional<FlowStats> last;
    if (!ask([&](RequestBatch& one) { return delete_flow_request(one, flows(), dp_.ifindex, like); },
             [&](const Answer& answer) { last = read_flow_stats(answer); }))
      return std::nullopt;
    return last;
  }
  std::optional<FlowEntry> get_flow(const Ufid& ufid) const override { return find_flow({.ufid = ufid}); }
  std::optional<FlowEntry> find_flow(const FlowEntry& like) const override {
    std::optional<FlowEntry> found;
    (void)ask([&](RequestBatch& one) { return get_flow_request(one, flows(), dp_.ifindex, like); }, [&](const Answer& answer) {
      if (auto flow = read_flow(answer)) found = std::move(*flow);
    });
    return found;
  }
  void each_flow(const std::function<void(const FlowEntry&)>& f) const override {
    if (!gone_) walks_.begin(FlowParts::kWhole)->take_part(f);
  }
  std::unique_ptr<FlowWalk> walk_flows(FlowParts parts, unsigned threads) const override {
    return gone_ ? Datapath::walk_flows(parts, threads) : walks_.begin(parts);
  }
  void flush_flows() override {
    (void)ask([&](RequestBatch& one) { return flush_flows_request(one, flows(), dp_.ifindex); });
  }
  void set_flow_limit(uint64_t) override {}              // whoever installs flows counts them

  void execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) override {
    if (actions.empty()) return;
    const Status done = ask([&](RequestBatch& one) {
      return execute_request(one, kernel_->families().packet, dp_.ifindex, packet.bytes(), key, actions, pid_of(kDpPortLocal));
    });
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
  Conntrack* conntrack() override { return &conntrack_; }
  std::string_view dispatch_mode() const override { return by_vport_ ? "per-vport" : "per-cpu"; }
  const Features& features() override {
    if (!features_) features_ = probe_features(*kernel_, dp_.ifindex, dp_.name);
    return *features_;
  }
  void set_threads(unsigned) override {}                 // the kernel's CPUs move the packets
  void quiesce() override {}

  void leave() override { leaving_ = true; }
  void remove_strangers() override {
    for (const auto& [name, port] : std::exchange(strangers_, {})) {
      if (port.number == kDpPortLocal) continue;
      log_dpif.info("{}: removing port {}, which no bridge has any more", dp_.name, name);
      (void)delete_vport(*kernel_, dp_.ifindex, port.number);
      remove_tunnel_device(name);
    }
    remove_stale_tunnel_devices([this](const std::string& name) { return find_tunnel(name) != tunnels_.end(); });
  }

 private:
  struct Tunnel {
    netdev::TunnelConfig settings;                       // of one that uses it
    unsigned users = 0;
  };
  using Tunnels = std::map<DpPort, Tunnel>;
  const Family& flows() const { return kernel_->families().flow; }
  // 0 where the kernel knows the sockets of its CPUs.
  uint32_t pid_of(DpPort port) const {
    if (!by_vport_ || !receiver_) return 0;
    return receiver_->pids()[port.value % receiver_->pids().size()];
  }
  // One request that `add` puts into a batch.
  template <typename Add>
  Status ask(Add add, const std::function<void(const Answer&)>& receive = {}) const {
    if (gone_) return fail_errno(dp_.name, ENODEV);
    RequestBatch one;
    if (Status s = add(one); !s) return s;
    return kernel_->request(one, receive);
  }
  Status add_put(RequestBatch& batch, const FlowEntry& flow, bool may_modify) const {
    const Ufid ufid = flow.ufid == Ufid{} ? make_ufid(flow.key, flow.mask) : flow.ufid;
    return put_flow_request(batch, flows(), dp_.ifindex, {ufid, flow.key, flow.mask, flow.actions, flow.unnamed}, may_modify,
                            pid_of(kDpPortLocal));
  }
  void dispatch_by_cpu() {
    std::vector<uint32_t> by_cpu(static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_CONF))));
    for (size_t cpu = 0; cpu < by_cpu.size(); ++cpu) by_cpu[cpu] = receiver_->pids()[cpu % receiver_->pids().size()];
    if (set_cpu_sockets(*kernel_, dp_.ifindex, by_cpu)) return;
    log_dpif.info("{}: upcalls are dispatched by port, as the module cannot dispatch them by CPU", dp_.name);
    dispatch_by_vport();
  }
  void dispatch_by_vport() {
    by_vport_ = true;
    if (auto standing = list_vports(*kernel_, dp_.ifindex))
      for (const Vport& port : *standing) (void)set_vport_socket(*kernel_, dp_.ifindex, port.number, pid_of(port.number));
  }
  void note_stranger(const Vport& port) { strangers_[port.name] = port; }
  std::optional<Vport> claim(const std::string& name, uint32_t type);
  Result<Vport> need_vport(const std::string& name, uint32_t type, std::optional<DpPort> wanted);
  std::optional<netdev::Statistics> vport_statistics(const Vport& port) const;
  static PortInfo info_of(const Vport& port);
  Tunnels::iterator find_tunnel(std::string_view device_name);
  Result<Vport> need_tunnel_vport(const netdev::TunnelConfig& config, std::optional<DpPort> wanted);

  std::unique_ptr<Connection> kernel_;
  KernelConntrack conntrack_;
  std::optional<Features> features_;
  const KernelDp dp_;
  const KernelOptions options_;
  mutable FlowWalks walks_;
  std::unique_ptr<UpcallReceiver> receiver_;
  std::unique_ptr<PortWatch> watch_;
  bool by_vport_ = false, leaving_ = false;
  // Of the kernel: it was deleted, or its module was unloaded. Nothing is asked any more; the family numbers may be others'.
  std::atomic<bool> gone_{false};
  std::map<DpPort, std::unique_ptr<netdev::Device>> devices_;
  std::map<DpPort, std::string> held_;                   // every vport that is ours, by its name in the kernel
  Tunnels tunnels_;
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
  if (gone_) return fail_errno(dp_.name, ENODEV);
  if (auto claimed = claim(name, type)) {
    held_[claimed->number] = name;
    return *claimed;
  }
  auto added = add_vport(*kernel_, dp_.ifindex, type, name, wanted, pid_of(kDpPortLocal));
  if (added && by_vport_) (void)set_vport_socket(*kernel_, dp_.ifindex, added->number, pid_of(added->number));
  if (added) held_[added->number] = name;
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

PortInfo KernelDatapath::info_of(const Vport& port) {
  PortInfo info{port.number, port.name, vport_type_name(port.type), {}};
  if (port.type == OVS_VPORT_TYPE_INTERNAL || !is_tunnel_device_name(port.name)) return info;
  if (const netdev::TunnelKind* kind = tunnel_device_kind(port.name)) {
    info.type = kind->type;
    info.options = tunnel_device_options(port.name, *kind);
  }
  return info;
}

KernelDatapath::Tunnels::iterator KernelDatapath::find_tunnel(std::string_view device_name) {
  return std::find_if(tunnels_.begin(), tunnels_.end(),
                      [&](const auto& tunnel) { return tunnel.second.settings.device_name() == device_name; });
}

Result<Vport> KernelDatapath::need_tunnel_vport(const netdev::TunnelConfig& config, std::optional<DpPort> wanted) {
  const std::string name = config.device_name();
  const auto own_type = vport_type_of_tunnel(config.kind->type);
  // One that the module made itself keeps its device; that of a netdev type is rtnetlink's.
  const auto standing = strangers_.find(name);
  const bool by_module = own_type && standing != strangers_.end() && standing->second.type == *own_type;
  auto device = by_module ? Result<TunnelDevice>(TunnelDevice::kFound) : need_tunnel_device(config);
  if (!device && device.error().code == EOPNOTSUPP && own_type) {
    auto added = add_vport(*kernel_, dp_.ifindex, *own_type, name, wanted, pid_of(kDpPortLocal), {config.udp_port, config.gbp});
    if (added && by_vport_) (void)set_vport_socket(*kernel_, dp_.ifindex, added->number, pid_of(added->number));
    if (added) held_[added->number] = name;
    if (added || added.error().code != EAFNOSUPPORT) return added;
  }
  if (!device) return fail(device);
  if (*device == TunnelDevice::kMade) strangers_.erase(name);      // what stood went with the device before
  auto port = need_vport(name, by_module ? *own_type : uint32_t{OVS_VPORT_TYPE_NETDEV}, wanted);
  if (!port && *device == TunnelDevice::kMade) remove_tunnel_device(name);
  return port;
}

Result<DpPort> KernelDatapath::add_tunnel(const netdev::TunnelConfig& config, std::optional<DpPort> wanted) {
  if (std::string lacks = unsupported_by_kernels(config); !lacks.empty()) return fail(std::move(lacks), EOPNOTSUPP);
  if (auto at = find_tunnel(config.device_name()); at != tunnels_.end()) {
    if (!netdev::same_device_settings(at->second.settings, config)) return fail_errno(config.device_name(), EEXIST);
    ++at->second.users;
    return at->first;
  }
  auto port = need_tunnel_vport(config, wanted);
  if (!port) return fail(port);
  tunnels_[port->number] = {config, 1};
  return port->number;
}

Status KernelDatapath::del_tunnel(DpPort port) {
  const auto at = tunnels_.find(port);
  if (at == tunnels_.end() || --at->second.users) return {};       // not there: lost, as reconcile_ports() said
  tunnels_.erase(at);
  return del_port(port);
}

Status KernelDatapath::del_port(DpPort port) {
  const bool ours = devices_.erase(port);
  const auto held = held_.extract(port);
  if (leaving_ || gone_) return {};
  // Another has taken ours out, and perhaps put one of its own in its place.
  const auto now = get_vport(*kernel_, dp_.ifindex, port);
  if (held && (!now || now->name != held.mapped())) return {};
  std::erase_if(strangers_, [port](const auto& stranger) { return stranger.second.number == port; });
  Status s = delete_vport(*kernel_, dp_.ifindex, port);
  if (s && now && now->type != OVS_VPORT_TYPE_INTERNAL && is_tunnel_device_name(now->name)) remove_tunnel_device(now->name);
  if (!s && ours && s.error().code == ENODEV) return {};         // its device went and took it along
  return s;
}

std::vector<DpPort> KernelDatapath::reconcile_ports() {
  std::vector<DpPort> lost;
  std::map<DpPort, std::string> standing;
  auto listed = gone_ ? Result<std::vector<Vport>>(fail("gone")) : list_vports(*kernel_, dp_.ifindex);
  if (listed && listed->empty() && !get_datapath(*kernel_, dp_.ifindex)) listed = fail("gone");
  if (listed)
    for (const Vport& port : *listed) standing[port.number] = port.name;
  else if (!gone_.exchange(true))
    log_dpif.err("system@{}: the datapath is gone from the kernel (another program deleted it, or its module was unloaded); "
                 "restart ovs-vswitchd to have it again", dp_.name);
  for (const auto& [number, name] : held_) {
    const auto at = standing.find(number);
    if (at != standing.end() && at->second == name) standing.erase(at);
    else lost.push_back(number);
  }
  for (const DpPort port : lost)
    if (tunnels_.erase(port)) held_.erase(port);          // the next tunnel has it made anew
  for (const auto& [number, name] : standing) {
    if (number == kDpPortLocal || strangers_.contains(name)) continue;
    log_dpif.info("system@{}: removing port {}, which another program added and no bridge has", dp_.name, name);
    (void)delete_vport(*kernel_, dp_.ifindex, number);
  }
  return lost;
}

void KernelDatapath::put_flows(std::span<const FlowEntry> flows, const std::function<void(size_t, const Status&)>& done) {
  if (gone_) return Datapath::put_flows(flows, done);
  RequestBatch batch;
  std::vector<std::pair<size_t, Status>> outcome;        // by message: which flow it is
  for (size_t i = 0; i < flows.size(); ++i) {
    if (Status s = add_put(batch, flows[i], true); s) outcome.push_back({i, {}});
    else done(i, s);
    if (!batch.is_full() && i + 1 < flows.size()) continue;
    const Status sent = kernel_->exchange(batch, {}, [&](size_t m, Status failed) { outcome[m].second = std::move(failed); });
    for (const auto& [flow, status] : outcome) done(flow, sent ? status : sent);
    outcome.clear();
    batch.clear();
  }
}

void KernelDatapath::del_flows(std::span<const Ufid> ufids,
                               const std::function<void(size_t, const std::optional<FlowStats>&)>& done) {
  if (gone_) return Datapath::del_flows(ufids, done);
  RequestBatch batch;
  size_t first = 0;                                      // of those in the batch
  std::vector<std::optional<FlowStats>> last;
  for (size_t i = 0; i < ufids.size(); ++i) {
    (void)delete_flow_request(batch, this->flows(), dp_.ifindex, {.ufid = ufids[i]});
    if (!batch.is_full() && i + 1 < ufids.size()) continue;
    last.assign(batch.messages(), std::nullopt);
    (void)kernel_->exchange(batch, [&](size_t m, const Answer& answer) { last[m] = read_flow_stats(answer); }, {});
    for (size_t m = 0; m < last.size(); ++m) done(first + m, last[m]);
    batch.clear();
    first = i + 1;
  }
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
  const auto ports = kernel::list_vports(**connection, dp->ifindex);
  if (Status deleted = kernel::delete_datapath(**connection, dp->ifindex); !deleted) return deleted;
  if (ports)
    for (const Vport& port : *ports)
      if (port.type == OVS_VPORT_TYPE_NETDEV && is_tunnel_device_name(port.name)) remove_tunnel_device(port.name);
  return {};
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
