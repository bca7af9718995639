// The Environment: types to devices, and what devices share.
#include "lib/netdev/registry.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <list>
#include <map>

#include "lib/netdev/af_packet.h"
#include "lib/netdev/link_device.h"
#include "lib/netdev/patch.h"
#include "lib/netdev/tap.h"
#include "lib/netdev/tunnel.h"
#include "lib/netdev/watched_link.h"

namespace turnout::netdev {

namespace {
constexpr size_t kMaxName = 15;
constexpr size_t kDumpFrom = 4;          // from so many devices of a namespace on, one dump is cheaper

bool is_dummy_type(std::string_view type) { return type == "dummy" || type == "dummy-internal" || type == "dummy-pmd"; }

bool valid_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || c == ':' || c <= ' ' || c == 127; });
}

class Monitor final : public DeviceMonitor {
 public:
  using Exists = std::function<bool(std::string_view)>;
  Monitor(io::Loop& loop, Exists exists) : loop_(loop), exists_(std::move(exists)) {}

  io::Handle listen(Listener listener) override {
    auto it = listeners_.insert(listeners_.end(), std::move(listener));
    return io::Handle([it, still = std::weak_ptr<bool>(alive_)] {
      if (!still.expired()) *it = nullptr;
    });
  }
  bool exists(std::string_view name) const override { return exists_(name); }

  void tell(const std::string& name, DeviceEvent event) {
    if (waiting_.empty())
      loop_.post([this, still = std::weak_ptr<bool>(alive_)] { if (!still.expired()) deliver(); });
    waiting_.emplace_back(name, event);
  }

 private:
  void deliver() {
    const std::weak_ptr<bool> still = alive_;
    auto events = std::exchange(waiting_, {});
    for (const auto& [name, event] : events)
      for (auto it = listeners_.begin(); it != listeners_.end(); ++it) {
        if (!*it) continue;
        const Listener listener = *it;     // it may cancel itself
        listener(name, event);
        if (still.expired()) return;
      }
    listeners_.remove_if([](const Listener& l) { return !l; });
  }

  io::Loop& loop_;
  Exists exists_;
  std::list<Listener> listeners_;
  std::deque<std::pair<std::string, DeviceEvent>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

DeviceEvent translate(netlink::LinkTable::Event event) {
  switch (event) {
    case netlink::LinkTable::Event::kAppeared: return DeviceEvent::kAppeared;
    case netlink::LinkTable::Event::kVanished: return DeviceEvent::kVanished;
    case netlink::LinkTable::Event::kChanged: break;
  }
  return DeviceEvent::kChanged;
}
}  // namespace

struct Environment::Impl {
  io::Loop& loop;
  std::string run_directory;
  DummyMode dummy = DummyMode::kOff;
  bool system_disabled = false;
  DummyRegistry dummies;
  Monitor monitor;
  IngressDropper dropper;
  std::unique_ptr<netlink::LinkTable> links;     // made when the first Linux device is opened
  std::unique_ptr<TapKeeper> taps;
  io::Handle listening, dummy_changes;

  Impl(io::Loop& l, std::string directory)
      : loop(l), run_directory(std::move(directory)), dummies(l),
        monitor(l, [this](std::string_view name) { return links && links->find(name); }) {
    dummy_changes = dummies.on_change([this](const std::string& name) { monitor.tell(name, DeviceEvent::kChanged); });
  }

  Status need_host() {
    if (links) return {};
    auto made = netlink::LinkTable::create(loop);
    if (!made) return fail(made);
    links = std::move(*made);
    taps = std::make_unique<TapKeeper>(loop, run_directory, *links,
                                       [this](const std::string& name, DeviceEvent event) { monitor.tell(name, event); });
    listening = links->listen([this](netlink::LinkTable::Event event, const netlink::Link& link) {
      if (!taps->handle(event, link)) monitor.tell(link.name, translate(event));
    });
    return {};
  }

  bool uses_host() const { return dummy != DummyMode::kOverride && !(system_disabled && dummy == DummyMode::kSystem); }

  // The type that serves a request.
  std::string serving_type(std::string_view type) const {
    const std::string asked(type.empty() ? "system" : type);
    if (asked == "patch" || is_dummy_type(asked)) return asked;
    if (dummy == DummyMode::kOverride) return asked == "internal" ? "dummy-internal" : "dummy";
    if (dummy == DummyMode::kSystem && asked == "system") return "dummy";
    return asked;
  }

