// Matching answers to requests.
#include "ovsdb/server/source_link.h"

#include <algorithm>

namespace turnout::ovsdb::server {
namespace {

ovsdb::Session::Options session_options(const SourceLink::Settings& settings) {
  ovsdb::Session::Options options;
  options.reconnect.min_backoff = std::min(options.reconnect.min_backoff, settings.max_backoff);
  options.reconnect.max_backoff = settings.max_backoff;
  options.reconnect.probe_interval = settings.probe_interval;
  options.dscp = settings.dscp;
  return options;
}

}  // namespace

Duration SourceLink::probe_interval(int64_t ms) {
  constexpr int64_t kLeast = 1000, kMost = int64_t{1000} * 60 * 60 * 24 * 365;
  return ms <= 0 ? Duration(0) : std::chrono::milliseconds(std::clamp(ms, kLeast, kMost));
}

SourceLink::SourceLink(io::Loop& loop, const Settings& settings, Handler handler)
    : handler_(std::move(handler)),
      session_(loop, settings.remotes, session_options(settings),
               {[this] { handler_.connected(); },
                [this](const json::Message& message) { receive(message); },
                [this](const Error& error) {
                  open_.clear();
                  handler_.disconnected(error);
                }}) {}

int64_t SourceLink::request(const char* method, json::Json params, Answer answer) {
  const int64_t id = next_id_++;
  open_.emplace(id, std::move(answer));
  session_.send(json::Message::request(method, std::move(params), json::Json(id)));
  return id;
}

void SourceLink::receive(const json::Message& message) {
  using Type = json::Message::Type;
  if (message.type == Type::kNotify) return handler_.notified(message);
  if (message.type == Type::kRequest) {
    return session_.send(json::Message::error_reply(json::Json("unknown method"), message.id));
  }
  auto it = message.id.is_integer() ? open_.find(message.id.as_integer()) : open_.end();
  if (it == open_.end()) return;
  const Answer answer = std::move(it->second);
  open_.erase(it);
  answer(message);
}

}  // namespace turnout::ovsdb::server
