// The generic netlink families of the kernel module (stock or ours), and requests to them. genetlink's CTRL_CMD_GETFAMILY,
// <linux/genetlink.h>; <linux/openvswitch.h>. Blocking, microseconds. Errors carry errno; texts are the kernel's own
// (extack) where it sent any.
#pragma once

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/openvswitch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "lib/base/result.h"
#include "lib/netlink/dump.h"
#include "lib/netlink/socket.h"

namespace turnout::datapath::kernel {

struct Family {
  uint16_t id = 0;
  uint32_t multicast_group = 0;      // the first one; 0: none
};
// Code ENOENT: no module has it.
Result<Family> find_family(netlink::Socket& socket, std::string_view name);

struct Families {
  Family datapath, vport, flow, packet;
  static Result<Families> find(netlink::Socket& socket);
};

class RequestBatch;

struct RequestHeaders {
  genlmsghdr generic;
  ovs_header datapath;
};
static_assert(sizeof(RequestHeaders) == GENL_HDRLEN + sizeof(ovs_header));

// A request to a family: the headers of generic netlink and of the datapath in front of the attributes.
// dp_ifindex: which datapath, 0 where the request names it otherwise. flags: NLM_F_REQUEST is added.
netlink::Message make_request(const Family& family, uint8_t command, uint8_t version, int dp_ifindex, uint16_t flags = 0,
                              size_t capacity = 4096);
// The attributes of an answer or a notification; empty where it is too short to have any.
struct Answer {
  uint8_t command = 0;
  int dp_ifindex = 0;
  std::span<const uint8_t> attributes;
};
Answer read_answer(const nlmsghdr& message);

// One socket shared by threads: a request at a time.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open();
  Status request(const netlink::Message& message, const std::function<void(const Answer&)>& receive = {});
  Status dump(netlink::Message message, const std::function<void(const Answer&)>& receive,
              const std::function<void()>& restart = {});
  // A dump that threads share. Until it is gone the connection is its alone, and it outlives it.
  std::unique_ptr<netlink::Dump> begin_dump(netlink::Message message) {
    return std::make_unique<netlink::Dump>(*socket_, std::move(message));
  }
  // Sends all of a batch and returns when the kernel has carried it out; netlink::Socket::exchange() says more.
  using AnswerOf = std::function<void(size_t, const Answer&)>;
  Status exchange(RequestBatch& batch, const AnswerOf& answer, const netlink::Socket::FailureOf& failed);
  // A batch of one message; its error.
  Status request(RequestBatch& one, const std::function<void(const Answer&)>& receive = {});
  const Families& families() const { return families_; }
  uint32_t port_id() const { return socket_->port_id(); }

 private:
  Connection(std::unique_ptr<netlink::Socket> socket, Families families)
      : socket_(std::move(socket)), families_(families) {}
  std::mutex mutex_;
  std::unique_ptr<netlink::Socket> socket_;
  const Families families_;
};

}  // namespace turnout::datapath::kernel
