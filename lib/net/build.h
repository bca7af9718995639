// A frame written front to back, whose headers can be completed afterwards: the ground under flow::compose() and the
// packets that protocol engines send. Plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/net/address.h"

namespace turnout::net {

// A frame under construction, written front to back; lengths and checksums are filled in by the functions below.
class FrameBuilder {
 public:
  template <typename T>
  size_t append(const T& header) {                 // returns the header's offset
    static_assert(alignof(T) == 1);
    return append_bytes({reinterpret_cast<const uint8_t*>(&header), sizeof header});
  }
  size_t append_bytes(std::span<const uint8_t> bytes);
  size_t append_zeros(size_t n);
  template <typename T>
  T& at(size_t offset) { return *reinterpret_cast<T*>(bytes_.data() + offset); }
  size_t size() const { return bytes_.size(); }
  std::span<uint8_t> from(size_t offset) { return std::span(bytes_).subspan(offset); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace turnout::net
