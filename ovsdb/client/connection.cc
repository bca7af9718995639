// A stream becomes a connection; requests find their answers.
#include "ovsdb/client/connection.h"

#include <fmt/format.h>

#include <cerrno>

#include "lib/base/log.h"
#include "lib/ovsdb/session.h"

namespace turnout::ovsdb::client {
namespace {

Log log_{"ovsdb_client"};

using Type = json::Message::Type;

Result<std::unique_ptr<io::Stream>> accept_one(io::Loop& loop, const std::string& name, const bool& stop) {
  std::unique_ptr<io::Stream> accepted;
  auto listener = io::Listener::listen(loop, name, [&](std::unique_ptr<io::Stream> stream) {
    if (!accepted) accepted = std::move(stream);
  });
  if (!listener) return fail(listener);
  log_.info("{}: waiting for connection...", name);
  loop.run_until([&] { return accepted || stop; });
  if (!accepted) return fail("stopped", EINTR);
  return accepted;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(io::Loop& loop, const std::string& remote, const bool& stop) {
  const bool passive = io::is_passive_name(remote);
  auto stream = passive ? accept_one(loop, remote, stop) : io::Stream::connect(loop, remote);
  if (!stream) {
    if (stream.error().code == EINTR) return fail(stream);
    return fail(fmt::format("failed to connect or listen to \"{}\" ({})", remote, connection_error_text(stream.error())));
  }
  std::unique_ptr<Connection> connection(new Connection(loop, passive ? (*stream)->name() : remote, stop));
  connection->start(std::move(*stream));
  if (!passive) {
    if (auto up = connection->wait_until_connected(); !up) return fail(up);
  }
  return connection;
}

void Connection::start(std::unique_ptr<io::Stream> stream) {
  json::Connection::Handler handler;
  handler.connected = [this] { connected_ = true; };
  handler.closed = [this](const Error& error) { lost_ = error; };
  handler.received = [this](json::Message message) {
    if (message.type == Type::kRequest && message.method == "echo") rpc_->send(json::Message::reply(message.params, message.id));
    else queue_.push_back(std::move(message));
  };
  rpc_ = std::make_unique<json::Connection>(std::move(stream), std::move(handler));
}

Status Connection::wait_until_connected() {
  loop_.run_until([this] { return connected_ || lost_ || stop_; });
  if (connected_) return {};
  if (!lost_) lost_ = Error("stopped", EINTR);
  return fail(fmt::format("failed to connect to \"{}\" ({})", name_, connection_error_text(*lost_)), lost_->code);
}

json::Json Connection::send_request(std::string_view method, json::Json params) {
  const json::Json id(next_id_++);
  rpc_->send(json::Message::request(std::string(method), std::move(params), id));
  return id;
}

Result<json::Json> Connection::request(std::string_view method, json::Json params) {
  const json::Json id = send_request(method, std::move(params));
  for (size_t seen = 0;;) {
    for (; seen < queue_.size(); ++seen) {
      json::Message& message = queue_[seen];
      if ((message.type != Type::kReply && message.type != Type::kError) || !(message.id == id)) continue;
      const json::Message answer = std::move(message);
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(seen));
      if (answer.type == Type::kReply) return answer.result;
      return fail("transaction returned error: " + answer.error.dump(json::Json::kSorted));
    }
    if (lost_) return fail(fmt::format("transaction failed ({})", connection_error_text(*lost_)), lost_->code);
    const size_t known = queue_.size();
    loop_.run_until([&] { return queue_.size() > known || lost_ || stop_; });
    if (stop_) return fail("stopped", EINTR);
  }
}

Result<std::optional<json::Message>> Connection::receive() {
  loop_.run_until([this] { return stop_ || (!paused_ && (!queue_.empty() || lost_)); });
  if (stop_) return std::optional<json::Message>();
  if (queue_.empty()) return fail(fmt::format("{}: receive failed ({})", name_, connection_error_text(*lost_)), lost_->code);
  std::optional<json::Message> message(std::move(queue_.front()));
  queue_.pop_front();
  return message;
}

void Connection::pause(bool paused) {
  paused_ = paused;
  rpc_->set_reading(!paused);
}

}  // namespace turnout::ovsdb::client
