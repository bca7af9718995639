// Tells the main thread when a device by name appears, vanishes or changes (admin state, carrier, MTU, MAC). Covers
// Linux links of this namespace, taps wherever they were moved to, and dummies.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/io/loop.h"
#include "lib/netdev/netdev.h"

namespace turnout::netdev {

enum class DeviceEvent { kAppeared, kChanged, kVanished };

// Main thread only. Callbacks run on the loop, never inside another call of this folder.
class DeviceMonitor {
 public:
  using Listener = std::function<void(const std::string& name, DeviceEvent event)>;
  virtual ~DeviceMonitor() = default;
  // For all names. A device that was replaced (same name, new ifindex) gives kVanished, then kAppeared: open it anew.
  virtual io::Handle listen(Listener listener) = 0;
  virtual bool exists(std::string_view name) const = 0;   // a Linux link of this namespace
};

}  // namespace turnout::netdev
