// JSON-RPC messages, and a connection that carries them.
#include "lib/json/jsonrpc.h"

#include <cerrno>

namespace turnout::json {

Message Message::request(std::string method, Json params, Json id) {
  return {Type::kRequest, std::move(method), std::move(params), {}, {}, std::move(id)};
}
Message Message::notify(std::string method, Json params) {
  return {Type::kNotify, std::move(method), std::move(params), {}, {}, {}};
}
Message Message::reply(Json result, Json id) { return {Type::kReply, {}, {}, std::move(result), {}, std::move(id)}; }
Message Message::error_reply(Json error, Json id) {
  return {Type::kError, {}, {}, {}, std::move(error), std::move(id)};
}

Json Message::to_json() const {
  if (type == Type::kRequest || type == Type::kNotify) {
    return Json::object({{"method", method}, {"params", params}, {"id", id}});
  }
  return Json::object({{"result", result}, {"error", error}, {"id", id}});
}

namespace {

Result<Message> call_from_json(const Json& json) {
  Message message;
  if (!json.get("method").is_string()) return fail("method is not JSON string");
  if (!json.get("params").is_array()) return fail("params is not JSON array");
  // Clients send them as null.
  if (!json.get("result").is_null() || !json.get("error").is_null()) return fail("request must not have result or error");
  message.method = json.get("method").as_string();
  message.params = json.get("params");
  message.id = json.get("id");
  message.type = message.id.is_null() ? Message::Type::kNotify : Message::Type::kRequest;
  return message;
}

}  // namespace

Result<Message> Message::from_json(const Json& json) {
  if (!json.is_object()) return fail("message is not a JSON object");
  std::string unknown;
  json.each_member([&](std::string_view name, const Json&) {
    if (name != "method" && name != "params" && name != "result" && name != "error" && name != "id") unknown = name;
  });
  if (!unknown.empty()) return fail("message has unexpected member \"" + unknown + "\"");
  if (json.has("method")) return call_from_json(json);
  if (!json.has("result") && !json.has("error")) return fail("message has no method, result or error");
  Message message;
  message.result = json.get("result");
  message.error = json.get("error");
  message.id = json.get("id");
  if (!message.result.is_null() && !message.error.is_null()) return fail("reply must not have both result and error");
  if (message.id.is_null()) return fail("reply must have \"id\"");
  message.type = message.error.is_null() ? Type::kReply : Type::kError;
  return message;
}

struct Connection::Core : std::enable_shared_from_this<Core> {
  std::unique_ptr<io::Stream> stream;
  Handler handler;
  Splitter splitter;
  bool alive = true;

  void start();
  void received(std::string_view bytes);
  void message(std::string_view text);
  void end(const Error& error);
  void protocol_error(const std::string& what) { end(Error(what, EPROTO)); }
};

void Connection::Core::start() {
  const std::weak_ptr<Core> weak = weak_from_this();
  io::Stream::Handler events;
  events.connected = [weak] {
    const auto self = weak.lock();
    if (self && self->alive && self->handler.connected) self->handler.connected();
  };
  events.received = [weak](std::string_view bytes) {
    if (const auto self = weak.lock()) self->received(bytes);
  };
  events.closed = [weak](const Error& error) {
    if (const auto self = weak.lock()) self->end(error);
  };
  events.drained = [weak] {
    const auto self = weak.lock();
    if (self && self->alive && self->handler.drained) self->handler.drained();
  };
  stream->start(std::move(events));
}

void Connection::Core::received(std::string_view bytes) {
  const auto status = splitter.feed(bytes, [this](std::string_view text) {
    if (alive) message(text);
  });
  if (!status && alive) protocol_error(status.error().message);
}

void Connection::Core::message(std::string_view text) {
  const auto json = Json::parse(text);
  if (!json) return protocol_error(json.error().message);
  auto parsed = Message::from_json(*json);
  if (!parsed) return protocol_error(parsed.error().message);
  if (handler.received) handler.received(std::move(*parsed));
}

void Connection::Core::end(const Error& error) {
  if (!alive) return;
  alive = false;
  stream->close();
  if (handler.closed) handler.closed(error);
}

Connection::Connection(std::unique_ptr<io::Stream> stream, Handler handler) : core_(std::make_shared<Core>()) {
  core_->stream = std::move(stream);
  core_->handler = std::move(handler);
  core_->start();
}

Connection::~Connection() {
  core_->alive = false;
  core_->stream->close();
}

void Connection::send(const Message& message) { send_text(message.to_json().dump()); }
void Connection::send_text(std::string json) {
  if (core_->alive) core_->stream->send(std::move(json));
}
size_t Connection::backlog() const { return core_->stream->backlog(); }
void Connection::set_reading(bool reading) { core_->stream->set_reading(reading); }
std::string Connection::peer_common_name() const { return core_->stream->peer_common_name(); }
const std::string& Connection::name() const { return core_->stream->name(); }

}  // namespace turnout::json
