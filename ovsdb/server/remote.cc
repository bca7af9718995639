// Listening, connecting and reconnecting.
#include "ovsdb/server/remote.h"

#include <algorithm>
#include <cstring>

#include "lib/base/log.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_jsonrpc_server"};
Log reconnect_log{"reconnect"};
LogRateLimit limit{20};
constexpr Duration kFirstBackoff = std::chrono::seconds(1);
constexpr Duration kNetworkProbe = std::chrono::seconds(5);

bool is_local(std::string_view target) { return target.starts_with("unix:") || target.starts_with("punix:"); }

std::string reason(const Error& error) { return error.code ? std::strerror(error.code) : error.message; }

}  // namespace

Remote::Remote(Server& server, std::string target, RemoteOptions options, std::function<void()> changed)
    : server_(server), target_(std::move(target)), options_(std::move(options)), changed_(std::move(changed)),
      reconnect_(reconnect_settings()) {
  if (is_active()) {
    reconnect_.enable(server_.loop().clock().now());
    step();
  } else {
    listen();
  }
}

Remote::~Remote() {
  alive_.reset();
  for (Session* session : sessions_) session->close({});
}

Duration Remote::probe_interval() const {
  return options_.probe_interval.value_or(is_local(target_) ? Duration(0) : kNetworkProbe);
}

// Probing is the session's.
io::Reconnect::Settings Remote::reconnect_settings() const {
  return {.min_backoff = std::min(kFirstBackoff, options_.max_backoff), .max_backoff = options_.max_backoff, .probe_interval = Duration(0)};
}

bool Remote::reconfigure(const RemoteOptions& options) {
  if (options.dscp != options_.dscp) return false;
  const bool backoff_changed = options.max_backoff != options_.max_backoff;
  options_ = options;
  if (backoff_changed) reconnect_.set_backoff(reconnect_settings().min_backoff, options_.max_backoff);
  for (Session* session : sessions_) session->reconfigure(probe_interval(), options_.read_only, options_.role);
  if (is_active()) arm();
  return true;
}

SessionOptions Remote::session_options() {
  SessionOptions options;
  options.probe_interval = probe_interval();
  options.read_only = options_.read_only;
  options.role = options_.role;
  options.closed = [this, alive = std::weak_ptr<bool>(alive_)](Session& session, const std::string& why) {
    if (alive.expired()) return;
    std::erase(sessions_, &session);
    if (is_active()) return lost(why);
    changed_();
  };
  return options;
}

void Remote::listen() {
  auto listener = io::Listener::listen(server_.loop(), target_, [this](std::unique_ptr<io::Stream> stream) { accept(std::move(stream)); },
                                       6640, options_.dscp);
  if (listener) {
    listener_ = std::move(*listener);
    last_error_.clear();
    return changed_();
  }
  last_error_ = reason(listener.error());
  log_.limited(limit, LogLevel::kErr, "{}: listen failed: {}", target_, last_error_);
  listen_backoff_ = std::clamp(listen_backoff_ * 2, std::min(kFirstBackoff, options_.max_backoff), options_.max_backoff);
  timer_ = server_.loop().after(listen_backoff_, [this] { listen(); });
}

void Remote::accept(std::unique_ptr<io::Stream> stream) {
  sessions_.push_back(&server_.adopt(std::move(stream), session_options()));
  changed_();
}

void Remote::step() {
  switch (reconnect_.run(server_.loop().clock().now())) {
    case io::Reconnect::Action::kConnect: connect(); break;
    case io::Reconnect::Action::kDisconnect:   // the attempt takes too long
      if (!sessions_.empty()) sessions_.front()->close(std::strerror(ETIMEDOUT));
      break;
    default: break;
  }
  arm();
}

void Remote::arm() {
  const TimePoint due = reconnect_.deadline();
  if (due == kNever) timer_.reset();
  else timer_ = server_.loop().at(due, [this] { step(); });
}

void Remote::connect() {
  reconnect_log.limited(limit, LogLevel::kInfo, "{}: connecting...", target_);
  reconnect_.connecting(server_.loop().clock().now());
  auto stream = io::Stream::connect(server_.loop(), target_, 6640, options_.dscp);
  if (!stream) {
    static LogRateLimit names{5};
    log_.limited(names, LogLevel::kErr, "{}", stream.error().message);
    return lost(std::strerror(EAFNOSUPPORT));
  }
  SessionOptions options = session_options();
  options.connected = [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    reconnect_log.limited(limit, LogLevel::kInfo, "{}: connected", target_);
    connected_at_ = server_.loop().clock().now();
    reconnect_.connected(*connected_at_);
    arm();
    changed_();
  };
  sessions_.push_back(&server_.adopt(std::move(*stream), std::move(options)));
}

// An attempt failed or a connection ended.
void Remote::lost(const std::string& why) {
  const TimePoint now = server_.loop().clock().now();
  if (!why.empty()) last_error_ = why;
  if (reconnect_.is_connected()) {
    disconnected_at_ = now;
    reconnect_.disconnected(now);
  } else {
    reconnect_log.limited(limit, LogLevel::kInfo, "{}: connection attempt failed ({})", target_, why);
    reconnect_.connect_failed(now);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(reconnect_.backoff()).count();
  if (seconds > 1) reconnect_log.limited(limit, LogLevel::kInfo, "{}: waiting {} seconds before reconnect", target_, seconds);
  arm();
  changed_();
}

RemoteStatus Remote::status() const {
  RemoteStatus status;
  status.last_error = last_error_;
  if (!is_active()) {
    status.n_connections = sessions_.size();
    status.connected = !sessions_.empty();
    status.bound_port = listener_ ? listener_->bound_port() : 0;
    return status;
  }
  status.connected_at = connected_at_;
  status.disconnected_at = disconnected_at_;
  status.connected = reconnect_.is_connected();
  if (sessions_.empty()) {
    status.state = "BACKOFF";
    return status;
  }
  const Session& session = *sessions_.front();
  status.state = !status.connected ? "CONNECTING" : session.is_idle() ? "IDLE" : "ACTIVE";
  status.locks_held = server_.locks().names(session, LockTable::Kind::kHeld);
  status.locks_waiting = server_.locks().names(session, LockTable::Kind::kWaiting);
  status.locks_lost = server_.locks().names(session, LockTable::Kind::kLost);
  return status;
}

}  // namespace turnout::ovsdb::server
