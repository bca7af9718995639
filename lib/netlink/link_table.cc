// The table of links: one dump, then events.
#include <linux/rtnetlink.h>

#include <cerrno>
#include <list>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "lib/netlink/link.h"
#include "lib/netlink/link_parse.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

namespace {
Log log{"netlink"};
Counter overflows{"netlink_overflow"};
}  // namespace

struct LinkTable::Impl {
  std::unique_ptr<Socket> events;
  std::unique_ptr<LinkSocket> requests;
  std::map<int, Link> links;
  std::map<std::string, int, std::less<>> names;
  std::list<Listener> listeners;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  io::Handle watch;

  void tell(Event event, Link link) {      // by value: a listener may cause changes
    std::weak_ptr<bool> still = alive;
    for (auto it = listeners.begin(); it != listeners.end();) {
      auto next = std::next(it);
      if (*it) (*it)(event, link);
      if (still.expired()) return;
      it = next;
    }
    listeners.remove_if([](const Listener& l) { return !l; });
  }

  void put(Link link) {
    auto it = links.find(link.ifindex);
    if (it != links.end() && it->second == link) return;
    if (it != links.end() && it->second.name != link.name) {
      erase(link.ifindex);
      it = links.end();
    }
    const bool appeared = it == links.end();
    names[link.name] = link.ifindex;
    links[link.ifindex] = link;
    tell(appeared ? Event::kAppeared : Event::kChanged, link);
  }

  void erase(int ifindex) {
    auto it = links.find(ifindex);
    if (it == links.end()) return;
    Link gone = std::move(it->second);
    links.erase(it);
    if (auto name = names.find(gone.name); name != names.end() && name->second == ifindex) names.erase(name);
    tell(Event::kVanished, gone);
  }

  void handle(const nlmsghdr& m) {
    auto link = parse_link(m);
    if (!link) return;
    if (m.nlmsg_type == RTM_DELLINK) erase(link->ifindex);
    else put(std::move(*link));
  }

  void read() {
    std::weak_ptr<bool> still = alive;
    Status s = events->read_events([&](const nlmsghdr& m) { if (!still.expired()) handle(m); });
    if (still.expired()) return;
    if (!s && s.error().code == ENOBUFS) {
      overflows.add();
      if (Status again = resync(); !again) log.warn("reading the links again failed: {}", again.error().message);
    }
  }

  Status resync() {
    auto list = requests->list();
    if (!list) return fail(list);
    std::map<int, bool> seen;
    for (const Link& link : *list) seen[link.ifindex] = true;
    std::vector<int> gone;
    for (const auto& [ifindex, link] : links)
      if (!seen.count(ifindex)) gone.push_back(ifindex);
    for (int ifindex : gone) erase(ifindex);
    for (Link& link : *list) put(std::move(link));
    return {};
  }

  static Result<std::unique_ptr<LinkTable>> make(io::Loop& loop, Result<std::unique_ptr<Socket>> events,
                                                 Result<std::unique_ptr<LinkSocket>> requests) {
    if (!events) return fail(events);
    if (!requests) return fail(requests);
    auto impl = std::make_unique<Impl>();
    impl->events = std::move(*events);
    impl->requests = std::move(*requests);
    if (Status s = impl->events->subscribe(RTNLGRP_LINK); !s) return fail(s);
    if (Status s = impl->resync(); !s) return fail(s);
    Impl* raw = impl.get();
    impl->watch = loop.watch(impl->events->fd(), io::Loop::kReadable, [raw](unsigned) { raw->read(); });
    return std::unique_ptr<LinkTable>(new LinkTable(std::move(impl)));
  }
};

LinkTable::LinkTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkTable::~LinkTable() = default;

Result<std::unique_ptr<LinkTable>> LinkTable::create(io::Loop& loop) {
  return Impl::make(loop, Socket::open(NETLINK_ROUTE), LinkSocket::open());
}

Result<std::unique_ptr<LinkTable>> LinkTable::create(io::Loop& loop, const Netns& ns) {
  return Impl::make(loop, Socket::open(NETLINK_ROUTE, ns), LinkSocket::open(ns));
}

const Link* LinkTable::find(std::string_view name) const {
  auto it = impl_->names.find(name);
  return it == impl_->names.end() ? nullptr : find(it->second);
}
const Link* LinkTable::find(int ifindex) const {
  auto it = impl_->links.find(ifindex);
  return it == impl_->links.end() ? nullptr : &it->second;
}
const std::map<int, Link>& LinkTable::all() const { return impl_->links; }
void LinkTable::sync() { impl_->read(); }
LinkSocket& LinkTable::requests() { return *impl_->requests; }

io::Handle LinkTable::listen(Listener listener) {
  auto it = impl_->listeners.insert(impl_->listeners.end(), std::move(listener));
  return io::Handle([this, it, still = std::weak_ptr<bool>(impl_->alive)] {
    if (!still.expired()) *it = nullptr;   // erased after the next event: this may be inside one
  });
}

}  // namespace turnout::netlink
