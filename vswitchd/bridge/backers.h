// The datapaths in use, one for each type, which all bridges of that type share; and which datapath serves a type on
// this host (design decision 2). Main thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/datapath/registry.h"
#include "lib/netdev/registry.h"
#include "vswitchd/bridge/desired.h"
#include "vswitchd/bridge/kernel_probe.h"
#include "vswitchd/upcall/backend.h"

namespace turnout::bridge {

class Backers {
 public:
  // All outlive it. cpus: those that the process may use.
  Backers(io::Loop& loop, netdev::Environment& devices, datapath::DatapathRegistry& registry, KernelProbe& kernel,
          unsigned cpus);
  ~Backers();

  std::vector<std::string> types() const;          // Open_vSwitch.datapath_types
  // Made when first asked for. Code EAFNOSUPPORT: unknown type.
  Result<upcall::Backend*> get(const std::string& type, const GlobalSettings& settings);
  // Ports of a datapath came or went by another program's hand.
  void on_ports_changed(std::function<void(upcall::Backend&)> call) { ports_changed_ = std::move(call); }
  void drop_unused(const std::set<std::string>& used_types);
  void configure(const GlobalSettings& settings);  // of those that exist
  // Of those that exist, by type. Limits that were asked for here and are no longer go; others stay.
  void limit_zones(const std::map<std::string, DesiredZoneLimits>& wanted);
  void leave();                                    // the process ends, and a kernel goes on forwarding
  void remove_strangers();                         // once the first configuration stands
  std::vector<upcall::Backend*> all() const;

  // What to open for an Interface.type on a datapath of this type, and what dpif/show calls it.
  std::string open_type(std::string_view datapath_type, std::string_view interface_type) const;
  std::string shown_type(std::string_view datapath_type, std::string_view interface_type) const;

 private:
  bool is_dummy(std::string_view datapath_type) const;
  // Of type "system" on this host: the kernel's datapath, or the userspace one in its place.
  Result<std::unique_ptr<datapath::Datapath>> make_system(const GlobalSettings& settings);
  std::unique_ptr<datapath::Datapath> make_userspace(const std::string& type, const GlobalSettings& settings);

  io::Loop& loop_;
  netdev::Environment& devices_;
  datapath::DatapathRegistry& registry_;
  KernelProbe& kernel_;
  const unsigned cpus_;
  std::map<std::string, std::unique_ptr<upcall::Backend>> backends_;
  std::function<void(upcall::Backend&)> ports_changed_;
  GlobalSettings applied_;
  std::map<std::string, DesiredZoneLimits> limited_;
  bool said_which_ = false, said_refused_ = false;
};

}  // namespace turnout::bridge
