// Text form and creation of UUIDs.
#include "lib/base/uuid.h"

#include <pthread.h>
#include <sys/random.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "lib/base/strings.h"

namespace turnout {

namespace {
// Random words, fetched for many UUIDs at once. What a process has fetched is not for its children.
class Pool {
 public:
  uint32_t word() {
    if (left_ == 0 || generation_ != generation.load(std::memory_order_relaxed)) fill();
    return std::exchange(words_[--left_], 0);
  }

 private:
  void fill() {
    static const int watched = pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });
    if (watched != 0) abort();
    generation_ = generation.load();
    size_t got = 0;
    while (got < sizeof words_) {
      const ssize_t n = getrandom(reinterpret_cast<char*>(words_.data()) + got, sizeof words_ - got, 0);
      if (n > 0) got += static_cast<size_t>(n);
      else if (errno != EINTR) abort();  // no identifier may be handed out twice
    }
    left_ = words_.size();
  }
  static inline std::atomic<unsigned> generation{0};  // counts forks
  std::array<uint32_t, 256> words_{};
  size_t left_ = 0;
  unsigned generation_ = 0;
};

constexpr bool is_dash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }
}  // namespace

Uuid Uuid::random() {
  static thread_local Pool pool;
  Uuid uuid;
  for (uint32_t& part : uuid.parts) part = pool.word();
  uuid.parts[1] = (uuid.parts[1] & 0xffff0fffu) | 0x00004000u;  // version 4
  uuid.parts[2] = (uuid.parts[2] & 0x3fffffffu) | 0x80000000u;  // the variant of RFC 4122
  return uuid;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_digit(text[i]);
    if (value < 0) return std::nullopt;
    uint32_t& part = uuid.parts[digits++ / 8];
    part = part << 4 | static_cast<uint32_t>(value);
  }
  return uuid;
}

std::string Uuid::to_string() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(36, '-');
  size_t at = 0;
  for (const uint32_t part : parts) {
    for (int shift = 28; shift >= 0; shift -= 4) {
      at += is_dash(at);
      text[at++] = kDigits[part >> shift & 15];
    }
  }
  return text;
}

}  // namespace turnout
