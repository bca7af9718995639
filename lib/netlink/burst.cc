// See burst.h.
#include "lib/netlink/burst.h"

#include <cerrno>

namespace turnout::netlink {

Burst::Burst(size_t size, size_t longest)
    : longest_(longest), memory_(std::make_unique_for_overwrite<uint8_t[]>(size * longest)), vectors_(size), headers_(size) {
  for (size_t i = 0; i < size; ++i) {
    vectors_[i] = {memory_.get() + i * longest, longest};
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &vectors_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

Status Burst::read(int fd) {
  datagrams_ = 0;
  int n;
  while ((n = recvmmsg(fd, headers_.data(), static_cast<unsigned>(headers_.size()), MSG_DONTWAIT, nullptr)) < 0 && errno == EINTR) {
  }
  if (n < 0) return fail_errno("reading netlink messages", errno);
  datagrams_ = static_cast<size_t>(n);
  return {};
}

std::span<uint8_t> Burst::operator[](size_t i) const {
  if (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) return {};
  return {memory_.get() + i * longest_, headers_[i].msg_len};
}

}  // namespace turnout::netlink
