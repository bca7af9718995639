// Taps of ours: opening, following and removing them.
#include "lib/netdev/tap.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "lib/base/log.h"
#include "lib/netdev/link_device.h"

namespace turnout::netdev {

namespace {
Log log_{"netdev_linux"};
constexpr auto kReleaseWait = std::chrono::seconds(5);      // for a killed process that still holds its taps
constexpr auto kReleasePoll = std::chrono::milliseconds(5);
constexpr const char* kTapKind = "tun";
}  // namespace

struct TapKeeper::Tap {
  std::string name;             // as the switch calls it
  TapSocket socket;
  bool ours = true;             // false: somebody else's persistent tap, which is left as it was
  bool persistent = false;
  bool in_use = false;          // a Device serves it
  ino_t inode = 0;              // where it is; 0: deleted
  int ifindex = 0;
};

struct TapKeeper::Away {
  netlink::Netns ns;
  std::unique_ptr<netlink::LinkTable> table;
  io::Handle listening;
};

class TapDevice final : public LinkDevice {
 public:
  TapDevice(TapKeeper& keeper, std::shared_ptr<TapKeeper::Tap> tap, std::string type)
      : LinkDevice(tap->name, std::move(type)), keeper_(keeper), tap_(std::move(tap)) {}
  ~TapDevice() override { keeper_.released(name()); }

  int readiness_fd() const override { return tap_->socket.fd(); }
  size_t receive(net::Batch& batch, size_t room) override { return tap_->socket.receive(batch, room); }
  void send(const net::Batch& batch) override { tap_->socket.send(batch); }
  Capabilities capabilities() const override {
    return {.partial_checksum = true, .tcp4_gso = true, .tcp6_gso = true, .udp_l4_gso = tap_->socket.takes_udp_segments(), .ufo = false};
  }

  netlink::LinkTable* table() const override { return tap_->inode ? keeper_.table_of(tap_->inode) : nullptr; }
  int ifindex() const override { return tap_->ifindex; }
  netlink::DriverInfo driver_info() const override {
    auto place = tap_->socket.place();
    if (!place) return {};
    if (place->ns.inode() == keeper_.home_inode_) return netlink::read_driver_info(place->name);
    return netlink::read_driver_info(place->name, place->ns);
  }

  // What the host sends through the tap comes into the switch.
  Statistics from_host(const netlink::LinkStatistics& h) const override {
    Statistics s;
    s.rx_packets = h.tx_packets;
    s.rx_bytes = h.tx_bytes;
    s.rx_errors = h.tx_errors + tap_->socket.rx_errors();
    s.rx_dropped = h.tx_dropped;
    s.tx_packets = h.rx_packets;
    s.tx_bytes = h.rx_bytes;
    s.tx_errors = h.rx_errors;
    s.tx_dropped = h.rx_dropped + tap_->socket.tx_dropped();
    s.collisions = h.collisions;
    return s;
  }

