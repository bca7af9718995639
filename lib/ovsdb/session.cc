// Keeps the connection of a client alive: the reconnect state machine drives it, echo requests probe it.
#include "lib/ovsdb/session.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace turnout::ovsdb {

namespace {
Log reconnect_log{"reconnect"};
constexpr uint16_t kDefaultPort = 6640;
LogRateLimit session_limit{20};
}  // namespace

std::string connection_error_text(const Error& error) {
  if (error.code) return strerror(error.code);
  return error.message.empty() ? "End of file" : error.message;
}

Session::Session(io::Loop& loop, std::string_view remotes, Options options, Handler handler)
    : loop_(loop), options_(options), handler_(std::move(handler)), reconnect_(options.reconnect) {
  for (std::string_view remote : split_any(remotes, ", ")) remotes_.emplace_back(remote);
  if (remotes_.empty()) remotes_.emplace_back(remotes);
  if (remotes_.size() == 1 && io::is_passive_name(remotes_[0])) {
    options_.reconnect.passive = true;
    reconnect_ = io::Reconnect(options_.reconnect);
  }
  if (options_.shuffle) std::shuffle(remotes_.begin(), remotes_.end(), std::random_device());
  reconnect_.enable(loop_.clock().now());
  timer_ = loop_.after(Duration(0), [this] { step(); });
}

Session::~Session() { *guard_ = false; }

void Session::step() {
  if (!alive_) return;
  auto guard = guard_;
  TimePoint now = loop_.clock().now();
  switch (reconnect_.run(now)) {
    case io::Reconnect::Action::kConnect: connect(); break;
    case io::Reconnect::Action::kProbe:
      send(json::Message::request("echo", json::Json::array(), json::Json("echo")));
      break;
    case io::Reconnect::Action::kDisconnect: {
      Error error(connected_ ? "no response to inactivity probe" : "Connection timed out", ETIMEDOUT);
      reconnect_log.limited(session_limit, LogLevel::kErr, "{}: {}, disconnecting", remote(), error.message);
      lost(error);
      break;
    }
    case io::Reconnect::Action::kNone: break;
  }
  if (*guard) arm();
}

void Session::arm() {
  TimePoint due = reconnect_.deadline();
  if (!alive_ || due == kNever) timer_.reset();
  else timer_ = loop_.at(due, [this] { step(); });
}

void Session::connect() {
  const bool passive = io::is_passive_name(remote());
  reconnect_log.limited(session_limit, LogLevel::kInfo, "{}: {}...", remote(), passive ? "listening" : "connecting");
  reconnect_.connecting(loop_.clock().now());
  if (passive) return listen();
  auto stream = io::Stream::connect(loop_, remote(), kDefaultPort, options_.dscp);
  if (!stream) return lost(stream.error());
  talk_over(std::move(*stream));
}

void Session::listen() {
  if (listener_) return;
  auto listener = io::Listener::listen(loop_, remote(), [this](std::unique_ptr<io::Stream> stream) {
    if (connection_) return;   // one server is enough
    talk_over(std::move(stream));
    established();
  });
  if (!listener) return lost(listener.error());
  listener_ = std::move(*listener);
  options_.retry = true;       // who listens waits for as long as it takes
}

void Session::talk_over(std::unique_ptr<io::Stream> stream) {
  json::Connection::Handler handler;
  handler.connected = [this] { established(); };
  handler.received = [this](json::Message message) { receive(std::move(message)); };
  handler.closed = [this](const Error& error) { lost(error); };
  connection_ = std::make_unique<json::Connection>(std::move(stream), std::move(handler));
}

void Session::established() {
  if (std::exchange(connected_, true)) return;
  reconnect_.connected(loop_.clock().now());
  reconnect_log.limited(session_limit, LogLevel::kInfo, "{}: connected", remote());
  auto guard = guard_;
  if (handler_.connected) handler_.connected();
  if (*guard) arm();
}

void Session::lost(const Error& error) {
  Error kept = error;  // the connection that owns it goes
  TimePoint now = loop_.clock().now();
  bool was_connected = connected_;
  connected_ = false;
  connection_.reset();
  if (was_connected) reconnect_.disconnected(now);
  else reconnect_.connect_failed(now);
  if (was_connected && !kept.code && kept.message.empty())
    reconnect_log.limited(session_limit, LogLevel::kInfo, "{}: connection closed by peer", remote());
  else
    reconnect_log.limited(session_limit, options_.retry ? LogLevel::kWarn : LogLevel::kInfo, "{}: {} ({})", remote(),
                          was_connected ? "connection dropped" : "connection attempt failed", connection_error_text(kept));
  current_ = (current_ + 1) % remotes_.size();
  last_error_ = kept;
  if (!options_.retry && (was_connected || current_ == 0)) alive_ = false;
  auto guard = guard_;
  if (handler_.disconnected) handler_.disconnected(kept);
  if (*guard) arm();
}

void Session::receive(json::Message message) {
  using Type = json::Message::Type;
  reconnect_.activity(loop_.clock().now());
  auto guard = guard_;
  bool probe_answer = (message.type == Type::kReply || message.type == Type::kError) && message.id.is_string() &&
                      message.id.as_string() == "echo";
  if (message.type == Type::kRequest && message.method == "echo")
    send(json::Message::reply(message.params, message.id));
  else if (!probe_answer && handler_.received)
    handler_.received(std::move(message));
  if (*guard && connected_) arm();
}

void Session::send(const json::Message& message) {
  if (connected_) connection_->send(message);
}

void Session::send_text(std::string message) {
  if (connected_) connection_->send_text(std::move(message));
}

void Session::drop(const Error& error) {
  if (connected_) lost(error);
}

void Session::try_next(const Error& error) {
  const bool retry = std::exchange(options_.retry, true);
  auto guard = guard_;
  drop(error);
  if (*guard) options_.retry = retry;
}

void Session::force_reconnect() {
  drop(Error("reconnecting"));
  reconnect_.force(loop_.clock().now());
  arm();
}

void Session::set_probe_interval(Duration d) {
  reconnect_.set_probe_interval(d);
  arm();
}

}  // namespace turnout::ovsdb