  Result<std::unique_ptr<Device>> open(const OpenRequest& request) {
    const std::string type = serving_type(request.type);
    if (is_dummy_type(type)) {
      OpenRequest served = request;
      if (served.type.empty()) served.type = "system";   // the device says what it stands for
      return dummies.open(served);
    }
    if (type == "patch") return open_patch(request);
    if (find_tunnel_kind(type)) return fail(request.name + ": a tunnel has no device of its own", EAFNOSUPPORT);
    if (!valid_name(request.name)) return fail_errno(request.name, EINVAL);
    if (Status s = need_host(); !s) return fail(s);
    if (type == "system") return open_af_packet(request.name, *links, dropper);
    OpenRequest tap = request;
    tap.type = type;
    return taps->open(tap);
  }
};

Environment::Environment(io::Loop& loop, std::string run_directory)
    : impl_(std::make_unique<Impl>(loop, std::move(run_directory))) {}
Environment::~Environment() = default;

void Environment::enable_dummy(DummyMode mode) { impl_->dummy = mode; }
void Environment::disable_system() { impl_->system_disabled = true; }
DummyMode Environment::dummy_mode() const { return impl_->dummy; }
DeviceMonitor& Environment::monitor() { return impl_->monitor; }
DummyRegistry& Environment::dummies() { return impl_->dummies; }

std::vector<std::string> Environment::types() const {
  std::vector<std::string> types = {"internal", "patch", "system", "tap"};
  for (const TunnelKind& kind : tunnel_kinds()) types.emplace_back(kind.type);
  if (impl_->dummy != DummyMode::kOff) types.insert(types.end(), {"dummy", "dummy-internal", "dummy-pmd"});
  if (impl_->system_disabled && impl_->dummy == DummyMode::kOff) std::erase(types, "system");
  std::sort(types.begin(), types.end());
  return types;
}

bool Environment::known_type(std::string_view type) const {
  const auto all = types();
  return type.empty() || std::find(all.begin(), all.end(), type) != all.end();
}

Result<std::unique_ptr<Device>> Environment::open(const OpenRequest& request) {
  if (!known_type(request.type))
    return fail("could not create netdev " + request.name + " of unknown type " + request.type, EAFNOSUPPORT);
  return impl_->open(request);
}

Result<std::unique_ptr<Device>> Environment::open_link(const std::string& name, const std::string& type) {
  if (!valid_name(name)) return fail_errno(name, EINVAL);
  if (Status s = impl_->need_host(); !s) return fail(s);
  return open_watched_link(name, type, *impl_->links);
}

void Environment::remove(std::string_view name) {
  if (impl_->uses_host() && impl_->need_host()) impl_->taps->remove(name);
}
void Environment::flush() {
  if (impl_->taps) impl_->taps->flush();
}
void Environment::remove_orphans() {
  if (impl_->uses_host() && impl_->need_host()) impl_->taps->remove_orphans();
}
void Environment::remove_all() {
  if (impl_->uses_host() && impl_->need_host()) impl_->taps->remove_all();
}

std::vector<Result<Statistics>> Environment::read_statistics(std::span<Device* const> devices) {
  std::map<netlink::LinkTable*, size_t> share;
  for (Device* device : devices)
    if (auto* link = dynamic_cast<LinkDevice*>(device))
      if (auto* table = link->table()) ++share[table];
  std::map<netlink::LinkTable*, std::map<int, netlink::LinkStatistics>> dumps;
  for (const auto& [table, count] : share)
    if (count >= kDumpFrom)
      if (auto dump = table->requests().all_statistics()) dumps[table] = std::move(*dump);
  std::vector<Result<Statistics>> out;
  out.reserve(devices.size());
  for (Device* device : devices) {
    auto* link = dynamic_cast<LinkDevice*>(device);
    auto dump = link ? dumps.find(link->table()) : dumps.end();
    if (dump == dumps.end()) {
      out.push_back(device->statistics());
      continue;
    }
    auto found = dump->second.find(link->ifindex());
    if (found == dump->second.end()) out.push_back(fail_errno(device->name(), ENODEV));
    else out.push_back(link->from_host(found->second));
  }
  return out;
}

}  // namespace turnout::netdev
