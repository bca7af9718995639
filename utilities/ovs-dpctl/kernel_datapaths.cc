// See kernel_datapaths.h.
#include "utilities/ovs-dpctl/kernel_datapaths.h"

#include <cerrno>

#include "lib/datapath/kernel/kernel.h"

namespace turnout::dpctl {
namespace {

using Make = datapath::KernelOptions::Make;

Result<std::unique_ptr<datapath::Datapath>> attach(const std::string& name, Make make) {
  datapath::KernelOptions options;
  options.name = name;
  options.make = make;
  options.outlives_object = true;
  return datapath::make_kernel(std::move(options));
}

}  // namespace

Status KernelDatapaths::open_all() {
  const auto names = datapath::kernel_datapath_names();
  if (!names) return fail(names);
  for (const std::string& name : *names) {
    auto attached = attach(name, Make::kStanding);
    if (!attached && attached.error().code == ENODEV) continue;       // went in this moment
    if (!attached) return fail(attached);
    registry_.add(**attached);
    open_.push_back(std::move(*attached));
  }
  return {};
}

Result<datapath::Datapath*> KernelDatapaths::add(const std::string& type, const std::string& name) {
  if (type != "system") return fail("only the kernel's datapaths can be made", EAFNOSUPPORT);
  auto made = attach(name, Make::kNew);
  if (!made) return fail(made);
  registry_.add(**made);
  open_.push_back(std::move(*made));
  return open_.back().get();
}

Status KernelDatapaths::remove(datapath::Datapath& datapath) {
  if (Status deleted = datapath::delete_kernel_datapath(datapath.name()); !deleted) return deleted;
  registry_.remove(datapath);
  std::erase_if(open_, [&](const auto& one) { return one.get() == &datapath; });
  return {};
}

}  // namespace turnout::dpctl
