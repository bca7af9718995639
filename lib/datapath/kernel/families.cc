// See families.h.
#include "lib/datapath/kernel/families.h"

#include <cerrno>
#include <string>

#include "lib/datapath/kernel/attributes.h"
#include "lib/datapath/kernel/request_batch.h"

namespace turnout::datapath::kernel {
namespace {

// Of a connection: what a full RequestBatch and a message of the longest kind behind it take, and answers to all of it.
constexpr int kSendBuffer = 1 << 20, kReceiveBuffer = 2 << 20;

std::span<const uint8_t> payload_of(const nlmsghdr& message, size_t headers) {
  const size_t skipped = NLMSG_HDRLEN + headers;
  if (message.nlmsg_len < skipped) return {};
  return {reinterpret_cast<const uint8_t*>(&message) + skipped, message.nlmsg_len - skipped};
}

uint32_t first_group(std::span<const uint8_t> groups) {
  AttributeReader list(groups);
  while (auto group = list.next()) {
    AttributeReader members(group->payload);
    while (auto member = members.next())
      if (member->type == CTRL_ATTR_MCAST_GRP_ID) return member->as<uint32_t>().value_or(0);
  }
  return 0;
}

}  // namespace

Result<Family> find_family(netlink::Socket& socket, std::string_view name) {
  netlink::Message message(GENL_ID_CTRL, NLM_F_REQUEST);
  const genlmsghdr header{CTRL_CMD_GETFAMILY, 1, 0};
  message.header(&header, sizeof header);
  message.put_string(CTRL_ATTR_FAMILY_NAME, name);
  Family family;
  const Status found = socket.request(message, [&](const nlmsghdr& answer) {
    AttributeReader reader(payload_of(answer, GENL_HDRLEN));
    while (auto a = reader.next()) {
      if (a->type == CTRL_ATTR_FAMILY_ID) family.id = a->as<uint16_t>().value_or(0);
      if (a->type == CTRL_ATTR_MCAST_GROUPS) family.multicast_group = first_group(a->payload);
    }
  });
  if (!found) return fail(found);
  if (!family.id) return fail("no generic netlink family '" + std::string(name) + "'", ENOENT);
  return family;
}

Result<Families> Families::find(netlink::Socket& socket) {
  Families all;
  const std::pair<const char*, Family*> wanted[] = {{OVS_DATAPATH_FAMILY, &all.datapath}, {OVS_VPORT_FAMILY, &all.vport},
                                                    {OVS_FLOW_FAMILY, &all.flow}, {OVS_PACKET_FAMILY, &all.packet}};
  for (const auto& [name, family] : wanted) {
    auto found = find_family(socket, name);
    if (!found) return fail(found);
    *family = *found;
  }
  return all;
}

netlink::Message make_request(const Family& family, uint8_t command, uint8_t version, int dp_ifindex, uint16_t flags,
                              size_t capacity) {
  netlink::Message message(family.id, NLM_F_REQUEST | flags, capacity);
  const RequestHeaders headers{{command, version, 0}, {dp_ifindex}};
  message.header(&headers, sizeof headers);
  return message;
}

Answer read_answer(const nlmsghdr& message) {
  Answer answer;
  const auto headers = payload_of(message, 0);
  if (headers.size() < sizeof(RequestHeaders)) return answer;
  RequestHeaders read;
  std::memcpy(&read, headers.data(), sizeof read);
  answer.command = read.generic.cmd;
  answer.dp_ifindex = read.datapath.dp_ifindex;
  answer.attributes = headers.subspan(sizeof read);
  return answer;
}

Result<std::unique_ptr<Connection>> Connection::open() {
  auto socket = netlink::Socket::open(NETLINK_GENERIC);
  if (!socket) return fail(socket);
  auto families = Families::find(**socket);
  if (!families) return fail(families);
  (*socket)->set_buffers(kReceiveBuffer, kSendBuffer);
  return std::unique_ptr<Connection>(new Connection(std::move(*socket), *families));
}

Status Connection::request(const netlink::Message& message, const std::function<void(const Answer&)>& receive) {
  std::lock_guard lock(mutex_);
  return socket_->request(message, [&](const nlmsghdr& m) { if (receive) receive(read_answer(m)); });
}

Status Connection::dump(netlink::Message message, const std::function<void(const Answer&)>& receive,
                        const std::function<void()>& restart) {
  std::lock_guard lock(mutex_);
  return socket_->dump(std::move(message), [&](const nlmsghdr& m) { receive(read_answer(m)); }, restart);
}

Status Connection::exchange(RequestBatch& batch, const AnswerOf& answer, const netlink::Socket::FailureOf& failed) {
  std::lock_guard lock(mutex_);
  return socket_->exchange(batch.bytes(), [&](size_t i, const nlmsghdr& m) { if (answer) answer(i, read_answer(m)); }, failed);
}

Status Connection::request(RequestBatch& one, const std::function<void(const Answer&)>& receive) {
  Status done;
  const Status sent = exchange(one, [&](size_t, const Answer& answer) { if (receive) receive(answer); },
                               [&](size_t, Status failed) { done = std::move(failed); });
  return sent ? done : sent;
}

}  // namespace turnout::datapath::kernel
