// Netlink attributes as bytes: written one after the other, read through a bounded cursor. What this folder exchanges
// with the kernel beyond a message's own few attributes (keys, masks, action lists) is built and taken apart with it.
// <linux/netlink.h>, struct nlattr: a 4-byte header in host order, the payload, padding to 4 bytes. Values, any thread.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace turnout::datapath::kernel {

class AttributeWriter {
 public:
  void put(uint16_t type, const void* payload, size_t size) {
    if (size > kMaxPayload) return void(too_long_ = true);
    const nlattr header{static_cast<uint16_t>(NLA_HDRLEN + size), type};
    uint8_t* to = append(NLA_ALIGN(NLA_HDRLEN + size));
    std::memcpy(to, &header, sizeof header);
    if (size) std::memcpy(to + sizeof header, payload, size);
  }
  template <typename T>
  void put(uint16_t type, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    put(type, &value, sizeof value);
  }
  void put_flag(uint16_t type) { put(type, nullptr, 0); }
  // What is put until end() is inside.
  size_t nest(uint16_t type) {
    const size_t at = bytes_.size();
    put_flag(type);
    return at;
  }
  void end(size_t nest) {
    const size_t length = bytes_.size() - nest;
    if (length > UINT16_MAX) return void(too_long_ = true);
    const auto field = static_cast<uint16_t>(length);
    std::memcpy(bytes_.data() + nest, &field, sizeof field);
  }
  // Room for headers, zeroed; valid until the next change.
  uint8_t* append(size_t size) {
    const size_t at = bytes_.size();
    bytes_.resize(at + size);
    return bytes_.data() + at;
  }
  void cut(size_t size) { bytes_.resize(size), too_long_ = false; }     // back to a size that there was; keeps its memory
  // An attribute was longer than its 16-bit length can say: what was written is of no use.
  bool too_long() const { return too_long_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  std::span<uint8_t> bytes() { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  static constexpr size_t kMaxPayload = UINT16_MAX - NLA_HDRLEN;
  std::vector<uint8_t> bytes_;
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
