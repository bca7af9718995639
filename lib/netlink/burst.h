// Datagrams read many at a time: one system call for what waits, into memory that is kept. For netlink sockets on which a
// lot arrives. One thread.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "lib/base/result.h"

namespace turnout::netlink {

class Burst {
 public:
  // longest: of a datagram. Memory of that size for each of `size` datagrams is reserved, and taken when it is first used.
  Burst(size_t size, size_t longest);
  // Reads what waits, without waiting for it. Code EAGAIN: nothing does; ENOBUFS: some were lost, and others may wait.
  Status read(int fd);
  size_t size() const { return datagrams_; }             // of the last read
  bool is_full() const { return datagrams_ == headers_.size(); }
  // The i-th one's bytes; empty where it was longer than can be.
  std::span<uint8_t> operator[](size_t i) const;

 private:
  const size_t longest_;
  size_t datagrams_ = 0;
  std::unique_ptr<uint8_t[]> memory_;
  std::vector<iovec> vectors_;
  std::vector<mmsghdr> headers_;
};

}  // namespace turnout::netlink
