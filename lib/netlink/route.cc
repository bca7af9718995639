// See route.h.
#include "lib/netlink/route.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cerrno>

namespace turnout::netlink {

Result<int> egress_of(Socket& socket, std::span<const uint8_t> destination, uint32_t mark) {
  if (destination.size() != 4 && destination.size() != 16) return fail_errno("route", EINVAL);
  Message message(RTM_GETROUTE, 0);
  rtmsg header{};
  header.rtm_family = destination.size() == 4 ? AF_INET : AF_INET6;
  header.rtm_dst_len = static_cast<uint8_t>(destination.size() * 8);
  message.header(&header, sizeof header);
  message.put(RTA_DST, destination.data(), destination.size());
  if (mark) message.put_u32(RTA_MARK, mark);
  Result<int> device = fail_errno("route", ENETUNREACH);
  const Status asked = socket.request(message, [&](const nlmsghdr& answer) {
    nlattr* tb[RTA_MAX + 1];
    if (answer.nlmsg_type != RTM_NEWROUTE) return;
    if (nlmsg_parse(const_cast<nlmsghdr*>(&answer), sizeof(rtmsg), tb, RTA_MAX, nullptr) < 0) return;
    if (tb[RTA_OIF] && nla_len(tb[RTA_OIF]) >= 4) device = static_cast<int>(nla_get_u32(tb[RTA_OIF]));
  });
  return asked ? device : fail(asked);
}

}  // namespace turnout::netlink
