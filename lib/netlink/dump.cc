// See dump.h.
#include "lib/netlink/dump.h"

namespace turnout::netlink {
namespace {

constexpr unsigned kAttempts = 8;          // of what always changes the last answer is as good as any

}  // namespace

// The next datagram. False: there are no more. A failed dump fails once.
Result<bool> Dump::next(Socket::Piece& piece, std::span<char> buffer) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kOver || state_ == State::kFailed) return false;
  if (state_ == State::kNotAsked) {
    state_ = State::kFailed;                       // until it is known better
    if (attempts_ && restart_) restart_();
    if (Status asked = socket_.start_dump(request_); !asked) return fail(asked);
    ++attempts_;
    interrupted_ = false;
  }
  state_ = State::kFailed;
  auto read = socket_.read_piece(buffer);
  if (!read) return fail(read);
  piece = *read;
  interrupted_ |= piece.interrupted;
  if (!piece.last) state_ = State::kUnderWay;
  else state_ = interrupted_ && attempts_ < kAttempts ? State::kNotAsked : State::kOver;
  return true;
}

Status Dump::read(const Socket::Receive& receive) {
  // Of this call: what receives may read another dump.
  const auto buffer = std::make_unique_for_overwrite<char[]>(Socket::kLongestDatagram);
  for (;;) {
    Socket::Piece piece;
    auto more = next(piece, {buffer.get(), Socket::kLongestDatagram});
    if (!more) return fail(more);
    if (!*more) return {};
    piece.each(receive);
  }
}

bool Dump::is_settled() const {
  std::lock_guard lock(mutex_);
  return state_ == State::kNotAsked || state_ == State::kOver;
}

}  // namespace turnout::netlink
