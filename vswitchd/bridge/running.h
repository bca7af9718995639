// What is configured now: switches, ports and interfaces as they run, and the steps of diff.h applied to them. Knows
// nothing of the database: status.h reads it and writes back. Main thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/netdev/registry.h"
#include "vswitchd/bridge/backers.h"
#include "vswitchd/bridge/desired.h"
#include "vswitchd/bridge/diff.h"
#include "vswitchd/bridge/tunnel_egress.h"
#include "vswitchd/l2/mac_table.h"
#include "vswitchd/ofproto/port_counters.h"
#include "vswitchd/ofproto/switch.h"

namespace turnout::bridge {

struct RunningInterface {
  DesiredInterface config;
  std::string error;                     // empty: it works, or only waits for its device to come back
  std::optional<OfPort> ofport;          // kept while a device is away
  DpPort dp_port = kDpPortNone;          // none: patch, or no device; of a tunnel that of all of its kind
  net::Mac own_mac;                      // of a patch port or a tunnel, which have no device
  netdev::LinkState link;                // as last looked at
  bool is_tunnel = false;                // a type of tunnel, and no dummy that stands for one
  std::shared_ptr<const netdev::TunnelConfig> tunnel;    // while dp_port is there
  std::shared_ptr<ofproto::PortCounters> counters;
  TunnelEgress egress;
  bool is_patch() const { return config.type == "patch"; }
  bool enabled() const {
    if (is_patch()) return ofport.has_value();
    if (is_tunnel) return dp_port != kDpPortNone;
    return link.present && link.admin_up && link.carrier;
  }
};

struct RunningPort {
  std::shared_ptr<const DesiredPort> config;
  l2::BundleId bundle;
  std::map<std::string, RunningInterface, std::less<>> interfaces;
};

struct RunningBridge {
  Uuid row;
  std::string name, datapath_type;
  BridgeSettings settings;
  upcall::Backend* backend = nullptr;    // nullptr: `error` says why; no interface of it works
  std::string error;
  std::unique_ptr<ofproto::Switch> sw;
  std::shared_ptr<l2::MacTable> macs;
  io::Handle ageing;
  std::map<std::string, RunningPort, std::less<>> ports;
  net::Mac mac;                          // of the local port
  int mtu = 1500;                        // what its internal ports have unless they ask for another
};

class Running {
 public:
  struct Context {
    netdev::Environment& devices;
    Backers& backers;
    Clock& clock;
    // The number that the database remembers of an interface, from before a restart.
    std::function<std::optional<uint16_t>(const Uuid& row)> remembered_ofport;
  };
  explicit Running(Context context);
  ~Running();
  Running(const Running&) = delete;

  // Takes all steps, retries what failed before, settles addresses and MTUs, publishes.
  void reconfigure(const Desired& current, const Desired& desired);
  // Closes everything; internal ports stay on the host unless `cleanup`.
  void close_all(bool cleanup);

  // A device came, changed or went (netdev::DeviceMonitor).
  void device_event(const std::string& name, netdev::DeviceEvent event);

  const std::map<std::string, RunningBridge, std::less<>>& bridges() const { return bridges_; }
  // Port and interface of a name; nullptr if there is none.
  struct Location { RunningBridge* bridge; RunningPort* port; RunningInterface* interface; };
  std::optional<Location> find_interface(std::string_view name);
  netdev::Device* device(const RunningBridge& bridge, const RunningInterface& interface) const;

  // Interfaces and bridges whose status may differ from what the database says; taken by whoever writes it.
  struct Dirty { std::set<std::string> interfaces, bridges; };
  Dirty take_dirty() { return std::exchange(dirty_, {}); }
  bool is_dirty() const { return !dirty_.interfaces.empty() || !dirty_.bridges.empty(); }
  void mark_all_dirty();
  // Looks where tunnels leave the host now: routes and carriers change without a word to us.
  void refresh_tunnels();
  // Called when something became dirty outside reconfigure().
  void on_dirty(std::function<void()> call) { on_dirty_ = std::move(call); }

 private:
  void apply(const Step& step, const Desired& desired);
  // Another program changed the ports of a datapath: what is configured is put back.
  void ports_changed(upcall::Backend& backend);

  // apply_bridge.cc
  void add_bridge(const DesiredBridge& wanted);
  void change_bridge(RunningBridge& bridge, const DesiredBridge& wanted);
  void remove_bridge(const std::string& name);
  void settle_bridge(RunningBridge& bridge);
  net::Mac choose_mac(const RunningBridge& bridge) const;
  void put_bridge(const RunningBridge& bridge);

  // apply_port.cc
  void add_port(RunningBridge& bridge, std::shared_ptr<const DesiredPort> wanted);
  void remove_port(RunningBridge& bridge, const std::string& name);
  void put_port(RunningBridge& bridge, RunningPort& port);

  // apply_interface.cc
  void add_interface(RunningBridge& bridge, RunningPort& port, const DesiredInterface& wanted);
  void change_interface(RunningBridge& bridge, RunningPort& port, RunningInterface& i, const DesiredInterface& wanted);
  void remove_interface(RunningBridge& bridge, RunningPort& port, const std::string& name, bool delete_device);
  void open_interface(RunningBridge& bridge, RunningPort& port, RunningInterface& i);
  Status open_device(RunningBridge& bridge, RunningInterface& i, const std::optional<net::Mac>& mac);
  Status join_switch(RunningBridge& bridge, RunningInterface& i);
  void close_device(RunningBridge& bridge, RunningInterface& i);
  void fail_interface(RunningInterface& i, std::string error, bool say);
  void retry_failed();

  // apply_tunnel.cc
  Status open_tunnel(RunningBridge& bridge, RunningInterface& i);
  Status check_against_other_tunnels(const RunningBridge& bridge, const RunningInterface& i, const netdev::TunnelConfig& wanted);
  void change_tunnel(RunningBridge& bridge, RunningPort& port, RunningInterface& i);
  void tunnel_device_vanished(const std::string& device);
  static void refuse_tunnel_mtu(const DesiredInterface& config);

  // link.cc
  void refresh_link(RunningBridge& bridge, RunningPort& port, RunningInterface& i);
  void settle_mtu(RunningBridge& bridge);
  void settle_addresses(RunningBridge& bridge, bool all);
  // All ports of the bridge, or only those that are touched.
  void each_port_to_settle(RunningBridge& bridge, bool all, const std::function<void(RunningPort&)>& settle);
  void set_interface_mac(RunningBridge& bridge, RunningPort& port, RunningInterface& i);
  void check_patches();

  void touch(const RunningInterface& i) { dirty_.interfaces.insert(i.config.name); }
  void publish();

  Context context_;
  GlobalSettings global_;
  std::map<std::string, RunningBridge, std::less<>> bridges_;
  std::unordered_map<std::string, std::pair<std::string, std::string>> where_;   // interface -> bridge, port
  std::unordered_set<std::string> staying_;    // names of interfaces that are wanted, during a reconfiguration
  std::set<std::string> failed_;               // interfaces to try again
  std::set<std::string> tunnels_;              // interfaces that have a share of a tunnel port
  EgressFinder egress_;
  std::set<std::string> touched_bridges_;                               // to settle
  std::set<std::pair<std::string, std::string>> touched_ports_;         // to settle and put: bridge and port
  bool patches_changed_ = false;
  Dirty dirty_;
  std::function<void()> on_dirty_;
};

}  // namespace turnout::bridge
