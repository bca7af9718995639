// Growing a frame byte by byte.
#include "lib/net/build.h"

namespace turnout::net {

size_t FrameBuilder::append_bytes(std::span<const uint8_t> bytes) {
  const size_t offset = bytes_.size();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return offset;
}

size_t FrameBuilder::append_zeros(size_t n) {
  const size_t offset = bytes_.size();
  bytes_.resize(offset + n);
  return offset;
}

}  // namespace turnout::net
