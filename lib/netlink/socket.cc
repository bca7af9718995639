// Netlink transport: libnl builds and sends, the answers are read here so that errno survives.
#include "lib/netlink/socket.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "lib/netlink/dump.h"

namespace turnout::netlink {

namespace {
constexpr int kEventBuffer = 1 << 20;      // room for a burst of a thousand links

// An attribute that does not fit means a wrong capacity in our own code.
void must(int libnl_result) {
  if (libnl_result < 0) std::abort();
}
}  // namespace

Message::Message(int type, int flags, size_t capacity) : message_(nlmsg_alloc_size(capacity)) {
  if (!message_ || !nlmsg_put(message_, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags | NLM_F_REQUEST)) std::abort();
}
Message::Message(Message&& o) noexcept : message_(std::exchange(o.message_, nullptr)) {}
Message::~Message() {
  if (message_) nlmsg_free(message_);
}
void Message::header(const void* bytes, size_t size) {
  must(nlmsg_append(message_, const_cast<void*>(bytes), size, NLMSG_ALIGNTO));
}
void Message::put(int attribute, const void* bytes, size_t size) {
  must(nla_put(message_, attribute, static_cast<int>(size), bytes));
}
void Message::put_u32(int attribute, uint32_t value) { put(attribute, &value, sizeof value); }
void Message::put_be32(int attribute, uint32_t value) { put_u32(attribute, htonl(value)); }
void Message::put_u8(int attribute, uint8_t value) { put(attribute, &value, sizeof value); }
void Message::put_string(int attribute, std::string_view text) {
  put(attribute, std::string(text).c_str(), text.size() + 1);
}
void* Message::nest(int attribute) {
  nlattr* nested = nla_nest_start(message_, attribute);
  if (!nested) std::abort();
  return nested;
}
void Message::end(void* nested) { nla_nest_end(message_, static_cast<nlattr*>(nested)); }

Result<std::unique_ptr<Socket>> Socket::open(int protocol) {
  nl_sock* socket = nl_socket_alloc();
  if (!socket) return fail("out of memory for a netlink socket", ENOMEM);
  errno = 0;
  if (nl_connect(socket, protocol) < 0) {
    const int code = errno ? errno : EPROTONOSUPPORT;
    nl_socket_free(socket);
    return fail_errno("opening a netlink socket", code);
  }
  const int on = 1;
  setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return std::unique_ptr<Socket>(new Socket(socket));
}

Result<std::unique_ptr<Socket>> Socket::open(int protocol, const Netns& ns) {
  Result<std::unique_ptr<Socket>> opened = fail("not opened");
  if (Status entered = run_in(ns, [&] { opened = open(protocol); }); !entered) return fail(entered);
  return opened;
}

Socket::Socket(nl_sock* socket) : socket_(socket), buffer_(std::make_unique_for_overwrite<char[]>(kLongestDatagram)) {}
Socket::~Socket() { nl_socket_free(socket_); }
int Socket::fd() const { return nl_socket_get_fd(socket_); }
uint32_t Socket::port_id() const { return nl_socket_get_local_port(socket_); }

namespace {
// The kernel's own sentence about an error, if it sent one (NETLINK_EXT_ACK).
std::string extended_text(const nlmsghdr& header, const nlmsgerr& error) {
  if (!(header.nlmsg_flags & NLM_F_ACK_TLVS)) return {};
  size_t offset = sizeof(nlmsghdr) + sizeof(nlmsgerr);
  if (!(header.nlmsg_flags & NLM_F_CAPPED)) offset += error.msg.nlmsg_len - sizeof(nlmsghdr);
  offset = NLMSG_ALIGN(offset);
  if (offset >= header.nlmsg_len) return {};
  const auto* first = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(&header) + offset);
  const nlattr* text = nla_find(const_cast<nlattr*>(first), static_cast<int>(header.nlmsg_len - offset), NLMSGERR_ATTR_MSG);
  return text ? std::string(static_cast<const char*>(nla_data(text)), strnlen(static_cast<const char*>(nla_data(text)),
                                                                            static_cast<size_t>(nla_len(text))))
              : std::string();
}

Status status_of(const nlmsghdr& header) {
  const auto& error = *static_cast<const nlmsgerr*>(nlmsg_data(&header));
  if (error.error == 0) return {};
  const std::string text = extended_text(header, error);
  return text.empty() ? fail_errno("netlink", -error.error) : fail(text, -error.error);
}
}  // namespace

