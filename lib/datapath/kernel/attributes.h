// Netlink attributes as bytes: written one after the other, read through a bounded cursor. What this folder exchanges
// with the kernel beyond a message's own few attributes (keys, masks, action lists) is built and taken apart with it.
// <linux/netlink.h>, struct nlattr: a 4-byte header in host order, the payload, padding to 4 bytes. Values, any thread.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace turnout::datapath::kernel {

// Memory grows as it is needed and is kept when what is in it is cut off.
class AttributeWriter {
 public:
  void put(uint16_t type, const void* payload, size_t size) {
    if (size > kMaxPayload) return void(too_long_ = true);
    uint8_t* to = begin(type, size);
    if (size) std::memcpy(to, payload, size);
  }
  template <typename T>
  void put(uint16_t type, const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kMaxPayload);
    std::memcpy(begin(type, sizeof value), &value, sizeof value);
  }
  void put_flag(uint16_t type) { begin(type, 0); }
  // What is put until end() is inside.
  size_t nest(uint16_t type) {
    const size_t at = size_;
    put_flag(type);
    return at;
  }
  void end(size_t nest) {
    const size_t length = size_ - nest;
    if (length > UINT16_MAX) return void(too_long_ = true);
    const auto field = static_cast<uint16_t>(length);
    std::memcpy(memory_.get() + nest, &field, sizeof field);
  }
  // Room for headers, to be filled; valid until the next change.
  uint8_t* append(size_t size) {
    if (size > capacity_ - size_) grow(size);
    uint8_t* to = memory_.get() + size_;
    size_ += size;
    return to;
  }
  void cut(size_t size) { size_ = size, too_long_ = false; }     // back to a size that there was; keeps its memory
  // An attribute was longer than its 16-bit length can say: what was written is of no use.
  bool too_long() const { return too_long_; }
  std::span<const uint8_t> bytes() const { return {memory_.get(), size_}; }
  std::span<uint8_t> bytes() { return {memory_.get(), size_}; }
  bool empty() const { return !size_; }

 private:
  static constexpr size_t kMaxPayload = UINT16_MAX - NLA_HDRLEN, kLeastMemory = 512;

  // Header and padding of an attribute; returns where its payload goes.
  uint8_t* begin(uint16_t type, size_t size) {
    const nlattr header{static_cast<uint16_t>(NLA_HDRLEN + size), type};
    const size_t padded = NLA_ALIGN(NLA_HDRLEN + size);
    uint8_t* to = append(padded);
    std::memset(to + padded - NLA_ALIGNTO, 0, NLA_ALIGNTO);
    std::memcpy(to, &header, sizeof header);
    return to + sizeof header;
  }
  void grow(size_t more) {
    capacity_ = std::max({kLeastMemory, capacity_ * 2, size_ + more});
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(capacity_);
    if (size_) std::memcpy(larger.get(), memory_.get(), size_);
    memory_ = std::move(larger);
  }

  std::unique_ptr<uint8_t[]> memory_;
  size_t size_ = 0, capacity_ = 0;
  bool too_long_ = false;
};

struct Attribute {
  uint16_t type = 0;                     // without the flag bits
  std::span<const uint8_t> payload;

  // The first bytes as a T, whatever their alignment; nullopt if there are fewer. Longer payloads are from a newer kernel.
  template <typename T>
  std::optional<T> as() const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (payload.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
};

// for (AttributeReader r(bytes); auto a = r.next();) …; then r.is_whole() tells whether the bytes were well-formed.
class AttributeReader {
 public:
  explicit AttributeReader(std::span<const uint8_t> bytes) : left_(bytes) {}
  std::optional<Attribute> next() {
    nlattr header;
    if (left_.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, left_.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > left_.size()) return std::nullopt;
    const Attribute attribute{static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK),
                              left_.subspan(sizeof header, header.nla_len - sizeof header)};
    left_ = left_.subspan(std::min<size_t>(NLA_ALIGN(header.nla_len), left_.size()));
    return attribute;
  }
  bool is_whole() const { return left_.empty(); }

 private:
  std::span<const uint8_t> left_;
};

}  // namespace turnout::datapath::kernel
