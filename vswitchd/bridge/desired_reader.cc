// Rows of the replica into Desired: the one place that reads configuration columns.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "lib/base/strings.h"
#include "ovsdb/schema/vswitch_idl.h"
#include "vswitchd/bridge/desired.h"

namespace turnout::bridge {

namespace {

using vswitch::Interface;
using vswitch::Port;

Options options_of(const ovsdb::MapView<std::string_view, std::string_view>& map) {
  Options out;
  for (auto [k, v] : map) out.emplace(k, v);
  return out;
}

std::optional<net::Mac> mac_of(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  auto mac = net::Mac::parse(*text);
  return mac && !mac->is_zero() ? mac : std::nullopt;
}

DesiredInterface read_interface(const Interface& row, std::string_view bridge) {
  DesiredInterface i;
  i.row = row.uuid();
  i.name = row.name();
  i.type = row.type().empty() ? "system" : std::string(row.type());
  if (i.name == bridge) i.type = "internal";   // the local port is the switch's own device, whatever the row says
  i.options = options_of(row.options());
  i.mac = mac_of(row.mac());
  if (auto n = row.ofport_request(); n && *n >= 1 && *n < kOfPortMax.value) i.ofport_request = static_cast<uint16_t>(*n);
  if (auto n = row.mtu_request(); n && *n >= 1 && *n <= 65535) i.mtu_request = static_cast<int>(*n);
  return i;
}

std::optional<l2::VlanMode> vlan_mode_of(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  if (*text == "access") return l2::VlanMode::kAccess;
  if (*text == "trunk") return l2::VlanMode::kTrunk;
  if (*text == "native-tagged") return l2::VlanMode::kNativeTagged;
  if (*text == "native-untagged") return l2::VlanMode::kNativeUntagged;
  if (*text == "dot1q-tunnel") return l2::VlanMode::kDot1qTunnel;
  return std::nullopt;
}

l2::VlanPolicy read_vlan(const Port& row) {
  const std::vector<int64_t> trunks = row.trunks().to_vector();
  l2::VlanPolicy vlan = l2::VlanPolicy::from_row(vlan_mode_of(row.vlan_mode()), row.tag(), trunks);
  for (int64_t v : row.cvlans())
    if (v >= 0 && v < int64_t{l2::kVlanIds}) vlan.cvlans.set(static_cast<uint16_t>(v));
  const auto other = row.other_config();
  if (auto tags = other.get("priority-tags")) {
    if (*tags == "if-nonzero" || *tags == "true") vlan.priority_tags = l2::PriorityTags::kIfNonzero;
    if (*tags == "always") vlan.priority_tags = l2::PriorityTags::kAlways;
  }
  if (other.get("qinq-ethtype") == "802.1q") vlan.qinq_ethtype = 0x8100;
  return vlan;
}

std::shared_ptr<const DesiredPort> read_port(const Port& row, std::string_view bridge) {
  auto port = std::make_shared<DesiredPort>();
  port->row = row.uuid();
  port->name = row.name();
  for (const Interface* i : row.interfaces()) port->interfaces.push_back(read_interface(*i, bridge));
  std::sort(port->interfaces.begin(), port->interfaces.end(), [](auto& a, auto& b) { return a.name < b.name; });
  port->vlan = read_vlan(row);
  port->is_protected = row.protected_();
  port->fake_bridge = row.fake_bridge();
  port->mac = mac_of(row.mac());
  return port;
}

std::unordered_set<Uuid> changed_rows(const ovsdb::IdlTable& table) {
  std::unordered_set<Uuid> rows;
  for (const ovsdb::IdlRow* row : table.tracked()) rows.insert(row->uuid());
  return rows;
}

}  // namespace

struct DesiredReader::Round {
  std::unordered_set<Uuid> ports, interfaces;
  bool touched(const DesiredPort& port) const {
    return ports.contains(port.row) ||
           (!interfaces.empty() && std::any_of(port.interfaces.begin(), port.interfaces.end(),
                                               [this](const DesiredInterface& i) { return interfaces.contains(i.row); }));
  }
};

// Only ports that came, went or changed are looked at; the others stay as they were read before.
void DesiredReader::read_ports(ovsdb::Idl& base, const ovsdb::Datum& wanted, std::string_view bridge, const Round& round,
                               Known& known) {
  auto& idl = static_cast<vswitch::Idl&>(base);
  std::vector<Uuid> now, gone, fresh;
  now.reserve(wanted.size());
  for (size_t i = 0; i < wanted.size(); i++) now.push_back(wanted.uuid_at(i));
  if (!std::is_sorted(now.begin(), now.end())) std::sort(now.begin(), now.end());
  std::set_difference(known.rows.begin(), known.rows.end(), now.begin(), now.end(), std::back_inserter(gone));
  std::set_difference(now.begin(), now.end(), known.rows.begin(), known.rows.end(), std::back_inserter(fresh));
  known.ports.erase_if([&](const auto& port) { return std::binary_search(gone.begin(), gone.end(), port->row); });
  for (const auto& port : known.ports)
    if (round.touched(*port)) fresh.push_back(port->row);
  for (const Uuid& row : fresh) {
    const Port* p = idl.ports().find(row);
    if (!p) {
      std::erase(now, row);   // not replicated yet
      continue;
    }
    auto port = read_port(*p, bridge);
    const auto before = known.ports.find(port->name);
    if (!before || !(*before == *port)) known.ports.put(std::move(port));
  }
  known.rows = std::move(now);
}

namespace {

std::map<std::string, DesiredZoneLimits> read_zone_limits(const vswitch::OpenVSwitch& root) {
  std::map<std::string, DesiredZoneLimits> all;
  for (const auto& [type, row] : root.datapaths()) {
    DesiredZoneLimits& limits = all[std::string(type)];
    if (const auto limit = row->ct_zone_default_limit()) limits.by_default = static_cast<uint32_t>(*limit);
    for (const auto& [zone, settings] : row->ct_zones())
      if (const auto limit = settings->limit(); limit && zone >= 0 && zone <= UINT16_MAX)
        limits.zones[static_cast<uint16_t>(zone)] = static_cast<uint32_t>(*limit);
  }
  return all;
}

}  // namespace

Desired DesiredReader::read(ovsdb::Idl& base) {
  auto& idl = static_cast<vswitch::Idl&>(base);
  Desired desired;
  const vswitch::OpenVSwitch* root = idl.open_vswitch();
  if (!root) {
    bridges_.clear();
    return desired;
  }
  desired.global = read_global(options_of(root->other_config()), cpus_);
  desired.zone_limits = read_zone_limits(*root);
  desired.next_cfg = root->next_cfg();
  const Round round{changed_rows(idl.table(Port::kTable)), changed_rows(idl.table(Interface::kTable))};
  std::unordered_set<Uuid> wanted;
  if (const vswitch::SSL* ssl = root->ssl())
    desired.tls = DesiredTls{std::string(ssl->private_key()), std::string(ssl->certificate()), std::string(ssl->ca_cert()),
                             ssl->bootstrap_ca_cert()};
  for (const vswitch::Bridge* row : root->bridges()) {
    DesiredBridge& bridge = desired.bridges[std::string(row->name())];
    bridge.row = row->uuid();
    bridge.name = row->name();
    bridge.datapath_type = row->datapath_type().empty() ? "system" : std::string(row->datapath_type());
    bridge.settings = read_bridge_settings(options_of(row->other_config()), row->fail_mode().value_or(""));
    for (int64_t v : row->flood_vlans())
      if (v >= 0 && v < int64_t{l2::kVlanIds}) bridge.settings.flood_vlans.push_back(static_cast<uint16_t>(v));
    Known& known = bridges_[bridge.row];
    read_ports(idl, row->get(idl.column(vswitch::Bridge::kPorts)), bridge.name, round, known);
    bridge.ports = known.ports;
    wanted.insert(bridge.row);
  }
  std::erase_if(bridges_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  return desired;
}

}  // namespace turnout::bridge
