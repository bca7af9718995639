// What the database wants, as plain values: one struct a row, read in one place and compared by diff.h. Pure but for
// DesiredReader, the only reader of configuration columns. ovs-vswitchd.conf.db(5). Main thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/strong_id.h"
#include "lib/base/uuid.h"
#include "lib/net/address.h"
#include "vswitchd/l2/vlan.h"
#include "vswitchd/ofproto/switch.h"
#include "vswitchd/upcall/revalidator.h"

namespace turnout::ovsdb {
class Datum;
class Idl;
}

namespace turnout::bridge {

using Options = std::map<std::string, std::string, std::less<>>;

struct DesiredInterface {
  Uuid row;
  std::string name;
  std::string type;                           // never empty: "" became "system"
  Options options;
  std::optional<net::Mac> mac;                // Interface.mac
  std::optional<uint16_t> ofport_request;     // 1…65279
  std::optional<int> mtu_request;
  friend bool operator==(const DesiredInterface&, const DesiredInterface&) = default;
};

struct DesiredPort {
  Uuid row;
  std::string name;
  std::vector<DesiredInterface> interfaces;   // by name
  l2::VlanPolicy vlan;
  bool is_protected = false;
  bool fake_bridge = false;                   // its interface is the local port of a fake bridge (ovs-vsctl(8) add-br)
  std::optional<net::Mac> mac;                // counts when the bridge chooses its own address
  friend bool operator==(const DesiredPort&, const DesiredPort&) = default;
};

struct BridgeSettings {
  ofproto::FailMode fail_mode = ofproto::FailMode::kStandalone;
  std::optional<net::Mac> hwaddr;             // other_config:hwaddr
  std::optional<uint64_t> datapath_id;        // other_config:datapath-id
  std::string description;                    // other_config:dp-desc
  bool forward_bpdu = false;
  int64_t mac_ageing_seconds = 300;
  int64_t mac_table_size = 8192;
  std::vector<uint16_t> flood_vlans;
  friend bool operator==(const BridgeSettings&, const BridgeSettings&) = default;
};

// The ports of a bridge in the order of their names, which are unique. A copy shares the ports, so that one more port
// costs little beside however many there are.
class PortSet {
 public:
  using Entry = std::shared_ptr<const DesiredPort>;
  void put(Entry port);                       // replaces the one with its name
  void erase(std::string_view name);
  template <typename Goes>
  void erase_if(Goes goes) { std::erase_if(ports_, goes); }
  Entry find(std::string_view name) const;    // null: none
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  size_t size() const { return ports_.size(); }
  bool empty() const { return ports_.empty(); }
  auto begin() const { return ports_.begin(); }
  auto end() const { return ports_.end(); }

 private:
  std::vector<Entry> ports_;
};

struct DesiredBridge {
  Uuid row;
  std::string name;
  std::string datapath_type;                  // never empty: "" became "system"
  BridgeSettings settings;
  PortSet ports;                              // the pointer of one that did not change stays the same from reading to reading
};

struct GlobalSettings {
  upcall::RevalidatorSettings revalidator;
  unsigned packet_threads = 1;
  int64_t stats_interval_ms = 5000;
  bool flow_restore_wait = false;             // other_config:flow-restore-wait
  bool userspace_fallback = true;             // other_config:userspace-fallback
  friend bool operator==(const GlobalSettings&, const GlobalSettings&) = default;
};

// The row of table SSL; it stands in for the files that the command line names.
struct DesiredTls {
  std::string private_key, certificate, ca_cert;
  bool bootstrap_ca_cert = false;
};

// Of a Datapath row: how many connections zones may have. 0: any number.
struct DesiredZoneLimits {
  std::optional<uint32_t> by_default;         // Datapath.ct_zone_default_limit
  std::map<uint16_t, uint32_t> zones;         // CT_Zone.limit
  friend bool operator==(const DesiredZoneLimits&, const DesiredZoneLimits&) = default;
};

struct Desired {
  GlobalSettings global;
  std::map<std::string, DesiredZoneLimits> zone_limits;      // by datapath type
  std::optional<DesiredTls> tls;
  std::map<std::string, DesiredBridge, std::less<>> bridges;
  int64_t next_cfg = 0;
};

// ---- how columns are read (pure) ----
bool get_bool(const Options& options, std::string_view key, bool otherwise);        // "true" or not
int64_t get_int(const Options& options, std::string_view key, int64_t otherwise);   // otherwise also for non-numbers
// 16 hexadecimal digits, or 0x and up to 16; never zero. ovs-vswitchd.conf.db(5) other_config:datapath-id.
std::optional<uint64_t> parse_datapath_id(std::string_view text);
// other_config of the Open_vSwitch row; cpus: those that the process may use.
GlobalSettings read_global(const Options& other_config, unsigned cpus);
BridgeSettings read_bridge_settings(const Options& other_config, std::string_view fail_mode);

// ---- the address of a bridge ----
// The stable default, from the bridge's UUID: locally administered, the same after every restart.
net::Mac default_bridge_mac(const Uuid& bridge_row);
// May this address of a port become the bridge's? Locally administered ones come and go with their devices, so the
// bridge keeps its own default instead (as the reference does).
bool is_bridge_mac_candidate(const net::Mac& mac);

// Reads all rows into Desired. Rows that did not change since the last call keep their values without being read again.
class DesiredReader {
 public:
  explicit DesiredReader(unsigned cpus) : cpus_(cpus) {}
  // Call before Idl::clear_tracked(): the tables Port and Interface are tracked.
  Desired read(ovsdb::Idl& idl);

 private:
  struct Round;                             // what changed since the last call
  struct Known {
    std::vector<Uuid> rows;                 // sorted: the ports that were read
    PortSet ports;
  };
  void read_ports(ovsdb::Idl& idl, const ovsdb::Datum& wanted, std::string_view bridge, const Round& round, Known& known);

  unsigned cpus_;
  std::unordered_map<Uuid, Known> bridges_;   // by row: a bridge's own name tells its local port
};

}  // namespace turnout::bridge
