// Text form and creation of UUIDs.
#include "lib/base/uuid.h"

#include <pthread.h>
#include <sys/random.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

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

// Where the digits stand, the dashes left out.
constexpr std::array<uint8_t, 32> kDigitAt = [] {
  std::array<uint8_t, 32> at{};
  size_t digits = 0;
  for (size_t i = 0; i < 36; ++i)
    if (!is_dash(i)) at[digits++] = static_cast<uint8_t>(i);
  return at;
}();

// What a character is worth as a digit; 0xff: it is none.
constexpr std::array<uint8_t, 256> kDigitValue = [] {
  std::array<uint8_t, 256> value{};
  value.fill(0xff);
  for (uint8_t i = 0; i < 10; ++i) value[static_cast<size_t>('0') + i] = i;
  for (uint8_t i = 0; i < 6; ++i) value[static_cast<size_t>('a') + i] = value[static_cast<size_t>('A') + i] = static_cast<uint8_t>(10 + i);
  return value;
}();
}  // namespace

Uuid Uuid::random() {
  static thread_local Pool pool;
  Uuid uuid;
  for (uint32_t& part : uuid.parts) part = pool.word();
  uuid.parts[1] = (uuid.parts[1] & 0xffff0fffu) | 0x00004000u;  // version 4
  uuid.parts[2] = (uuid.parts[2] & 0x3fffffffu) | 0x80000000u;  // the variant of RFC 4122
  return uuid;
}

// Most of a large database file is UUIDs: no branch for a digit, and one look at the end for all that were none.
std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  Uuid uuid;
  unsigned wrong = 0;
  const uint8_t* at = kDigitAt.data();
  for (uint32_t& part : uuid.parts) {
    uint32_t sum = 0;
    for (int i = 0; i < 8; ++i) {
      const uint8_t value = kDigitValue[static_cast<unsigned char>(text[*at++])];
      wrong |= value;
      sum = sum << 4 | (value & 15u);
    }
    part = sum;
  }
  if (wrong & 0xf0) return std::nullopt;
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
