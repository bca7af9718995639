// See status.h.
#include "vswitchd/bridge/status.h"

#include <fmt/format.h>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "ovsdb/schema/vswitch_idl.h"

namespace turnout::bridge {

namespace {

Log log_bridge{"bridge"};

template <typename Row, typename Text>
void set_text(Row& row, void (Row::*set)(std::optional<std::string_view>), const Text& text) {
  if (text.empty())
    (row.*set)(std::nullopt);
  else
    (row.*set)(std::string_view(text));
}

}  // namespace

std::map<std::string, int64_t> statistics_map(const netdev::Statistics& s, bool is_dummy) {
  auto n = [](uint64_t v) { return static_cast<int64_t>(v); };
  std::map<std::string, int64_t> out{{"rx_packets", n(s.rx_packets)},
                                     {"rx_bytes", n(s.rx_bytes)},
                                     {"tx_packets", n(s.tx_packets)},
                                     {"tx_bytes", n(s.tx_bytes)}};
  if (is_dummy) return out;
  out.insert({{"rx_dropped", n(s.rx_dropped)},
              {"rx_frame_err", n(s.rx_frame_errors)},
              {"rx_over_err", n(s.rx_over_errors)},
              {"rx_crc_err", n(s.rx_crc_errors)},
              {"rx_errors", n(s.rx_errors)},
              {"tx_dropped", n(s.tx_dropped)},
              {"collisions", n(s.collisions)},
              {"tx_errors", n(s.tx_errors)}});
  return out;
}

namespace {

// What flows paid.
std::map<std::string, int64_t> counted_map(const ofproto::PortCounters& counters) {
  netdev::Statistics s;
  s.rx_packets = counters.received.packets.load(std::memory_order_relaxed);
  s.rx_bytes = counters.received.bytes.load(std::memory_order_relaxed);
  s.tx_packets = counters.sent.packets.load(std::memory_order_relaxed);
  s.tx_bytes = counters.sent.bytes.load(std::memory_order_relaxed);
  return statistics_map(s, true);
}

}  // namespace

StatusWriter::StatusWriter(vswitch::Idl& idl, Running& running, netdev::Environment& devices, Facts facts)
    : idl_(idl), running_(running), devices_(devices), facts_(std::move(facts)) {}

void StatusWriter::configured(int64_t next_cfg, std::vector<Complaint> complaints) {
  cur_cfg_ = next_cfg;
  complaints_ = std::move(complaints);
  flush();
}

void StatusWriter::forget() {
  running_.mark_all_dirty();
}

void StatusWriter::write_statistics() {
  running_.refresh_tunnels();
  std::vector<netdev::Device*> devices;
  std::vector<std::pair<Uuid, bool>> rows;
  statistics_.clear();
  for (const auto& [bridge_name, bridge] : running_.bridges()) {
    for (const auto& [port_name, port] : bridge.ports) {
      for (const auto& [name, i] : port.interfaces) {
        if (i.tunnel) {
          statistics_[i.config.row] = counted_map(*i.counters);
          continue;
        }
        netdev::Device* d = running_.device(bridge, i);
        if (!d) {
          if (!i.is_patch()) statistics_[i.config.row] = {};
          continue;
        }
        devices.push_back(d);
        rows.emplace_back(i.config.row, d->type().starts_with("dummy"));
      }
    }
  }
  const auto answers = devices_.read_statistics(devices);
  for (size_t n = 0; n < answers.size(); ++n)
    if (answers[n]) statistics_[rows[n].first] = statistics_map(*answers[n], rows[n].second);
  flush();
}

void StatusWriter::flush() {
  if (txn_) {
    again_ = true;
    return;
  }
  if (!idl_.is_connected() || !idl_.has_lock() || !idl_.open_vswitch()) return;
  if (!cur_cfg_ && !running_.is_dirty() && statistics_.empty()) return;
  txn_ = std::make_unique<ovsdb::IdlTxn>(idl_);
  fill_root(*idl_.open_vswitch());
  const Running::Dirty dirty = running_.take_dirty();
  for (const std::string& name : dirty.bridges) {
    auto i = running_.bridges().find(name);
    if (i == running_.bridges().end()) continue;
    if (vswitch::Bridge* row = idl_.bridges().find(i->second.row)) fill_bridge(*row, i->second);
  }
  for (const std::string& name : dirty.interfaces) {
    auto at = running_.find_interface(name);
    if (!at) continue;
    if (vswitch::Interface* row = idl_.interfaces().find(at->interface->config.row))
      fill_interface(*row, *at->bridge, *at->interface);
  }
  fill_complaints();
  fill_datapaths(*idl_.open_vswitch());
  fill_statistics();
  const ovsdb::TxnStatus status = txn_->commit();
  if (status == ovsdb::TxnStatus::kIncomplete)
    txn_->on_done([this](ovsdb::TxnStatus s) { done(s); });
  else
    done(status);
}

void StatusWriter::done(ovsdb::TxnStatus status) {
  const std::unique_ptr<ovsdb::IdlTxn> finished = std::move(txn_);
  if (status == ovsdb::TxnStatus::kSuccess || status == ovsdb::TxnStatus::kUnchanged) {
    if (std::exchange(again_, false)) flush();
    return;
  }
  again_ = false;
  running_.mark_all_dirty();
  if (idl_.open_vswitch()) cur_cfg_ = cur_cfg_.value_or(idl_.open_vswitch()->next_cfg());
  if (status == ovsdb::TxnStatus::kTryAgain) {
    // On the contents of then: after the replica has caught up, or is connected again.
    idl_.loop().post([this] { flush(); });
    return;
  }
  if (status == ovsdb::TxnStatus::kNotLocked) return;   // written when the lock comes back
  static LogRateLimit limit{5};
  log_bridge.limited(limit, LogLevel::kErr, "failed to write status to the database: {}", finished->error());
}

void StatusWriter::fill_root(vswitch::OpenVSwitch& root) {
  if (cur_cfg_) root.set_cur_cfg(*std::exchange(cur_cfg_, std::nullopt));
  root.set_ovs_version(kPromisedRelease);
  root.set_db_version(idl_.server_version());
  root.set_dpdk_version("none");
  root.set_dpdk_initialized(false);
  std::vector<std::string_view> datapaths(facts_.datapath_types.begin(), facts_.datapath_types.end());
  std::vector<std::string_view> interfaces(facts_.interface_types.begin(), facts_.interface_types.end());
  root.set_datapath_types(datapaths);
  root.set_iface_types(interfaces);
  const SystemIdentity& id = facts_.identity;
  if (!root.system_type()) root.set_system_type(id.type);
  if (!root.system_version()) root.set_system_version(id.version);
  auto fill = [&](std::string_view key, const std::string& value) {
    if (!value.empty() && !root.external_ids().contains(key)) root.put_external_ids(key, value);
  };
  fill("system-id", id.system_id);
  fill("hostname", id.hostname);
  fill("rundir", facts_.run_directory);
}

void StatusWriter::fill_bridge(vswitch::Bridge& row, const RunningBridge& bridge) {
  if (!bridge.backend) {
    row.set_datapath_id(std::nullopt);
    row.set_datapath_version("");
    return;
  }
  row.set_datapath_id(fmt::format("{:016x}", bridge.sw->datapath_id()));
  row.set_datapath_version("<built-in>");
}

void StatusWriter::fill_interface(vswitch::Interface& row, const RunningBridge& bridge, const RunningInterface& i) {
  set_text(row, &vswitch::Interface::set_error, i.error);
  if (!i.ofport) {
    row.set_ofport(-1);
    row.set_mac_in_use(std::nullopt);
    row.set_ifindex(std::nullopt);
    row.set_admin_state(std::nullopt);
    row.set_link_state(std::nullopt);
    row.set_link_resets(std::nullopt);
    row.set_link_speed(std::nullopt);
    row.set_duplex(std::nullopt);
    row.set_mtu(std::nullopt);
    row.set_status({});
    row.set_statistics({});
    return;
  }
  row.set_ofport(i.ofport->value);
  const netdev::LinkState& l = i.link;
  const bool without_device = i.is_patch() || i.is_tunnel;
  if (without_device)
    row.set_mac_in_use(i.own_mac.to_string());
  else if (l.present)
    row.set_mac_in_use(l.mac.to_string());
  row.set_ifindex(i.is_tunnel ? i.egress.device : l.ifindex);
  row.set_admin_state(without_device || l.admin_up ? "up" : "down");
  row.set_link_state(without_device || l.carrier ? "up" : "down");
  row.set_link_resets(static_cast<int64_t>(l.resets));
  row.set_link_speed(l.speed_bps ? std::optional<int64_t>(static_cast<int64_t>(l.speed_bps)) : std::nullopt);
  row.set_duplex(l.speed_bps ? std::optional<std::string_view>(l.full_duplex ? "full" : "half") : std::nullopt);
  row.set_mtu(l.mtu > 0 ? std::optional<int64_t>(l.mtu) : std::nullopt);
  std::map<std::string_view, std::string_view> status;
  if (!l.driver_name.empty())
    status = {{"driver_name", l.driver_name}, {"driver_version", l.driver_version}, {"firmware_version", l.firmware_version}};
  if (!i.egress.interface.empty())
    status = {{"tunnel_egress_iface", i.egress.interface}, {"tunnel_egress_iface_carrier", i.egress.carrier ? "up" : "down"}};
  row.set_status(status);
  if (!without_device && !running_.device(bridge, i)) row.set_statistics({});
}

void StatusWriter::fill_complaints() {
  for (const Complaint& c : complaints_) {
    if (c.interface_error.empty()) continue;
    for (const Uuid& uuid : c.interfaces) {
      vswitch::Interface* row = idl_.interfaces().find(uuid);
      if (!row) continue;
      row->set_ofport(-1);
      row->set_error(c.interface_error);
    }
  }
}

// Rows that somebody made for datapath types. What a type can do is known once a bridge of it runs.
void StatusWriter::fill_datapaths(const vswitch::OpenVSwitch& root) {
  const auto rows = root.datapaths();
  if (rows.empty()) return;
  std::map<std::string_view, upcall::Backend*> backends;
  for (const auto& [name, bridge] : running_.bridges())
    if (bridge.backend) backends[bridge.backend->datapath().type()] = bridge.backend;
  for (const auto& [type, row] : rows) {
    const auto backend = backends.find(type);
    if (backend == backends.end()) continue;
    const auto all = datapath::capabilities(backend->second->datapath().features());
    const std::map<std::string_view, std::string_view> views(all.begin(), all.end());
    row->set_capabilities(views);
  }
}

void StatusWriter::fill_statistics() {
  for (const auto& [uuid, map] : statistics_) {
    vswitch::Interface* row = idl_.interfaces().find(uuid);
    if (!row) continue;
    std::map<std::string_view, int64_t> views(map.begin(), map.end());
    row->set_statistics(views);
  }
  statistics_.clear();
}

}  // namespace turnout::bridge
