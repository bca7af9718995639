// See userspace_datapath.h.
#include "lib/datapath/userspace/userspace_datapath.h"

#include <poll.h>

#include <cerrno>
#include <chrono>

#include "lib/datapath/action_text.h"
#include "lib/datapath/userspace/execute.h"
#include "lib/datapath/userspace/local_device.h"

namespace turnout::datapath {
namespace {

constexpr unsigned kDrainRounds = 64;          // batches of one port before other work of the loop gets its turn
constexpr unsigned kQuiesceRounds = 100'000;   // a loop of ports would never come to rest

}  // namespace

std::unique_ptr<Datapath> make_userspace(UserspaceOptions options) {
  return std::make_unique<UserspaceDatapath>(std::move(options));
}

UserspaceDatapath::UserspaceDatapath(UserspaceOptions options)
    : options_(std::move(options)), shared_(*options_.clock, options_.flow_limit) {
  auto local = std::move(options_.local);
  if (!local) local = std::make_unique<LocalDevice>(options_.name, options_.local_type);
  start_threads(options_.threads);
  (void)add_port(std::move(local), kDpPortLocal);
}

UserspaceDatapath::~UserspaceDatapath() {
  watches_.clear();
  end_threads();
}

Result<DpPort> UserspaceDatapath::add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) {
  if (shared_.ports.has_name(device->name())) return fail("File exists", EEXIST);
  auto port = std::make_unique<Port>();
  port->name = device->name();
  port->type = device->type() == "internal" ? options_.internal_type : std::string(device->type());
  port->device = std::move(device);
  if (!wanted || *wanted == kDpPortNone || shared_.ports.find(*wanted))
    wanted = shared_.ports.choose(port->name, options_.numbering);
  Port& added = shared_.ports.add(*wanted, std::move(port));
  start_receiving(added);
  return added.number;
}

Status UserspaceDatapath::del_port(DpPort number) {
  Port* port = shared_.ports.find(number);
  if (!port) return fail("No such device", ENODEV);
  if (number == kDpPortLocal) return fail("Invalid argument", EINVAL);
  stop_receiving(*port);
  auto removed = shared_.ports.remove(number);
  rcu_synchronize();
  return {};
}

netdev::Device* UserspaceDatapath::device(DpPort number) {
  Port* port = shared_.ports.find(number);
  return port ? port->device.get() : nullptr;
}

std::vector<PortInfo> UserspaceDatapath::ports() const {
  std::vector<PortInfo> infos;
  for (const Port* port : shared_.ports.all()) infos.push_back({port->number, port->name, port->type});
  return infos;
}

Status UserspaceDatapath::put_flow(const FlowEntry& flow, bool may_modify) {
  for (const Action& action : flow.actions)
    if (!can_execute({action})) return fail("userspace datapaths have no " + format_actions({action}), EOPNOTSUPP);
  RcuThread thread;
  const Ufid ufid = flow.ufid == Ufid{} ? make_ufid(flow.key, flow.mask) : flow.ufid;
  switch (shared_.flows.put(ufid, flow.key, flow.mask, flow.actions, may_modify)) {
    case MegaflowTable::Put::kCreated:
    case MegaflowTable::Put::kModified: return {};
    case MegaflowTable::Put::kExists: return fail("File exists", EEXIST);
    case MegaflowTable::Put::kFull: return fail("File too large", EFBIG);
  }
  return {};
}

Status UserspaceDatapath::clear_flow_stats(const FlowEntry& like) {
  RcuThread thread;
  FlowRef flow = shared_.flows.get(like.ufid);
  if (!flow) return fail("No such file or directory", ENOENT);
  flow->clear_stats();
  return {};
}

std::optional<FlowStats> UserspaceDatapath::del_flow(const Ufid& ufid) {
  RcuThread thread;
  if (FlowRef flow = shared_.flows.remove(ufid)) return flow->stats();
  return std::nullopt;
}

std::optional<FlowEntry> UserspaceDatapath::get_flow(const Ufid& ufid) const {
  RcuThread thread;
  if (FlowRef flow = shared_.flows.get(ufid)) return flow->entry();
  return std::nullopt;
}

