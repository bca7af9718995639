// Integers in network byte order as types of their own: `Be16 x = 5;` does not compile, `Be16 x{5}` converts.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <type_traits>

namespace turnout {

template <typename T>
class BigEndian {
  static_assert(std::is_unsigned_v<T> && sizeof(T) >= 2);

 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(T host) : raw_(swap(host)) {}

  constexpr T host() const { return swap(raw_); }
  // The value as it stands in memory, for masks and hashing.
  constexpr T raw() const { return raw_; }
  static constexpr BigEndian from_raw(T raw) {
    BigEndian value;
    value.raw_ = raw;
    return value;
  }

  constexpr explicit operator bool() const { return raw_ != 0; }
  friend constexpr bool operator==(BigEndian, BigEndian) = default;
  friend constexpr auto operator<=>(BigEndian a, BigEndian b) { return a.host() <=> b.host(); }
  friend constexpr BigEndian operator&(BigEndian a, BigEndian b) { return from_raw(a.raw_ & b.raw_); }
  friend constexpr BigEndian operator|(BigEndian a, BigEndian b) { return from_raw(a.raw_ | b.raw_); }
  friend constexpr BigEndian operator^(BigEndian a, BigEndian b) { return from_raw(a.raw_ ^ b.raw_); }
  friend constexpr BigEndian operator~(BigEndian a) { return from_raw(static_cast<T>(~a.raw_)); }
  constexpr BigEndian& operator|=(BigEndian b) { raw_ |= b.raw_; return *this; }
  constexpr BigEndian& operator&=(BigEndian b) { raw_ &= b.raw_; return *this; }

 private:
  static constexpr T swap(T v) {
    if constexpr (std::endian::native == std::endian::big) return v;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(v);
  }
  T raw_ = 0;
};

using Be16 = BigEndian<uint16_t>;
using Be32 = BigEndian<uint32_t>;
using Be64 = BigEndian<uint64_t>;

}  // namespace turnout
