// Opens devices by type, and keeps what devices share: the link table, the record of internal ports, the ingress drops,
// the dummies. One Environment per process. Main thread only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/loop.h"
#include "lib/netdev/dummy.h"
#include "lib/netdev/monitor.h"
#include "lib/netdev/netdev.h"

namespace turnout::netdev {

enum class DummyMode {
  kOff,
  kOn,         // --enable-dummy: types dummy and dummy-internal exist beside the others
  kSystem,     // --enable-dummy=system: type system is served by dummies
  kOverride,   // --enable-dummy=override: every type but patch and tunnels is
};

class Environment {
 public:
  // run_directory holds the record of internal ports ("internal-ports"). Touches nothing of the host before it must.
  Environment(io::Loop& loop, std::string run_directory);
  ~Environment();                                  // leaves internal ports in place; devices must be gone before

  void enable_dummy(DummyMode mode);               // before the first open()
  void disable_system();                           // --disable-system
  DummyMode dummy_mode() const;
  std::vector<std::string> types() const;          // Open_vSwitch.iface_types, sorted
  bool known_type(std::string_view type) const;    // "" counts as system

  // Errors carry errno: ENODEV (no such device), EEXIST (a foreign device has the name of an internal port), EBUSY (open
  // already), EAFNOSUPPORT (unknown type), EPERM, EINVAL (bad name or option).
  // A system device is set promiscuous and its frames are kept from the host's stack until the Device is destroyed.
  Result<std::unique_ptr<Device>> open(const OpenRequest& request);

  // A link whose frames someone else moves (a kernel's datapath): state, statistics and settings, no frames.
  Result<std::unique_ptr<Device>> open_link(const std::string& name, const std::string& type);

  // Internal ports and taps outlive their Device object and this process. To delete one, say so before or after its
  // Device is destroyed, in the same round of the loop: removals are collected and done as one batch when the round
  // ends, or by flush(). Names that are not ours are ignored.
  void remove(std::string_view name);
  void flush();                                    // also writes the record
  // Removes recorded ports that nobody opened: once after the first configuration was applied.
  void remove_orphans();
  void remove_all();                               // exit --cleanup

  // Statistics of many devices, in order, with one dump per namespace instead of a call per device.
  std::vector<Result<Statistics>> read_statistics(std::span<Device* const> devices);

  DeviceMonitor& monitor();
  DummyRegistry& dummies();

  struct Impl;
  Impl& impl() { return *impl_; }                  // lib/netdev only

 private:
  std::unique_ptr<Impl> impl_;
};

// The form that does not need the class's other members.
inline Result<std::unique_ptr<Device>> open(const OpenRequest& request, Environment& environment) {
  return environment.open(request);
}

}  // namespace turnout::netdev