void UserspaceDatapath::each_flow(const std::function<void(const FlowEntry&)>& f) const {
  RcuThread thread;
  for (const FlowRef& flow : shared_.flows.all())
    if (flow->alive()) f(flow->entry());
}

void UserspaceDatapath::execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) {
  Pipeline* guest = nullptr;
  {
    std::lock_guard lock(guests_mutex_);
    if (idle_guests_.empty()) {
      guests_.push_back(std::make_unique<Pipeline>(shared_));
      idle_guests_.push_back(guests_.back().get());
    }
    guest = idle_guests_.back();
    idle_guests_.pop_back();
  }
  guest->execute(packet, key, actions);
  std::lock_guard lock(guests_mutex_);
  idle_guests_.push_back(guest);
}

Totals UserspaceDatapath::totals() const {
  Totals totals = ended_;
  for (const auto& thread : threads_) thread->add_totals(totals);
  if (own_) own_->add_totals(totals);
  {
    std::lock_guard lock(guests_mutex_);
    for (const auto& guest : guests_) guest->add_totals(totals);
  }
  totals.flows = shared_.flows.size();
  totals.masks = shared_.flows.masks();
  return totals;
}

void UserspaceDatapath::start_threads(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    auto thread = std::make_unique<PacketThread>(shared_, group_, i);
    std::lock_guard lock(group_.mutex);
    group_.threads.push_back(thread.get());
    threads_.push_back(std::move(thread));
  }
  if (!count && !own_) own_ = std::make_unique<Pipeline>(shared_);
}

void UserspaceDatapath::end_threads() {
  for (auto& thread : threads_) thread->stop();
  for (auto& thread : threads_) thread->add_totals(ended_);
  {
    std::lock_guard lock(group_.mutex);
    group_.threads.clear();
  }
  threads_.clear();
}

void UserspaceDatapath::set_threads(unsigned packet_threads) {
  if (packet_threads == threads_.size()) return;
  const auto ports = shared_.ports.all();
  for (Port* port : ports) stop_receiving(*port);
  // Only an ended thread surely receives no more. Devices keep what arrives meanwhile.
  end_threads();
  if (own_) own_->add_totals(ended_);
  own_.reset();
  start_threads(packet_threads);
  for (Port* port : ports) start_receiving(*port);
}

void UserspaceDatapath::start_receiving(Port& port) {
  const int fd = port.device->readiness_fd();
  if (fd < 0) return;
  if (threads_.empty()) {
    if (options_.loop)
      watches_[port.number.value] = options_.loop->watch(fd, io::Loop::kReadable, [this, &port](unsigned) { drain(port); });
    return;
  }
  std::lock_guard lock(group_.mutex);
  group_.threads.front()->watch(port);
}

void UserspaceDatapath::stop_receiving(Port& port) {
  watches_.erase(port.number.value);
  std::lock_guard lock(group_.mutex);
  if (PacketThread* thread = port.receiver.load(std::memory_order_relaxed)) thread->unwatch(port);
}

bool UserspaceDatapath::drain(Port& port) {
  RcuThread thread;
  for (unsigned round = 0; round < kDrainRounds; ++round) {
    RcuRead read;
    if (!own_->serve(port)) return round > 0;
  }
  return true;
}

bool UserspaceDatapath::any_readable() const {
  std::vector<pollfd> fds;
  for (const Port* port : shared_.ports.all())
    if (port->device->readiness_fd() >= 0) fds.push_back({port->device->readiness_fd(), POLLIN, 0});
  return poll(fds.data(), fds.size(), 0) > 0;
}

void UserspaceDatapath::quiesce() {
  if (threads_.empty()) {
    for (unsigned round = 0; round < kQuiesceRounds; ++round) {
      bool worked = false;
      for (Port* port : shared_.ports.all())
        if (port->device->readiness_fd() >= 0) worked |= drain(*port);
      if (!worked) return;
    }
    return;
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (any_readable() && std::chrono::steady_clock::now() < deadline) rcu_synchronize();
  rcu_synchronize();                           // what was received is being handled inside a read section
}

}  // namespace turnout::datapath
