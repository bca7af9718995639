// Listening, connecting and reconnecting.
#include "ovsdb/server/remote.h"

#include "lib/base/log.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_jsonrpc_server"};
Log reconnect_log{"reconnect"};
constexpr Duration kFirstBackoff = std::chrono::seconds(1);
constexpr Duration kNetworkProbe = std::chrono::seconds(5);

bool is_local(std::string_view target) { return target.starts_with("unix:") || target.starts_with("punix:"); }

}  // namespace

std::string Remote::complaint(std::string_view target) {
  if (target.starts_with("ssl:") || target.starts_with("pssl:")) return "SSL connections are not supported by this release";
  if (!io::is_active_name(target) && !io::is_passive_name(target)) return "unknown connection method";
  return {};
}

Remote::Remote(Server& server, std::string target, RemoteOptions options, std::function<void()> changed)
    : server_(server), target_(std::move(target)), options_(options), changed_(std::move(changed)) {
  if (std::string wrong = complaint(target_); !wrong.empty()) {
    last_error_ = wrong;
    log_.err("{}: {}", target_, wrong);
  } else if (io::is_passive_name(target_)) {
    listen();
  } else {
    connect();
  }
}

Remote::~Remote() {
  alive_.reset();
  if (active_) active_->close({});
}

SessionOptions Remote::session_options() {
  SessionOptions options;
  options.probe_interval = options_.probe_interval.value_or(is_local(target_) ? Duration(0) : kNetworkProbe);
  options.read_only = options_.read_only;
  return options;
}

void Remote::listen() {
  auto accept = [this](std::unique_ptr<io::Stream> stream) {
    SessionOptions options = session_options();
    ++n_connections_;
    connected_at_ = server_.loop().clock().now();
    options.closed = [this, alive = std::weak_ptr<bool>(alive_)](const std::string&) {
      if (alive.expired()) return;
      --n_connections_;
      disconnected_at_ = server_.loop().clock().now();
      changed_();
    };
    server_.adopt(std::move(stream), std::move(options));
    changed_();
  };
  auto listener = io::Listener::listen(server_.loop(), target_, std::move(accept));
  if (!listener) {
    last_error_ = listener.error().message;
    log_.err("{}: listen failed: {}", target_, last_error_);
    backoff_ = backoff_.count() ? std::min(backoff_ * 2, options_.max_backoff) : kFirstBackoff;
    retry_ = server_.loop().after(backoff_, [this] { listen(); });
    return;
  }
  listener_ = std::move(*listener);
  last_error_.clear();
  changed_();
}

void Remote::connect() {
  state_ = "CONNECTING";
  reconnect_log.info("{}: connecting...", target_);
  auto stream = io::Stream::connect(server_.loop(), target_);
  if (!stream) return try_again(stream.error().message);
  SessionOptions options = session_options();
  options.connected = [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    reconnect_log.info("{}: connected", target_);
    state_ = "ACTIVE";
    backoff_ = Duration(0);
    connected_at_ = server_.loop().clock().now();
    changed_();
  };
  options.closed = [this, alive = std::weak_ptr<bool>(alive_)](const std::string& why) {
    if (alive.expired()) return;
    active_ = nullptr;
    if (state_ == "ACTIVE") disconnected_at_ = server_.loop().clock().now();
    try_again(why);
  };
  active_ = &server_.adopt(std::move(*stream), std::move(options));
}

void Remote::try_again(const std::string& why) {
  if (!why.empty()) last_error_ = why;
  state_ = "BACKOFF";
  backoff_ = backoff_.count() ? std::min(backoff_ * 2, options_.max_backoff) : std::min(kFirstBackoff, options_.max_backoff);
  retry_ = server_.loop().after(backoff_, [this] { connect(); });
  changed_();
}

RemoteStatus Remote::status() const {
  RemoteStatus status;
  status.last_error = last_error_;
  status.connected_at = connected_at_;
  status.disconnected_at = disconnected_at_;
  status.state = state_;
  status.connected = state_ == "ACTIVE";
  if (io::is_passive_name(target_)) {
    status.n_connections = n_connections_;
    status.connected = n_connections_ > 0;
    status.state = status.connected ? "ACTIVE" : "BACKOFF";
    status.bound_port = listener_ ? listener_->bound_port() : 0;
  }
  return status;
}

}  // namespace turnout::ovsdb::server
