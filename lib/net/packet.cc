// Packet buffers: lazily mapped chunks, reused last in first out so that few pages are ever touched.
#include "lib/net/packet.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace turnout::net {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kCacheLine = 64;
constexpr size_t kBufferSize = kHeadroom + kMaxFrame;
// Every buffer starts on a page of its own, shifted by a colour: the headers of the packets of a batch then lie in
// different sets of the first-level cache (which are chosen by the address within a page).
constexpr size_t kColours = kPage / kCacheLine;
constexpr size_t kStride = (kBufferSize + kPage - kCacheLine + kPage - 1) / kPage * kPage;
constexpr size_t kChunkPackets = 128;
constexpr size_t kChunkBytes = kChunkPackets * kStride;

constexpr size_t colour_of(size_t index) { return index * 3 % kColours * kCacheLine; }

}  // namespace

struct PacketPool::Impl {
  struct Chunk {
    uint8_t* memory = nullptr;
    std::unique_ptr<Packet[]> packets;
  };
  std::vector<Chunk> chunks;
  std::vector<Packet*> free;   // the most recently used at the back

  void grow(PacketPool* pool) {
    void* memory = mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      std::fputs("out of memory for packet buffers\n", stderr);
      std::abort();
    }
    madvise(memory, kChunkBytes, MADV_NOHUGEPAGE);   // a huge page would make every small frame cost 2 MB
    Chunk chunk{static_cast<uint8_t*>(memory), std::make_unique<Packet[]>(kChunkPackets)};
    free.reserve((chunks.size() + 1) * kChunkPackets);
    for (size_t i = kChunkPackets; i-- > 0;) {
      Packet& p = chunk.packets[i];
      p.buffer_ = chunk.memory + i * kStride + colour_of(i);
      p.capacity_ = kBufferSize;
      p.pool_ = pool;
      free.push_back(&p);
    }
    chunks.push_back(std::move(chunk));
  }
};

PacketPool::PacketPool() : impl_(std::make_unique<Impl>()) {}

PacketPool::~PacketPool() {
  for (auto& chunk : impl_->chunks) munmap(chunk.memory, kChunkBytes);
}

PacketRef PacketPool::allocate() {
  if (impl_->free.empty()) impl_->grow(this);
  Packet* p = impl_->free.back();
  impl_->free.pop_back();
  p->reset();
  p->in_port = DpPort{0};
  p->rss_hash = 0;
  return PacketRef(p);
}

PacketRef PacketPool::clone(const Packet& from) {
  PacketRef to = allocate();
  to->offset_ = from.offset_;
  to->size_ = from.size_;
  std::memcpy(to->data(), from.data(), from.size());
  to->offload = from.offload;
  to->in_port = from.in_port;
  to->rss_hash = from.rss_hash;
  return to;
}

PacketPool& PacketPool::local() {
  thread_local PacketPool pool;
  return pool;
}

void PacketRef::release(Packet* p) { p->pool_->impl_->free.push_back(p); }

void Packet::assign(std::span<const uint8_t> bytes) {
  reset();
  size_ = static_cast<uint32_t>(std::min<size_t>(bytes.size(), capacity_ - offset_));
  if (size_) std::memcpy(data(), bytes.data(), size_);
}

uint8_t* Packet::insert(size_t at, size_t n) {
  push(n);
  std::memmove(data(), data() + n, at);
  if (offload.partial_checksum && offload.csum_start >= at) offload.csum_start = static_cast<uint16_t>(offload.csum_start + n);
  if (offload.header_length >= at && offload.header_length) offload.header_length = static_cast<uint16_t>(offload.header_length + n);
  return data() + at;
}

void Packet::erase(size_t at, size_t n) {
  std::memmove(data() + n, data(), at);
  pull(n);
  if (offload.partial_checksum && offload.csum_start >= at + n) offload.csum_start = static_cast<uint16_t>(offload.csum_start - n);
  if (offload.header_length >= at + n) offload.header_length = static_cast<uint16_t>(offload.header_length - n);
}

}  // namespace turnout::net
