// See port_watch.h.
#include "lib/datapath/kernel/port_watch.h"

#include <algorithm>
#include <cerrno>

#include "lib/base/counters.h"

namespace turnout::datapath::kernel {
namespace {
Counter count_overflow{"dpif_netlink_notification_overflow"};
}

Result<std::unique_ptr<PortWatch>> PortWatch::start(io::Loop& loop, const Families& families, Options options,
                                                    std::function<void()> changed) {
  auto socket = netlink::Socket::open(NETLINK_GENERIC);
  if (!socket) return fail(socket);
  const auto control = find_family(**socket, "nlctrl");
  for (uint32_t group : {families.vport.multicast_group, families.datapath.multicast_group, control ? control->multicast_group : 0})
    if (group)
      if (Status s = (*socket)->subscribe(static_cast<int>(group)); !s) return fail(s);
  (*socket)->set_buffers(options.receive_buffer, 0);
  std::unique_ptr<PortWatch> watch(new PortWatch(std::move(*socket), families, std::move(options), std::move(changed)));
  watch->watch_ = loop.watch(watch->socket_->fd(), io::Loop::kReadable, [raw = watch.get()](unsigned) { raw->read(); });
  return watch;
}

bool PortWatch::is_news(const nlmsghdr& message) const {
  const Answer news = read_answer(message);
  if (message.nlmsg_type == GENL_ID_CTRL) return news.command == CTRL_CMD_DELFAMILY;
  if (news.dp_ifindex != options_.dp_ifindex) return false;
  if (std::find(options_.own.begin(), options_.own.end(), message.nlmsg_pid) != options_.own.end()) return false;
  if (message.nlmsg_type == families_.vport.id) return news.command == OVS_VPORT_CMD_NEW || news.command == OVS_VPORT_CMD_DEL;
  return message.nlmsg_type == families_.datapath.id && news.command == OVS_DP_CMD_DEL;
}

void PortWatch::read() {
  bool news = false;
  Status read;
  // After a loss the queue still holds what came before and after it.
  do {
    read = socket_->read_events([&](const nlmsghdr& message) { news |= is_news(message); });
    if (read || read.error().code != ENOBUFS) break;
    count_overflow.add();
    news = true;
  } while (true);
  if (news) changed_();
}

}  // namespace turnout::datapath::kernel
