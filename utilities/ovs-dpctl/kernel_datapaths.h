// The kernel's datapaths as a registry that the dpctl commands work on, and those that it makes and deletes. Main thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/registry.h"

namespace turnout::dpctl {

// What stands in the kernel stays there when this object goes.
class KernelDatapaths {
 public:
  // All of this network namespace. Code ENOENT: no module; EPERM: not privileged.
  Status open_all();
  datapath::DatapathRegistry& registry() { return registry_; }

  // EEXIST: it, or a device of its name, stands. EAFNOSUPPORT: a type that is not the kernel's.
  Result<datapath::Datapath*> add(const std::string& type, const std::string& name);
  Status remove(datapath::Datapath& datapath);

 private:
  datapath::DatapathRegistry registry_;
  std::vector<std::unique_ptr<datapath::Datapath>> open_;
};

}  // namespace turnout::dpctl