Result<size_t> Socket::receive(char* buffer, int flags) {
  for (;;) {
    // With MSG_TRUNC the kernel says how long the datagram was, however much of it found room.
    const ssize_t n = recv(fd(), buffer, kLongestDatagram, flags | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("reading from a netlink socket", errno);
    if (static_cast<size_t>(n) > kLongestDatagram) return fail_errno("a netlink message is too long", EMSGSIZE);
    return static_cast<size_t>(n);
  }
}

Status Socket::read_answer(uint32_t sequence, const Receive& receive) {
  for (;;) {
    auto n = this->receive(buffer_.get(), 0);
    if (!n) return fail(n);
    int left = static_cast<int>(*n);
    for (auto* m = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(m, left); m = nlmsg_next(m, &left)) {
      if (m->nlmsg_seq != sequence) continue;      // the rest of an answer that was given up
      if (m->nlmsg_type == NLMSG_ERROR) return status_of(*m);
      if (receive) receive(*m);
    }
  }
}

Status Socket::request(const Message& message, const Receive& receive) {
  nlmsghdr* header = nlmsg_hdr(message.raw());
  header->nlmsg_flags |= NLM_F_ACK;
  header->nlmsg_seq = NL_AUTO_SEQ;
  nl_complete_msg(socket_, message.raw());
  if (const int sent = nl_send(socket_, message.raw()); sent < 0) return fail(nl_geterror(sent), EIO);
  return read_answer(header->nlmsg_seq, receive);
}

Status Socket::start_dump(const Message& message) {
  nlmsghdr* header = nlmsg_hdr(message.raw());
  header->nlmsg_flags |= NLM_F_DUMP;
  header->nlmsg_seq = NL_AUTO_SEQ;
  nl_complete_msg(socket_, message.raw());
  header->nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK);
  dump_ = header->nlmsg_seq;
  if (const int sent = nl_send(socket_, message.raw()); sent < 0) return fail(nl_geterror(sent), EIO);
  return {};
}

Result<Socket::Piece> Socket::read_piece(std::span<char> buffer) {
  auto n = receive(buffer.data(), 0);
  if (!n) return fail(n);
  Piece piece{buffer.first(*n), dump_};
  int left = static_cast<int>(*n);
  for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(m, left); m = nlmsg_next(m, &left)) {
    if (m->nlmsg_seq != dump_) continue;           // the rest of an answer that was given up
    if (m->nlmsg_flags & NLM_F_DUMP_INTR) piece.interrupted = true;
    if (m->nlmsg_type == NLMSG_DONE) piece.last = true;
    if (m->nlmsg_type != NLMSG_ERROR) continue;
    if (Status failed = status_of(*m); !failed) return fail(failed);
    piece.last = true;
  }
  return piece;
}

void Socket::Piece::each(const Receive& receive) const {
  int left = static_cast<int>(messages.size());
  for (auto* m = reinterpret_cast<nlmsghdr*>(messages.data()); nlmsg_ok(m, left); m = nlmsg_next(m, &left))
    if (m->nlmsg_seq == sequence && m->nlmsg_type != NLMSG_DONE && m->nlmsg_type != NLMSG_ERROR) receive(*m);
}

Status Socket::dump(Message request, const Receive& receive, std::function<void()> restart) {
  return Dump(*this, std::move(request), std::move(restart)).read(receive);
}

