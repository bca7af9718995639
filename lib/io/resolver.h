// Names of hosts to addresses. Only a name takes time, and a thread of its own. For .cc files of lib/io only.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>

#include "lib/io/address.h"
#include "lib/io/inbox.h"

namespace turnout::io {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The address that is written there, without asking anybody.
std::optional<SocketAddress> numeric_address(const Endpoint& where);
// Calls done on the loop of the inbox, with nothing if there is no such host; not at all once that loop is gone.
void resolve(std::shared_ptr<Inbox> inbox, const Endpoint& where, std::function<void(std::optional<SocketAddress>)> done);

}  // namespace turnout::io
