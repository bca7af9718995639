// Framing and reconnecting of a dummy device's stream.
#include "lib/netdev/dummy_stream.h"

#include "lib/base/log.h"

namespace turnout::netdev {

namespace {
Log log_{"netdev_dummy"};
constexpr size_t kShortest = 14, kLengthBytes = 2;
constexpr size_t kMostBacklog = 1 << 20;       // a peer that does not read loses frames, as on a wire
}  // namespace

DummyStream::DummyStream(io::Loop& loop, std::string name, Receive receive)
    : loop_(loop), name_(std::move(name)), receive_(std::move(receive)),
      reconnect_(io::Reconnect::Settings{.probe_interval = Duration(0)}) {}

std::shared_ptr<DummyStream> DummyStream::connect(io::Loop& loop, std::string name, Receive receive) {
  std::shared_ptr<DummyStream> s(new DummyStream(loop, std::move(name), std::move(receive)));
  s->reconnect_.enable(loop.clock().now());
  s->step();
  return s;
}

Result<std::shared_ptr<DummyStream>> DummyStream::listen(io::Loop& loop, const std::string& name, Receive receive) {
  std::shared_ptr<DummyStream> s(new DummyStream(loop, name, std::move(receive)));
  DummyStream* raw = s.get();
  auto listener = io::Listener::listen(loop, name, [raw](std::unique_ptr<io::Stream> stream) { raw->start(std::move(stream)); });
  if (!listener) return fail(listener);
  s->listener_ = std::move(*listener);
  return s;
}

void DummyStream::step() {
  const TimePoint now = loop_.clock().now();
  if (reconnect_.run(now) == io::Reconnect::Action::kConnect) {
    auto stream = io::Stream::connect(loop_, name_);
    if (stream) {
      reconnect_.connecting(now);
      start(std::move(*stream));
    } else {
      log_.info("{}: connection attempt failed ({})", name_, stream.error().message);
      reconnect_.connect_failed(now);
    }
  }
  if (reconnect_.deadline() != kNever) timer_ = loop_.at(reconnect_.deadline(), [this] { step(); });
  else timer_.reset();
}

void DummyStream::start(std::unique_ptr<io::Stream> stream) {
  auto peer = peers_.insert(peers_.end(), Peer{std::move(stream), {}});
  io::Stream::Handler handler;
  handler.connected = [this] {
    if (listener_) return;
    reconnect_.connected(loop_.clock().now());
    step();
  };
  handler.received = [this, peer](std::string_view bytes) { received(peer, bytes); };
  handler.closed = [this, peer](const Error&) { lost(peer); };
  peer->stream->start(std::move(handler));
}

void DummyStream::lost(std::list<Peer>::iterator peer) {
  peers_.erase(peer);
  if (listener_) return;
  const TimePoint now = loop_.clock().now();
  if (reconnect_.is_connected()) reconnect_.disconnected(now);
  else reconnect_.connect_failed(now);
  step();
}

void DummyStream::received(std::list<Peer>::iterator peer, std::string_view bytes) {
  auto& pending = peer->pending;
  pending.insert(pending.end(), bytes.begin(), bytes.end());
  size_t at = 0;
  while (pending.size() - at >= kLengthBytes) {
    const size_t length = static_cast<size_t>(pending[at]) << 8 | pending[at + 1];
    if (length < kShortest) {
      static LogRateLimit limit{10};
      log_.limited(limit, LogLevel::kWarn, "{}: connection dropped (Protocol error)", name_);
      return lost(peer);
    }
    if (pending.size() - at - kLengthBytes < length) break;
    receive_({pending.data() + at + kLengthBytes, length});
    at += kLengthBytes + length;
  }
  pending.erase(pending.begin(), pending.begin() + static_cast<ptrdiff_t>(at));
}

void DummyStream::send(std::span<const uint8_t> frame) {
  if (frame.size() > 0xffff) return;
  if (!listener_ && !reconnect_.is_connected()) return;
  std::string bytes{static_cast<char>(frame.size() >> 8), static_cast<char>(frame.size())};
  bytes.append(reinterpret_cast<const char*>(frame.data()), frame.size());
  for (Peer& peer : peers_)
    if (peer.stream->backlog() < kMostBacklog) peer.stream->send(bytes);
}

std::optional<bool> DummyStream::connected() const {
  if (listener_) return {};
  return reconnect_.is_connected();
}

}  // namespace turnout::netdev