Status Socket::batch(std::span<const Message* const> messages) {
  std::vector<char> bytes;
  std::vector<uint32_t> answers;
  for (const Message* message : messages) {
    nlmsghdr* header = nlmsg_hdr(message->raw());
    header->nlmsg_seq = NL_AUTO_SEQ;
    nl_complete_msg(socket_, message->raw());
    const bool bracket = header->nlmsg_type < NLMSG_MIN_TYPE + 2 && header->nlmsg_type >= NLMSG_MIN_TYPE;
    header->nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK);
    if (!bracket) {                                // nfnetlink's begin and end are not answered
      header->nlmsg_flags |= NLM_F_ACK;
      answers.push_back(header->nlmsg_seq);
    }
    const char* start = reinterpret_cast<const char*>(header);
    bytes.insert(bytes.end(), start, start + NLMSG_ALIGN(header->nlmsg_len));
  }
  if (const int sent = nl_sendto(socket_, bytes.data(), bytes.size()); sent < 0) return fail(nl_geterror(sent), EIO);
  Status first;
  for (uint32_t sequence : answers) {
    Status one = read_answer(sequence, {});
    if (!one) return one;
  }
  return first;
}

Status Socket::exchange(std::span<uint8_t> bytes, const AnswerOf& answer, const FailureOf& failed) {
  uint32_t first = 0, count = 0;
  nlmsghdr* last = nullptr;
  for (size_t at = 0; at + sizeof(nlmsghdr) <= bytes.size(); at += NLMSG_ALIGN(last->nlmsg_len)) {
    last = reinterpret_cast<nlmsghdr*>(bytes.data() + at);
    last->nlmsg_seq = nl_socket_use_seq(socket_);
    if (!count++) first = last->nlmsg_seq;
  }
  if (!last) return {};
  last->nlmsg_flags |= NLM_F_ACK;
  ssize_t sent;
  while ((sent = send(fd(), bytes.data(), bytes.size(), 0)) < 0 && errno == EINTR) {
  }
  if (sent < 0) return fail_errno("sending to a netlink socket", errno);
  for (;;) {
    auto n = receive(buffer_.get(), 0);
    if (!n) return fail(n);
    int left = static_cast<int>(*n);
    for (auto* m = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(m, left); m = nlmsg_next(m, &left)) {
      const uint32_t index = m->nlmsg_seq - first;
      if (index >= count) continue;                // the rest of an answer that was given up
      if (m->nlmsg_type != NLMSG_ERROR) {
        if (answer) answer(index, *m);
        continue;
      }
      if (Status done = status_of(*m); !done && failed) failed(index, std::move(done));
      if (index == count - 1) return {};
    }
  }
}

void Socket::set_buffers(int receive, int send) {
  const auto set = [this](int forced, int plain, int size) {
    if (size && setsockopt(fd(), SOL_SOCKET, forced, &size, sizeof size) < 0)
      setsockopt(fd(), SOL_SOCKET, plain, &size, sizeof size);
  };
  set(SO_RCVBUFFORCE, SO_RCVBUF, receive);
  set(SO_SNDBUFFORCE, SO_SNDBUF, send);
}

Status Socket::subscribe(int group) {
  set_buffers(kEventBuffer, 0);
  if (setsockopt(fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
    return fail_errno("subscribing to netlink events", errno);
  return {};
}

Status Socket::read_events(const Receive& receive) {
  // Its own: a receiver may end this socket.
  const auto buffer = std::make_unique_for_overwrite<char[]>(kLongestDatagram);
  for (;;) {
    auto n = this->receive(buffer.get(), MSG_DONTWAIT);
    if (!n && (n.error().code == EAGAIN || n.error().code == EWOULDBLOCK)) return {};
    if (!n) return fail(n);
    int left = static_cast<int>(*n);
    for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.get()); nlmsg_ok(m, left); m = nlmsg_next(m, &left)) receive(*m);
  }
}

}  // namespace turnout::netlink