 private:
  TapKeeper& keeper_;
  std::shared_ptr<TapKeeper::Tap> tap_;
};

TapKeeper::TapKeeper(io::Loop& loop, const std::string& run_directory, netlink::LinkTable& home, Tell tell)
    : loop_(loop), home_(home), tell_(std::move(tell)), record_(run_directory + "/internal-ports") {
  if (auto ns = netlink::Netns::current()) home_inode_ = ns->inode();
  record_.load();
}

TapKeeper::~TapKeeper() { flush(); }

Result<std::unique_ptr<Device>> TapKeeper::open(const OpenRequest& request) {
  auto tap = obtain(request);
  if (!tap) return fail(tap);
  if (request.mac)
    if (Status s = (*tap)->socket.set_mac(*request.mac); !s) log_.warn("{}: {}", request.name, s.error().message);
  removals_.erase(request.name);
  (*tap)->in_use = true;
  taps_[request.name] = *tap;
  locate(**tap);
  schedule();
  return std::unique_ptr<Device>(new TapDevice(*this, *tap, request.type));
}

// The tap that is attached already, the recorded one, a foreign one (type tap), or a new one; in this order.
Result<std::shared_ptr<TapKeeper::Tap>> TapKeeper::obtain(const OpenRequest& request) {
  if (auto it = taps_.find(request.name); it != taps_.end()) {
    if (it->second->in_use) return fail_errno(request.name, EBUSY);
    if (!removals_.count(request.name) && it->second->socket.place()) return it->second;
    flush();                                // it was to be deleted: a new one shall be as new
    taps_.erase(request.name);
  }
  if (removals_.count(request.name)) flush();
  if (auto it = record_.all().find(request.name); it != record_.all().end()) {
    const InternalPort port = it->second;
    auto attached = attach(request.name, port);
    if (attached || attached.error().code == EBUSY) return attached;
    log_.info("{}: the recorded device is gone ({})", request.name, attached.error().message);
    record_.erase(request.name);
  }
  home_.sync();
  if (const netlink::Link* link = home_.find(request.name)) {
    if (request.type == "tap" && link->kind == kTapKind) return adopt(request.name);
    return fail_errno(request.name, EEXIST);
  }
  return create(request);
}

Result<std::shared_ptr<TapKeeper::Tap>> TapKeeper::create(const OpenRequest& request) {
  auto socket = TapSocket::open(request.name, TapSocket::Open::kCreate);
  if (!socket) return fail(socket);
  return std::make_shared<Tap>(Tap{request.name, std::move(*socket)});
}

Result<std::shared_ptr<TapKeeper::Tap>> TapKeeper::adopt(const std::string& name) {
  auto socket = TapSocket::open(name, TapSocket::Open::kAttach);
  if (!socket) return fail(socket);
  return std::make_shared<Tap>(Tap{name, std::move(*socket), false, true});
}

Result<std::shared_ptr<TapKeeper::Tap>> TapKeeper::attach(const std::string& name, const InternalPort& port) {
  const bool at_home = port.ns_inode == home_inode_;
  Result<netlink::Netns> ns = at_home ? netlink::Netns::current() : netlink::Netns::find(port.ns_inode, port.ns_path);
  if (!ns) return fail(ns);
  std::optional<TapSocket> socket;
  Error why(name + ": No such device", ENODEV);
  auto try_once = [&] {
    auto links = netlink::LinkSocket::open();
    if (!links) return;
    auto link = (*links)->get(port.ifindex);           // by number: it may have been renamed inside
    if (!link || link->kind != kTapKind) return;
    auto opened = TapSocket::open(link->name, TapSocket::Open::kAttach);
    if (opened) socket.emplace(std::move(*opened));
    else why = opened.error();
  };
  const auto deadline = std::chrono::steady_clock::now() + kReleaseWait;
  for (;;) {
    if (at_home) try_once();
    else if (Status s = netlink::run_in(*ns, try_once); !s) return fail(s);
    if (socket || why.code != EBUSY || std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(kReleasePoll);
  }
  if (!socket) return fail(why.message, why.code);
  return std::make_shared<Tap>(Tap{name, std::move(*socket), true, true});
}

netlink::LinkTable* TapKeeper::table_of(ino_t inode) {
  if (inode == home_inode_) return &home_;
  auto it = away_.find(inode);
  return it == away_.end() ? nullptr : it->second->table.get();
}

// Finds out where a tap is now, follows the links of that namespace, and keeps the record right.
void TapKeeper::locate(Tap& tap) {
  const ino_t before = tap.inode;
  auto place = tap.socket.place();
  tap.inode = place ? place->ns.inode() : 0;
  if (place) {
    const ino_t inode = tap.inode;
    if (inode != home_inode_ && !away_.count(inode)) {
      auto table = netlink::LinkTable::create(loop_, place->ns);
      if (!table) {
        log_.warn("{}: cannot follow it into its network namespace: {}", tap.name, table.error().message);
        tap.inode = 0;
      } else {
        auto entered = std::make_unique<Away>();
        entered->table = std::move(*table);
        entered->listening = entered->table->listen([this, inode](auto event, const netlink::Link& link) { handle(inode, event, link); });
        away_[inode] = std::move(entered);
      }
    }
    if (netlink::LinkTable* table = table_of(inode)) {
      if (!table->find(place->name)) table->sync();
      if (const netlink::Link* link = table->find(place->name)) tap.ifindex = link->ifindex;
    }
    if (tap.ours) {
      record_.put(tap.name, {tap.ifindex, inode, inode == home_inode_ ? std::string() : place->ns.path()});
      schedule();
    }
  }
  if (before != tap.inode && before != home_inode_ && before) schedule();   // flush() forgets empty namespaces
}

bool TapKeeper::handle(ino_t inode, netlink::LinkTable::Event event, const netlink::Link& link) {
  for (auto& [name, tap] : taps_) {
    if (tap->inode != inode || tap->ifindex != link.ifindex) continue;
    if (!tap->in_use) return true;
    if (event != netlink::LinkTable::Event::kChanged) locate(*tap);   // moved, renamed or deleted
    tell_(name, tap->inode ? DeviceEvent::kChanged : DeviceEvent::kVanished);
    return true;
  }
  return false;
}

void TapKeeper::released(const std::string& name) {
  auto it = taps_.find(name);
  if (it == taps_.end()) return;
  it->second->in_use = false;
  schedule();
}

void TapKeeper::remove(std::string_view name) {
  if (!taps_.count(name) && !record_.all().count(name)) return;
  removals_.emplace(name);
  schedule();
}

void TapKeeper::remove_orphans() {
  for (const auto& [name, port] : record_.all())
    if (!taps_.count(name)) remove(name);
  flush();
}

void TapKeeper::remove_all() {
  for (const auto& [name, port] : record_.all()) remove(name);
  flush();
}

void TapKeeper::schedule() {
  if (std::exchange(scheduled_, true)) return;
  loop_.post([this, still = std::weak_ptr<bool>(alive_)] {
    if (!still.expired()) flush();
  });
}

void TapKeeper::delete_links() {
  std::map<ino_t, std::vector<int>> doomed;
  for (const std::string& name : removals_) {
    auto tap = taps_.find(name);
    if (tap != taps_.end() && !tap->second->ours) continue;
    auto recorded = record_.all().find(name);
    if (tap != taps_.end() && tap->second->inode) doomed[tap->second->inode].push_back(tap->second->ifindex);
    else if (recorded != record_.all().end() && tap == taps_.end())
      doomed[recorded->second.ns_inode].push_back(recorded->second.ifindex);
  }
  // The record may be older than the host's state: whatever is no tap any more stays.
  auto remove_taps = [](netlink::LinkSocket& links, std::vector<int>& ifindexes) {
    std::erase_if(ifindexes, [&](int ifindex) {
      auto link = links.get(ifindex);
      return !link || link->kind != kTapKind;
    });
    return links.remove_all(ifindexes);
  };
  for (auto& [inode, ifindexes] : doomed) {
    Status s;
    if (netlink::LinkTable* table = table_of(inode)) {
      s = remove_taps(table->requests(), ifindexes);
      table->sync();
    } else if (auto ns = netlink::Netns::find(inode, {})) {
      if (auto links = netlink::LinkSocket::open(*ns)) s = remove_taps(**links, ifindexes);
    }
    if (!s) log_.warn("removing {} internal ports: {}", ifindexes.size(), s.error().message);
  }
}

void TapKeeper::flush() {
  scheduled_ = false;
  const auto removals = removals_;
  if (!removals.empty()) delete_links();
  removals_.clear();
  for (const std::string& name : removals) {
    record_.erase(name);
    if (auto it = taps_.find(name); it != taps_.end()) it->second->inode = 0;
  }
  std::erase_if(taps_, [](const auto& entry) { return !entry.second->in_use; });
  std::set<ino_t> lived_in;
  for (const auto& [name, tap] : taps_) lived_in.insert(tap->inode);
  std::erase_if(away_, [&](const auto& entry) { return !lived_in.count(entry.first); });
  if (Status s = record_.save(); !s) {
    log_.warn("internal ports will not outlive this process: {}", s.error().message);
    return;
  }
  for (auto& [name, tap] : taps_)
    if (tap->ours && !tap->persistent && tap->inode) {
      if (Status s = tap->socket.set_persistent(true); !s) log_.warn("{}: {}", name, s.error().message);
      tap->persistent = true;
    }
}

}  // namespace turnout::netdev
