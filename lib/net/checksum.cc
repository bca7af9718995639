// One's-complement sums, eight bytes at a time, and CRC-32c by table.
#include "lib/net/checksum.h"

#include <array>
#include <cstring>

namespace turnout::net {

namespace {

uint64_t load64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

void add_carry(uint64_t& sum, uint64_t v) {
  sum += v;
  sum += sum < v;
}

uint64_t fold32(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  return (sum & 0xffffffff) + (sum >> 32);
}

uint64_t sum_bytes(const uint8_t* p, size_t n) {
  uint64_t a = 0, b = 0, c = 0, d = 0;   // four chains that the processor runs side by side
  for (; n >= 32; p += 32, n -= 32) {
    add_carry(a, load64(p));
    add_carry(b, load64(p + 8));
    add_carry(c, load64(p + 16));
    add_carry(d, load64(p + 24));
  }
  for (; n >= 8; p += 8, n -= 8) add_carry(a, load64(p));
  if (n) {
    uint64_t tail = 0;
    std::memcpy(&tail, p, n);            // missing bytes count as zero, also on big-endian machines
    add_carry(b, tail);
  }
  return fold32(fold32(a) + fold32(b) + fold32(c) + fold32(d));
}

constexpr std::array<uint32_t, 256> kCrc32c = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    table[i] = crc;
  }
  return table;
}();

}  // namespace

ChecksumSum& ChecksumSum::add(std::span<const uint8_t> bytes) {
  sum_ = fold32(sum_) + sum_bytes(bytes.data(), bytes.size());
  return *this;
}

Be16 ChecksumSum::folded() const {
  uint64_t sum = fold32(sum_);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return Be16::from_raw(static_cast<uint16_t>(sum));
}

Be16 checksum(std::span<const uint8_t> bytes) { return ChecksumSum().add(bytes).finish(); }

ChecksumSum pseudo_header(Be32 src, Be32 dst, uint8_t protocol, uint32_t length) {
  return ChecksumSum().add(src).add(dst).add(Be32{protocol}).add(Be32{length});
}

ChecksumSum pseudo_header(const Ipv6& src, const Ipv6& dst, uint8_t protocol, uint32_t length) {
  return ChecksumSum().add(src).add(dst).add(Be32{protocol}).add(Be32{length});
}

Be16 update_checksum(Be16 checksum, Be16 from, Be16 to) {
  return ChecksumSum().add(~checksum).add(~from).add(to).finish();
}

Be16 update_checksum(Be16 checksum, Be32 from, Be32 to) {
  return ChecksumSum().add(~checksum).add(~from).add(to).finish();
}

Be32 sctp_checksum(std::span<const uint8_t> packet) {
  uint32_t crc = ~0u;
  for (uint8_t byte : packet) crc = kCrc32c[(crc ^ byte) & 0xff] ^ crc >> 8;
  return Be32{__builtin_bswap32(~crc)};   // the CRC goes least significant byte first
}

}  // namespace turnout::net
