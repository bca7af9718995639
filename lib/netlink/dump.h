// A dump, read by one thread or by several together: each takes the next datagram of the answer and works on it while the others read
// on.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "lib/base/result.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

class Dump {
 public:
  // Asks when it is read first. Until it is over nothing else uses the socket, which outlives it. restart: called before it is
  // begun again, on the thread that does so.
  explicit Dump(Socket& socket, Message request, std::function<void()> restart = {})
      : socket_(socket), request_(std::move(request)), restart_(std::move(restart)) {}
  Dump(const Dump&) = delete;

  // Hands messages to `receive`, which runs on the calling thread, until none are left. Any thread, any number at once. A
  // dump that the kernel finds interrupted is begun again: then some come twice. An error is told to one of the threads,
  // and ends it for all.
  Status read(const Socket::Receive& receive);
  // Nothing of its answer is on its way to the socket any more.
  bool is_settled() const;

 private:
  Result<bool> next(Socket::Piece& piece, std::span<char> buffer);

  Socket& socket_;
  const Message request_;
  const std::function<void()> restart_;
  mutable std::mutex mutex_;
  enum class State { kNotAsked, kUnderWay, kOver, kFailed } state_ = State::kNotAsked;
  unsigned attempts_ = 0;
  bool interrupted_ = false;
};

}  // namespace turnout::netlink
