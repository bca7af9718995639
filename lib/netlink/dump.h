// A dump that several threads read together: each takes the next datagram of the answer and works on it while the others read on.
#pragma once

#include <mutex>

#include "lib/base/result.h"
#include "lib/netlink/socket.h"

namespace turnout::netlink {

class Dump {
 public:
  // Asks when it is read first. Until it is over nothing else uses the socket, which outlives it.
  Dump(Socket& socket, Message request) : socket_(socket), request_(std::move(request)) {}
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
  mutable std::mutex mutex_;
  enum class State { kNotAsked, kUnderWay, kOver, kFailed } state_ = State::kNotAsked;
  unsigned attempts_ = 0;
  bool interrupted_ = false;
};

}  // namespace turnout::netlink
