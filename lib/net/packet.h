// One frame in memory with its offload metadata (design decision 12). Owned through PacketRef, whose count is not
// atomic: a packet belongs to one thread. Buffers come from a PacketPool of that thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "lib/base/strong_id.h"

namespace turnout::net {

inline constexpr size_t kHeadroom = 256;               // before the frame: a virtio-net header, VLAN tags, tunnel headers
inline constexpr size_t kMaxFrame = 65536 + 64;        // a 64 kB segment and its Ethernet and VLAN headers

// What the sender of a frame left for the device to do; what virtio-net headers say (virtio 1.2 §5.1.6).
struct Offload {
  enum class Gso : uint8_t { kNone, kTcp4, kTcp6, kUdp4, kUdp6, kUdpL4 };
  bool partial_checksum = false;   // checksum from csum_start to the end still to be put at csum_start + csum_offset
  bool checksum_valid = false;     // the receiver need not verify
  bool gso_ecn = false;
  Gso gso = Gso::kNone;
  uint16_t csum_start = 0, csum_offset = 0;   // bytes from the start of the frame
  uint16_t gso_size = 0;                      // payload bytes per segment
  uint16_t header_length = 0;                 // bytes of headers in front of the payload (a hint)
};

class PacketPool;

class Packet {
 public:
  uint8_t* data() { return buffer_ + offset_; }
  const uint8_t* data() const { return buffer_ + offset_; }
  size_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data(), size_}; }
  size_t headroom() const { return offset_; }
  size_t tailroom() const { return capacity_ - offset_ - size_; }
  void reset(size_t headroom = kHeadroom) { offset_ = headroom; size_ = 0; offload = {}; }
  void set_size(size_t n) { size_ = n; }
  uint8_t* push(size_t n) { offset_ -= n; size_ += n; return data(); }   // the caller checked headroom()
  void pull(size_t n) { offset_ += n; size_ -= n; }                     // and size()
  // Opens a gap of n bytes, `at` bytes behind the start of the frame, or closes one, by moving what is in front of it;
  // the offsets of the offload move along. For VLAN tags and tunnel headers. The caller checked headroom() or size().
  uint8_t* insert(size_t at, size_t n);   // returns the gap, its bytes unspecified
  void erase(size_t at, size_t n);
  void assign(std::span<const uint8_t> bytes);   // at the default headroom, no offload; cut off at the buffer's end
  bool shared() const { return references_ > 1; }

  Offload offload;
  DpPort in_port{0};
  uint32_t rss_hash = 0;           // 0: not known

 private:
  friend class PacketPool;
  friend class PacketRef;
  uint8_t* buffer_ = nullptr;
  uint32_t capacity_ = 0, offset_ = 0, size_ = 0, references_ = 0;
  PacketPool* pool_ = nullptr;
};

// Shared ownership within one thread. Change a packet only when it is not shared(); clone it first otherwise.
class PacketRef {
 public:
  PacketRef() = default;
  explicit PacketRef(Packet* p) : p_(p) { if (p_) ++p_->references_; }
  PacketRef(const PacketRef& o) : PacketRef(o.p_) {}
  PacketRef(PacketRef&& o) noexcept : p_(o.p_) { o.p_ = nullptr; }
  PacketRef& operator=(PacketRef o) noexcept { std::swap(p_, o.p_); return *this; }
  ~PacketRef() { if (p_ && --p_->references_ == 0) release(p_); }
  Packet* operator->() const { return p_; }
  Packet& operator*() const { return *p_; }
  Packet* get() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  static void release(Packet* p);
  Packet* p_ = nullptr;
};

// Buffers of kHeadroom + kMaxFrame each, mapped lazily: a small frame touches one page. Grows on demand, keeps what it
// has. Must outlive its packets. Not thread-safe; one per thread (thread_local via local()).
class PacketPool {
 public:
  PacketPool();
  ~PacketPool();
  PacketRef allocate();
  PacketRef clone(const Packet& from);                 // bytes and metadata
  static PacketPool& local();

 private:
  friend class PacketRef;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr size_t kBatchMax = 64;
using Batch = std::vector<PacketRef>;                   // reserve(kBatchMax) once and reuse

}  // namespace turnout::net
