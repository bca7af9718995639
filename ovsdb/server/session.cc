// The connection of a client: receiving, answering, back-pressure, inactivity probes.
#include "ovsdb/server/session.h"

#include <cstring>

#include "lib/base/log.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_jsonrpc_server"};
Log reconnect_log{"reconnect"};
// From here on a client is slow: its updates are held back and merged, its requests are not read.
constexpr size_t kSlowBytes = 128u << 10;
// A slow client that takes nothing at all for so long is dropped.
constexpr auto kStalled = std::chrono::seconds(60);
constexpr std::string_view kProbeId = "echo";

}  // namespace

Session::Session(Server& server, std::unique_ptr<io::Stream> stream, SessionOptions options)
    : server_(server), options_(std::move(options)), name_(stream->name()) {
  since_ = last_heard_ = server.loop().clock().now();
  json::Connection::Handler handler;
  handler.connected = [this] {
    if (closed_) return;   // in the same turn of the loop
    connected_ = true;
    client_ = connection_->peer_common_name();
    since_ = last_heard_ = server_.loop().clock().now();
    if (options_.connected) options_.connected();
  };
  handler.received = [this](Message message) {
    if (!closed_) receive(std::move(message));
  };
  handler.drained = [this] { drained(); };
  handler.closed = [this](const Error& error) { close(error.message); };
  connection_ = std::make_unique<json::Connection>(std::move(stream), std::move(handler));
  arm_probe();
}

Session::~Session() {
  for (auto& [id, trigger] : triggers_) trigger.second->cancel(trigger.first);
  server_.locks().unlock_all(*this);
}

void Session::close(const std::string& why) {
  if (closed_) return;
  closed_ = true;
  if (!why.empty()) {
    static LogRateLimit limit{20};
    reconnect_log.limited(limit, LogLevel::kWarn, "{}: connection dropped ({})", name_, why);
  }
  for (auto& [id, trigger] : triggers_) trigger.second->cancel(trigger.first);
  triggers_.clear();
  monitors_.clear();
  server_.locks().unlock_all(*this);
  probe_.reset();
  stall_watch_.reset();
  // The connection may be calling us just now: it goes with this object, from the loop.
  if (options_.closed) options_.closed(*this, why);
  server_.bury_closed_sessions();
}

void Session::reconfigure(Duration probe_interval, bool read_only, std::string role) {
  options_.probe_interval = probe_interval;
  options_.read_only = read_only;
  options_.role = std::move(role);
  probing_ = false;
  arm_probe();
}

void Session::arm_probe() {
  probe_.reset();
  if (options_.probe_interval.count() <= 0) return;
  probe_ = server_.loop().at(last_heard_ + options_.probe_interval * (probing_ ? 2 : 1), [this] {
    const Duration silent = server_.loop().clock().now() - last_heard_;
    if (probing_ && silent >= options_.probe_interval * 2) {
      reconnect_log.err("{}: no response to inactivity probe after {} seconds, disconnecting", name_,
                        std::chrono::duration<double>(options_.probe_interval).count());
      close("inactivity");
      return;
    }
    if (silent >= options_.probe_interval && !probing_) {
      probing_ = true;
      send(Message::request("echo", json::Json::array(), json::Json(kProbeId)).to_json().dump());
    }
    arm_probe();
  });
}

void Session::receive(Message message) {
  connected_ = true;
  last_heard_ = server_.loop().clock().now();
  probing_ = false;
  switch (message.type) {
    case Message::Type::kRequest: handle_request(message); return;
    case Message::Type::kNotify: handle_notification(message); return;
    case Message::Type::kReply:
      if (message.id.as_string() == kProbeId) return;
      log_.warn("{}: received unexpected reply message", name_);
      break;
    case Message::Type::kError:
      if (message.id.as_string() == kProbeId) return;
      log_.warn("{}: received unexpected error message", name_);
      break;
  }
  close("Protocol error");
}

void Session::send(std::string text) {
  if (closed_) return;
  connection_->send_text(std::move(text));
  if (!closed_ && connection_->backlog() > kSlowBytes) hold_back();
}

// Stops reading, and telling of changes, until the client has taken what is meant for it.
void Session::hold_back() {
  if (held_back_) return;
  held_back_ = true;
  connection_->set_reading(false);
  last_backlog_ = connection_->backlog();
  watch_stall();
}

void Session::watch_stall() {
  stall_watch_ = server_.loop().after(kStalled, [this] {
    const size_t now = connection_->backlog();
    if (now >= last_backlog_) return close("the client does not read; backlog of " + std::to_string(now) + " bytes");
    last_backlog_ = now;
    watch_stall();
  });
}

void Session::drained() {
  if (closed_ || !held_back_) return;
  held_back_ = false;
  stall_watch_.reset();
  connection_->set_reading(true);
  send_updates();
}

void Session::send_updates() {
  if (closed_ || !has_news_ || held_back_) return;
  send_pending();
}

void Session::send_pending() {
  has_news_ = false;
  for (const auto& monitor : monitors_) {
    if (!monitor->has_pending()) continue;
    if (std::string update = monitor->take_update(); !update.empty()) send(std::move(update));
  }
}

void Session::send_result(const json::Json& id, std::string_view result) {
  if (closed_) return;
  // A client hears of what its transaction changed before it hears that it is done.
  if (has_news_) send_pending();
  std::string text = "{\"id\":" + id.dump() + ",\"result\":";
  text += result;
  text += ",\"error\":null}";
  send(std::move(text));
}

void Session::send_error(const json::Json& id, const json::Json& error) {
  if (closed_) return;
  if (has_news_) send_pending();
  send("{\"id\":" + id.dump() + ",\"result\":null,\"error\":" + error.dump(json::Json::kSorted) + '}');
}

void Session::reply(const json::Json& id, const DbResult<std::string>& result) {
  if (result) send_result(id, *result);
  else send_error(id, result.error().to_json());
}

void Session::notify(std::string_view method, const std::string& lock) {
  send(Message::notify(std::string(method), json::Json::array({lock})).to_json().dump());
}

void Session::forget(Database& database) {
  for (auto it = monitors_.begin(); it != monitors_.end();) {
    if (&(*it)->database() != &database) {
      ++it;
      continue;
    }
    const json::Json id = (*it)->id();
    it = monitors_.erase(it);
    if (change_aware_) send(Message::notify("monitor_canceled", json::Json::array({id})).to_json().dump());
  }
  for (auto it = triggers_.begin(); it != triggers_.end();) {
    if (&it->second.second->database() != &database) {
      ++it;
      continue;
    }
    it->second.second->cancel(it->second.first);
    const auto id = json::Json::parse("[" + it->first + "]");
    it = triggers_.erase(it);
    if (id) send_error((*id)[0], json::Json("canceled"));
  }
}

}  // namespace turnout::ovsdb::server
