// Bridges, ports and interfaces by name, with fake bridges told from real ones (ovs-vsctl(8), "Linux VLAN Bridging
// Compatibility"). Built from the replica once per try and kept up by the commands, so that a thousand commands in one
// line cost a thousand steps. Main thread only; rows must outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "ovsdb/schema/vswitch_idl.h"

namespace turnout::vsctl {

struct BridgeInfo {
  std::string name;
  vswitch::Bridge* row = nullptr;      // of the parent, for a fake bridge
  vswitch::Port* fake_port = nullptr;  // the port that makes a fake bridge
  BridgeInfo* parent = nullptr;        // null: a real bridge
  int64_t vlan = 0;
  std::map<int64_t, BridgeInfo*> children;
  bool is_fake() const { return parent != nullptr; }
};
struct PortInfo {
  vswitch::Port* row;
  BridgeInfo* bridge;                  // the fake bridge, where its tag says so
};
struct InterfaceInfo {
  vswitch::Interface* row;
  PortInfo* port;
};

class Topology {
 public:
  explicit Topology(vswitch::Idl& idl);

  // Null when absent. Ports and interfaces: the local port of a bridge counts.
  BridgeInfo* bridge(std::string_view name);
  PortInfo* port(std::string_view name);
  InterfaceInfo* interface(std::string_view name);
  // The same, or "no bridge named X", "no port named X", "no interface named X" (local ports do not count there).
  Result<BridgeInfo*> need_bridge(std::string_view name);
  Result<PortInfo*> need_port(std::string_view name);
  Result<InterfaceInfo*> need_interface(std::string_view name);
  std::map<std::string, BridgeInfo, std::less<>>& bridges() { return bridges_; }
  std::vector<PortInfo*> ports_of(const BridgeInfo& bridge);           // in the order of names, with the local port
  std::vector<InterfaceInfo*> interfaces_of(const PortInfo& port);
  std::vector<InterfaceInfo*> interfaces_of(const BridgeInfo& bridge);
  static bool is_local(const PortInfo& port) { return port.row->name() == port.bridge->name; }

  BridgeInfo& add_bridge(vswitch::Bridge& row);
  BridgeInfo& add_fake_bridge(vswitch::Port& row, BridgeInfo& parent, int64_t vlan);
  PortInfo& add_port(vswitch::Port& row, BridgeInfo& bridge);
  void add_interface(vswitch::Interface& row, PortInfo& port);
  void remove_port(PortInfo& port);          // from the maps only
  void remove_interface(InterfaceInfo& interface);
  void remove_bridge(BridgeInfo& bridge);    // with children and ports, from the maps only
  // A change made by row (set, create, destroy…) may concern any of it: build it anew when next asked.
  void invalidate() { stale_ = true; }

 private:
  void refresh();
  void load_bridge(vswitch::Bridge& row);

  vswitch::Idl& idl_;
  bool stale_ = true;
  std::map<std::string, BridgeInfo, std::less<>> bridges_;
  std::map<std::string, PortInfo, std::less<>> ports_;
  std::map<std::string, InterfaceInfo, std::less<>> interfaces_;
};

}  // namespace turnout::vsctl
