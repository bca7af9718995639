// getaddrinfo(3), which waits for name servers, on a thread that nobody waits for.
#include "lib/io/resolver.h"

#include <netdb.h>

#include <cstring>
#include <utility>

#include "lib/base/worker_thread.h"

namespace turnout::io {

namespace {

std::optional<SocketAddress> look_up(const Endpoint& where, int flags) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  if (getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found) != 0) return std::nullopt;
  SocketAddress address;
  address.size = found->ai_addrlen;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

}  // namespace

std::optional<SocketAddress> numeric_address(const Endpoint& where) {
  return look_up(where, AI_NUMERICHOST | AI_NUMERICSERV);
}

void resolve(std::shared_ptr<Inbox> inbox, const Endpoint& where, std::function<void(std::optional<SocketAddress>)> done) {
  start_worker([inbox = std::move(inbox), where, done = std::move(done)]() mutable {
    const auto found = look_up(where, AI_NUMERICSERV);
    inbox->post([found, done = std::move(done)] { done(found); });
  }).detach();
}

}  // namespace turnout::io
