// A netlink socket over libnl: requests that wait for their answer, dumps, and events. Errors are errno values, which
// libnl's own codes would hide. For lib/netlink and for folders that speak a netlink family of their own. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "lib/base/result.h"
#include "lib/netlink/netns.h"

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

namespace turnout::netlink {

// A message under construction. put() appends an attribute; nest() opens one that holds others.
class Message {
 public:
  Message(int type, int flags, size_t capacity = 4096);
  Message(Message&& o) noexcept;
  Message& operator=(Message&&) = delete;
  ~Message();
  void header(const void* bytes, size_t size);            // the family's own header, first of all
  void put(int attribute, const void* bytes, size_t size);
  void put_u32(int attribute, uint32_t value);            // host order
  void put_be32(int attribute, uint32_t value);           // network order
  void put_u8(int attribute, uint8_t value);
  void put_string(int attribute, std::string_view text);  // with its NUL
  void* nest(int attribute);
  void end(void* nested);
  nl_msg* raw() const { return message_; }

 private:
  nl_msg* message_;
};

class Socket {
 public:
  using Receive = std::function<void(const nlmsghdr&)>;
  static Result<std::unique_ptr<Socket>> open(int protocol);
  static Result<std::unique_ptr<Socket>> open(int protocol, const Netns& ns);
  ~Socket();
  Socket(const Socket&) = delete;

  int fd() const;
  uint32_t port_id() const;                               // its address, which the kernel names in what it causes
  Status request(const Message& message, const Receive& receive = {});   // until the acknowledgement
  // Sends a dump and reads it all, as Dump does: an interrupted one is begun again after `restart` was called.
  Status dump(Message request, const Receive& receive, std::function<void()> restart = {});
  // A dump a datagram at a time, for Dump: what was asked for is read until a piece is the last.
  static constexpr size_t kLongestDatagram = 128 * 1024;  // a message is at most an attribute of 64 kB and a little more
  struct Piece {
    std::span<char> messages;
    uint32_t sequence = 0;
    bool last = false, interrupted = false;
    void each(const Receive& receive) const;
  };
  Status start_dump(const Message& message);
  Result<Piece> read_piece(std::span<char> buffer);       // of kLongestDatagram bytes, which the piece stands in
  // Sends several messages at once and waits for the answer to each; the first error wins.
  Status batch(std::span<const Message* const> messages);
  // Sends messages that stand in `bytes` one behind the other, padded, complete but for their sequence numbers, in one
  // call, and returns when the kernel has carried out all of them. Only the last one is acknowledged: what succeeds
  // without an answer costs none. answer(i, message) gets what the i-th is answered (NLM_F_ECHO, a get), failed(i, error)
  // what it fails with. Code EMSGSIZE: more than fits into the send buffer, nothing was done; ENOBUFS: answers were lost.
  using AnswerOf = std::function<void(size_t, const nlmsghdr&)>;
  using FailureOf = std::function<void(size_t, Status)>;
  Status exchange(std::span<uint8_t> bytes, const AnswerOf& answer, const FailureOf& failed);
  // Bytes of the socket's buffers; beyond the system's limits where the process is privileged. 0 leaves one alone.
  void set_buffers(int receive, int send);
  Status subscribe(int group);
  // Reads all that wait. Code ENOBUFS: events were lost.
  Status read_events(const Receive& receive);

 private:
  explicit Socket(nl_sock* socket);
  Status read_answer(uint32_t sequence, const Receive& receive);
  Result<size_t> receive(char* buffer, int flags);   // one datagram; its length
  nl_sock* socket_;
  std::unique_ptr<char[]> buffer_;
  uint32_t dump_ = 0;                                // sequence number of the dump under way
};

}  // namespace turnout::netlink
