// What translation reads: for one datapath, its bridges, their ports and interfaces, and pointers to the tables that
// carry versions of their own. Immutable; published as a whole by SnapshotWriter, read inside RcuRead.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/base/strong_id.h"
#include "vswitchd/l2/mac_table.h"
#include "vswitchd/l2/vlan.h"
#include "vswitchd/ofproto/port_counters.h"
#include "vswitchd/ofproto/switch.h"
#include "vswitchd/translate/tunnel_table.h"

namespace turnout::translate {

// ---- What the configuration says -------------------------------------------------------------------------------

struct InterfaceSpec {
  std::string name;
  OfPort ofport;
  DpPort dp_port = kDpPortNone;        // none: a patch port, or no device
  std::string patch_peer;              // patch: name of the interface it is joined to, on a bridge of this datapath
  std::shared_ptr<const netdev::TunnelConfig> tunnel;      // tunnel: dp_port is that of all of its kind
  std::shared_ptr<ofproto::PortCounters> counters;         // nullptr: a device counts
  bool enabled = true;                 // administratively up and linked: output to it is worth while
  bool no_receive = false, no_forward = false, no_flood = false;   // OFPPC_NO_RECV, _NO_FWD, _NO_FLOOD
};

struct BundleSpec {                    // a Port row
  l2::BundleId id;
  std::string name;
  l2::VlanPolicy vlan;
  std::vector<InterfaceSpec> interfaces;
  bool is_protected = false;           // Port.protected: nothing to other protected ports
};

struct BridgeSpec {
  std::string name;
  std::shared_ptr<ofproto::Tables> tables;
  std::shared_ptr<ofproto::Rule> miss_rule;
  std::shared_ptr<l2::MacTable> macs;
  bool forward_bpdu = false;           // other_config:forward-bpdu
};

// ---- What translation walks ---------------------------------------------------------------------------------------

struct Bridge;
struct Bundle;

struct Interface {
  InterfaceSpec spec;
  const Bundle* bundle = nullptr;
};

struct Bundle {
  BundleSpec spec;
  std::vector<Interface> interfaces;   // their `bundle` is this
};

struct PatchLink { const Interface* here; const Bridge* bridge; const Interface* there; };

struct Bridge {
  BridgeSpec spec;
  std::vector<std::shared_ptr<const Bundle>> bundles;          // in flooding order: by first OpenFlow port
  std::vector<std::pair<OfPort, const Interface*>> by_ofport;  // sorted
  std::vector<PatchLink> patches;                              // sorted by `here`
  TunnelTable tunnels;

  const Interface* find(OfPort port) const;
  const Bundle* bundle(l2::BundleId id) const;
  const PatchLink* patch(const Interface& from) const;         // nullptr: not a patch port, or its peer is missing
  std::vector<std::pair<l2::BundleId, const Bundle*>> by_id;   // sorted
};

struct PortRef { const Bridge* bridge = nullptr; const Interface* interface = nullptr; };

struct Snapshot {
  uint64_t generation = 0;                                     // one more with each publication
  std::vector<std::shared_ptr<Bridge>> bridges;                // sorted by name
  std::vector<std::pair<DpPort, PortRef>> by_dp_port;          // sorted

  PortRef find(DpPort port) const;                             // empty if no bridge has it, or if it is the port of tunnels
  // Of a packet on a port of tunnels: whose it is, empty if nobody's. Or-s into *mask what was looked at.
  PortRef find_tunnel(const flow::FlowKey& key, flow::FlowMask* mask) const;
  bool is_tunnel_port(DpPort port) const;
  // The port that a packet with this key came in by, of either kind.
  PortRef find_input(const flow::FlowKey& key, flow::FlowMask* mask) const;
  const Bridge* find(std::string_view bridge) const;
};

// ---- The writer -----------------------------------------------------------------------------------------------------

// Collects changes and publishes them together. Main thread; read() from any thread inside RcuRead.
// What is sorted is kept sorted as ports come and go: publishing copies a few pointers for each port, and costs nothing
// for a rule or a MAC entry.
class SnapshotWriter {
 public:
  SnapshotWriter();
  ~SnapshotWriter();

  void put_bridge(BridgeSpec bridge);                          // adds, or changes settings of one with this name
  void remove_bridge(std::string_view name);                   // and its bundles
  void put_bundle(std::string_view bridge, BundleSpec bundle); // adds, or replaces the one with this id
  void remove_bundle(std::string_view bridge, l2::BundleId id);
  // A bridge's rules changed (after Tables::commit()).
  void touch() { dirty_ = true; }

  bool dirty() const { return dirty_; }
  // Shows everything since the last call, if there was anything. Returns the generation that is current then.
  uint64_t publish();
  // Called after each publication that changed something (wakes revalidators).
  void on_publish(std::function<void()> call) { on_publish_ = std::move(call); }

  const Snapshot* read() const { return current_.read(); }

 private:
  struct Draft;
  std::map<std::string, std::unique_ptr<Draft>, std::less<>> drafts_;
  RcuPtr<Snapshot> current_;
  uint64_t generation_ = 0;
  bool dirty_ = false;
  std::function<void()> on_publish_;
};

}  // namespace turnout::translate
