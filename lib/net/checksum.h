// The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Pure.
#pragma once

#include <cstdint>
#include <span>

#include "lib/base/endian.h"
#include "lib/net/address.h"

namespace turnout::net {

// A running one's-complement sum, not folded, over 16-bit words as they stand in memory. Every piece but the last must
// have an even length.
class ChecksumSum {
 public:
  ChecksumSum& add(std::span<const uint8_t> bytes);
  ChecksumSum& add(Be16 v) { sum_ += v.raw(); return *this; }
  ChecksumSum& add(Be32 v) { sum_ += (v.raw() & 0xffff) + (v.raw() >> 16); return *this; }
  ChecksumSum& add(const Ipv6& address) { return add(std::span<const uint8_t>(address.bytes)); }
  Be16 folded() const;                       // the sum itself: what stands in the field of a partial checksum
  Be16 finish() const { return ~folded(); }  // the checksum

 private:
  uint64_t sum_ = 0;
};

Be16 checksum(std::span<const uint8_t> bytes);
// Pseudo headers; length is that of the transport header and payload.
ChecksumSum pseudo_header(Be32 src, Be32 dst, uint8_t protocol, uint32_t length);
ChecksumSum pseudo_header(const Ipv6& src, const Ipv6& dst, uint8_t protocol, uint32_t length);
// The checksum after a covered field changed from one value to another.
Be16 update_checksum(Be16 checksum, Be16 from, Be16 to);
Be16 update_checksum(Be16 checksum, Be32 from, Be32 to);
// UDP's zero means "none": a computed zero is sent as all ones.
inline Be16 udp_checksum_field(Be16 checksum) { return checksum ? checksum : Be16{0xffff}; }

// SCTP's (CRC-32c over the whole SCTP packet with its checksum field zero), as it stands in the field (RFC 9260 App. A).
Be32 sctp_checksum(std::span<const uint8_t> packet);

}  // namespace turnout::net
