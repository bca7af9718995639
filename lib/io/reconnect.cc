// The reconnect state machine.
#include "lib/io/reconnect.h"

#include <algorithm>

namespace turnout::io {


void Reconnect::enable(TimePoint now) {
  if (state_ != State::kVoid) return;
  state_ = State::kBackoff;
  entered_ = now;
  backoff_ = Duration(0);
}

void Reconnect::disable() { state_ = State::kVoid; }

void Reconnect::connecting(TimePoint now) {
  state_ = State::kConnecting;
  entered_ = now;
}

void Reconnect::connected(TimePoint now) {
  state_ = State::kActive;
  entered_ = last_activity_ = now;
}

void Reconnect::connect_failed(TimePoint now) { disconnected(now); }

void Reconnect::disconnected(TimePoint now) {
  if (state_ == State::kVoid || state_ == State::kBackoff) return;
  // A connection that outlived the longest back-off was good: the next failure starts anew.
  const bool was_good = is_connected() && now - entered_ >= settings_.max_backoff;
  if (settings_.passive) {
    backoff_ = Duration(0);
  } else if (was_good || backoff_ < settings_.min_backoff) {
    backoff_ = settings_.min_backoff;
  } else {
    backoff_ = std::min(backoff_ * 2, settings_.max_backoff);
  }
  state_ = State::kBackoff;
  entered_ = now;
}

void Reconnect::activity(TimePoint now) {
  if (!is_connected()) return;
  last_activity_ = now;
  if (state_ == State::kIdle) state_ = State::kActive;
}

void Reconnect::force(TimePoint now) {
  if (state_ != State::kBackoff) return;
  backoff_ = Duration(0);
  entered_ = now;
}

TimePoint Reconnect::deadline() const {
  switch (state_) {
    case State::kVoid: return kNever;
    case State::kBackoff: return entered_ + backoff_;
    case State::kConnecting:
      return settings_.passive ? kNever : entered_ + std::max(backoff_, settings_.min_backoff);
    case State::kActive:
      return settings_.probe_interval == Duration(0) ? kNever : last_activity_ + settings_.probe_interval;
    case State::kIdle:
      return settings_.probe_interval == Duration(0) ? kNever : entered_ + settings_.probe_interval;
  }
  return kNever;
}

Reconnect::Action Reconnect::run(TimePoint now) {
  if (now < deadline() || deadline() == kNever) return Action::kNone;
  switch (state_) {
    case State::kVoid: return Action::kNone;
    case State::kBackoff: return Action::kConnect;
    case State::kConnecting: return Action::kDisconnect;
    case State::kActive:
      state_ = State::kIdle;
      entered_ = now;
      return Action::kProbe;
    case State::kIdle: return Action::kDisconnect;
  }
  return Action::kNone;
}

}  // namespace turnout::io
