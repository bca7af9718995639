// See registry.h.
#include "lib/datapath/registry.h"

#include <algorithm>
#include <cerrno>

namespace turnout::datapath {

std::string full_name(const Datapath& datapath) { return datapath.type() + "@" + datapath.name(); }

void DatapathRegistry::add(Datapath& datapath) {
  all_.push_back(&datapath);
  std::sort(all_.begin(), all_.end(), [](auto* a, auto* b) { return full_name(*a) < full_name(*b); });
}

void DatapathRegistry::remove(const Datapath& datapath) { std::erase(all_, &datapath); }

Result<Datapath*> DatapathRegistry::find(std::string_view spec) const {
  const size_t at = spec.find('@');
  const std::string_view type = at == spec.npos ? "system" : spec.substr(0, at);
  const std::string_view name = at == spec.npos ? spec : spec.substr(at + 1);
  for (Datapath* d : all_)
    if (d->type() == type && d->name() == name) return d;
  return fail("No such device", ENODEV);
}

Result<Datapath*> DatapathRegistry::only() const {
  if (all_.empty()) return fail("no datapaths exist", ENODEV);
  if (all_.size() > 1) return fail("multiple datapaths, specify one", EINVAL);
  return all_.front();
}

}  // namespace turnout::datapath
