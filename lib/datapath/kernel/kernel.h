// The datapath of a kernel module behind the Datapath interface: ours (turnout.ko) or the distribution's, which speak the
// same generic netlink (<linux/openvswitch.h>). This header is all that other folders need.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/datapath.h"

namespace turnout::datapath {

// Whether a module's families are there. Code ENOENT: no module. Any thread; a socket and a few messages.
Status kernel_families_exist();

struct KernelOptions {
  std::string name = "ovs-system";
  unsigned handlers = 1;             // threads that answer upcalls
  enum class Make { kNewOrStanding, kNew, kStanding } make = Make::kNewOrStanding;
  // Which socket gets an upcall. By CPU only where the module can (Linux 5.15); a datapath that was dispatched by CPU before stays so.
  enum class Dispatch { kByCpu, kByVport } dispatch = Dispatch::kByCpu;
  bool outlives_object = false;      // true: the datapath stays in the kernel when the object goes (a tool's)
};
// Makes the datapath in the kernel, or takes over the one that stands with its ports and flows. Main thread.
// Code ENOENT: no module; EPERM: not privileged; EEXIST, ENODEV: against the wish of `make`.
Result<std::unique_ptr<Datapath>> make_kernel(KernelOptions options);

// Datapaths of this network namespace, whoever made them, without attaching to any. Code ENOENT: no module.
Result<std::vector<std::string>> kernel_datapath_names();
// With all its ports and flows. Code ENODEV: there is none.
Status delete_kernel_datapath(const std::string& name);

}  // namespace turnout::datapath
