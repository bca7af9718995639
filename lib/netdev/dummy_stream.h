// A dummy device's wire to another process: frames over a byte stream, each behind its length as 16 bits in network
// order. Options stream (connects, and again after a loss) and pstream (listens; frames go to every connection).
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/loop.h"
#include "lib/io/reconnect.h"
#include "lib/io/stream.h"

namespace turnout::netdev {

// Main thread only.
class DummyStream {
 public:
  using Receive = std::function<void(std::span<const uint8_t>)>;
  static std::shared_ptr<DummyStream> connect(io::Loop& loop, std::string name, Receive receive);
  static Result<std::shared_ptr<DummyStream>> listen(io::Loop& loop, const std::string& name, Receive receive);

  void send(std::span<const uint8_t> frame);
  std::optional<bool> connected() const;       // nothing for a listener

 private:
  struct Peer { std::unique_ptr<io::Stream> stream; std::vector<uint8_t> pending; };
  DummyStream(io::Loop& loop, std::string name, Receive receive);
  void start(std::unique_ptr<io::Stream> stream);
  void received(std::list<Peer>::iterator peer, std::string_view bytes);
  void lost(std::list<Peer>::iterator peer);
  void step();

  io::Loop& loop_;
  std::string name_;
  Receive receive_;
  std::list<Peer> peers_;
  std::unique_ptr<io::Listener> listener_;
  io::Reconnect reconnect_;
  io::Handle timer_;
};

}  // namespace turnout::netdev
