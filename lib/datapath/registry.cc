// See registry.h.
#include "lib/datapath/registry.h"

#include <algorithm>
#include <cerrno>

namespace turnout::datapath {

std::string full_name(const Datapath& datapath) { return datapath.type() + "@" + datapath.name(); }

std::pair<std::string_view, std::string_view> split_full_name(std::string_view spec) {
  const size_t at = spec.find('@');
  if (at == spec.npos) return {"system", spec};
  return {spec.substr(0, at), spec.substr(at + 1)};
}

void DatapathRegistry::add(Datapath& datapath) {
  all_.push_back(&datapath);
  std::sort(all_.begin(), all_.end(), [](auto* a, auto* b) { return full_name(*a) < full_name(*b); });
}

void DatapathRegistry::remove(const Datapath& datapath) { std::erase(all_, &datapath); }

Result<Datapath*> DatapathRegistry::find(std::string_view spec) const {
  const auto [type, name] = split_full_name(spec);
  for (Datapath* d : all_)
    if (d->type() == type && d->name() == name) return d;
  const bool known = type == "system" || type == "netdev" || std::ranges::any_of(all_, [&](auto* d) { return d->type() == type; });
  if (!known) return fail("unknown datapath type", EAFNOSUPPORT);
  return fail("No such device", ENODEV);
}

Result<Datapath*> DatapathRegistry::only() const {
  if (all_.empty()) return fail("no datapaths exist", ENODEV);
  if (all_.size() > 1) return fail("multiple datapaths, specify one", EINVAL);
  return all_.front();
}

}  // namespace turnout::datapath
