// Byte streams by the names that the tools take (ovsdb(7), "Connection Methods"): active `unix:FILE`, `tcp:IP:PORT`,
// `ssl:IP:PORT`, passive `punix:FILE`, `ptcp:PORT[:IP]`, `pssl:PORT[:IP]`. Main thread only. Nothing blocks. Keys and
// certificates are those of Loop::tls().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/io/loop.h"

namespace turnout::io {

class Stream {
 public:
  struct Handler {
    std::function<void()> connected;                 // once, unless closed() comes first
    std::function<void(std::string_view)> received;  // valid during the call
    std::function<void(const Error&)> closed;        // once; code 0 and an empty message: the peer closed in good order
    std::function<void()> drained;                   // the send queue became empty (optional)
  };
  virtual ~Stream() = default;
  // Sets the callbacks and starts connecting or reading. Callbacks never run inside start() or send(). A callback may
  // destroy the stream.
  virtual void start(Handler handler) = 0;
  virtual void send(std::string bytes) = 0;          // queued without bound: the caller watches backlog()
  virtual size_t backlog() const = 0;                // bytes accepted and not yet given to the kernel
  virtual void set_reading(bool reading) = 0;        // back-pressure
  virtual void close() = 0;                          // no callback follows
  virtual const std::string& name() const = 0;       // "unix:/run/…", or "unix#3"/"tcp:1.2.3.4:5" for an accepted one
  // The common name of the peer's verified certificate; empty without one. Known once connected() was called.
  virtual std::string peer_common_name() const { return {}; }

  // Fails at once only on a name that cannot be understood; what the network says comes through closed(). The port may
  // be left out of a name: 6640 is OVSDB's, 6653 OpenFlow's. `dscp` marks the packets (0 to 63); the kernel's default
  // without.
  static Result<std::unique_ptr<Stream>> connect(Loop& loop, std::string_view name, uint16_t default_port = 6640,
                                                 std::optional<uint8_t> dscp = {});
};

class Listener {
 public:
  virtual ~Listener() = default;                     // a punix listener removes its file
  virtual uint16_t bound_port() const = 0;           // 0 for punix
  virtual const std::string& name() const = 0;
  // A pssl: listener hands out a stream once the handshake is done; a peer that does not complete it in time is dropped.
  using Accept = std::function<void(std::unique_ptr<Stream>)>;
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, std::string_view name, Accept accept,
                                                  uint16_t default_port = 6640, std::optional<uint8_t> dscp = {});
};

bool is_active_name(std::string_view name);          // "unix:", "tcp:", "ssl:"
bool is_passive_name(std::string_view name);         // "punix:", "ptcp:", "pssl:"

}  // namespace turnout::io
