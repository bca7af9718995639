// A cursor over the bytes of a frame that cannot leave them. Pure; borrows the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace turnout::net {

class Cursor {
 public:
  Cursor(const uint8_t* data, size_t size) : start_(data), at_(data), end_(data + size) {}
  explicit Cursor(std::span<const uint8_t> bytes) : Cursor(bytes.data(), bytes.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - start_); }
  const uint8_t* at() const { return at_; }
  std::span<const uint8_t> rest() const { return {at_, left()}; }

  // The header at the cursor, or nullptr when fewer bytes are left. T is a packed wire struct (alignment 1).
  template <typename T>
  const T* peek() const {
    static_assert(alignof(T) == 1);
    return left() >= sizeof(T) ? reinterpret_cast<const T*>(at_) : nullptr;
  }
  template <typename T>
  const T* take() {
    const T* header = peek<T>();
    if (header) at_ += sizeof(T);
    return header;
  }
  bool skip(size_t n) {
    if (n > left()) return false;
    at_ += n;
    return true;
  }
  // Drops what lies behind the next n bytes (padding after a length that a header names).
  void limit(size_t n) {
    if (n < left()) end_ = at_ + n;
  }

 private:
  const uint8_t* start_;
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace turnout::net
