// See backers.h.
#include "vswitchd/bridge/backers.h"

#include <algorithm>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/datapath/kernel/kernel.h"
#include "lib/datapath/userspace/userspace.h"

namespace turnout::bridge {

namespace {
Log log_dpif{"dpif"};
}

Backers::Backers(io::Loop& loop, netdev::Environment& devices, datapath::DatapathRegistry& registry, KernelProbe& kernel,
                 unsigned cpus)
    : loop_(loop), devices_(devices), registry_(registry), kernel_(kernel), cpus_(cpus) {}

Backers::~Backers() { drop_unused({}); }

bool Backers::is_dummy(std::string_view type) const {
  return type == "dummy" || devices_.dummy_mode() == netdev::DummyMode::kOverride ||
         (type == "system" && devices_.dummy_mode() == netdev::DummyMode::kSystem);
}

std::vector<std::string> Backers::types() const {
  std::vector<std::string> types{"netdev", "system"};
  if (devices_.dummy_mode() != netdev::DummyMode::kOff) types.insert(types.begin(), "dummy");
  return types;
}

Result<std::unique_ptr<datapath::Datapath>> Backers::make_system(const GlobalSettings& settings) {
  const bool say = !std::exchange(said_which_, true);
  if (kernel_.has_families()) {
    datapath::KernelOptions options;
    options.handlers = cpus_;
    auto made = datapath::make_kernel(std::move(options));
    if (made && say) log_dpif.info("system@ovs-system: the kernel module serves");
    return made;
  }
  if (!settings.userspace_fallback) {
    if (!std::exchange(said_refused_, true))
      log_dpif.err("system@ovs-system: the kernel datapath is not available and other_config:userspace-fallback forbids "
                   "the userspace datapath");
    return fail("the kernel datapath module is missing, and other_config:userspace-fallback=false forbids the userspace "
                "datapath", ENOENT);
  }
  if (say)
    log_dpif.info("system@ovs-system: the userspace datapath serves, because no kernel module is loaded (there is no "
                  "generic netlink family 'ovs_datapath')");
  return make_userspace("system", settings);
}

std::unique_ptr<datapath::Datapath> Backers::make_userspace(const std::string& type, const GlobalSettings& settings) {
  const bool dummy = is_dummy(type);
  datapath::UserspaceOptions options;
  options.type = type;
  options.name = "ovs-" + type;
  options.clock = &loop_.clock();
  options.loop = &loop_;
  options.threads = dummy ? 0 : settings.packet_threads;
  options.numbering = dummy ? datapath::PortNumbering::kByName : datapath::PortNumbering::kLowestFree;
  options.internal_type = type == "netdev" ? "tap" : "internal";
  options.local_type = dummy ? "dummy-internal" : options.internal_type;
  options.flow_limit = settings.revalidator.flow_limit;
  return datapath::make_userspace(std::move(options));
}

Result<upcall::Backend*> Backers::get(const std::string& type, const GlobalSettings& settings) {
  if (auto i = backends_.find(type); i != backends_.end()) return i->second.get();
  const std::vector<std::string> known = types();
  if (std::find(known.begin(), known.end(), type) == known.end()) return fail("unknown datapath type " + type, EAFNOSUPPORT);
  std::unique_ptr<datapath::Datapath> datapath;
  if (type == "system" && !is_dummy(type)) {
    auto made = make_system(settings);
    if (!made) return fail(made);
    datapath = std::move(*made);
  } else {
    datapath = make_userspace(type, settings);
  }
  auto backend = std::make_unique<upcall::Backend>(loop_, std::move(datapath));
  backend->revalidator().configure(settings.revalidator);
  backend->datapath().watch_ports(loop_, [this, raw = backend.get()] {
    if (ports_changed_) ports_changed_(*raw);
  });
  registry_.add(backend->datapath());
  return (backends_[type] = std::move(backend)).get();
}

void Backers::leave() {
  for (auto& [type, backend] : backends_) backend->datapath().leave();
}

void Backers::remove_strangers() {
  for (auto& [type, backend] : backends_) backend->datapath().remove_strangers();
}

void Backers::drop_unused(const std::set<std::string>& used) {
  for (auto i = backends_.begin(); i != backends_.end();) {
    if (used.contains(i->first)) {
      ++i;
      continue;
    }
    registry_.remove(i->second->datapath());
    limited_.erase(i->first);
    i = backends_.erase(i);
  }
}

void Backers::configure(const GlobalSettings& settings) {
  if (settings == applied_) return;
  for (auto& [type, backend] : backends_) {
    backend->revalidator().configure(settings.revalidator);
    if (!is_dummy(type) && settings.packet_threads != applied_.packet_threads)
      backend->datapath().set_threads(settings.packet_threads);
  }
  applied_ = settings;
}

namespace {

Status change_limits(datapath::Conntrack& conntrack, const DesiredZoneLimits& from, const DesiredZoneLimits& to) {
  std::vector<uint16_t> gone;
  for (const auto& [zone, limit] : from.zones)
    if (!to.zones.contains(zone)) gone.push_back(zone);
  const bool default_gone = from.by_default && !to.by_default;
  if (default_gone || !gone.empty())
    if (Status deleted = conntrack.delete_limits(default_gone, gone); !deleted) return deleted;
  std::vector<datapath::CtLimit> fresh;
  for (const auto& [zone, limit] : to.zones) {
    const auto before = from.zones.find(zone);
    if (before == from.zones.end() || before->second != limit) fresh.push_back({zone, limit, 0});
  }
  const bool new_default = to.by_default && to.by_default != from.by_default;
  if (!new_default && fresh.empty()) return {};
  return conntrack.set_limits(new_default ? to.by_default : std::nullopt, fresh);
}

}  // namespace

void Backers::limit_zones(const std::map<std::string, DesiredZoneLimits>& wanted) {
  for (auto& [type, backend] : backends_) {
    const auto at = wanted.find(type);
    const DesiredZoneLimits limits = at == wanted.end() ? DesiredZoneLimits{} : at->second;
    DesiredZoneLimits& before = limited_[type];
    if (limits == before) continue;
    datapath::Conntrack* conntrack = backend->datapath().conntrack();
    const Status done = conntrack ? change_limits(*conntrack, before, limits) : fail("it tracks no connections", EOPNOTSUPP);
    if (!done) log_dpif.warn("{}: connections of zones are not limited ({})", type, done.error().message);
    before = limits;
  }
}

std::vector<upcall::Backend*> Backers::all() const {
  std::vector<upcall::Backend*> all;
  for (const auto& [type, backend] : backends_) all.push_back(backend.get());
  return all;
}

std::string Backers::open_type(std::string_view datapath_type, std::string_view interface_type) const {
  if (is_dummy(datapath_type) && interface_type == "internal") return "dummy-internal";
  return std::string(interface_type);
}

std::string Backers::shown_type(std::string_view datapath_type, std::string_view interface_type) const {
  if (interface_type != "internal") return std::string(interface_type);
  return is_dummy(datapath_type) ? "dummy-internal" : datapath_type == "netdev" ? "tap" : "internal";
}

}  // namespace turnout::bridge
