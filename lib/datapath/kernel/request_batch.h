// Requests that go to the kernel in one system call: messages one behind the other, built in place in memory that is kept
// from batch to batch. <linux/netlink.h>, <linux/genetlink.h>. One thread.
#pragma once

#include <cerrno>

#include "lib/base/result.h"
#include "lib/datapath/kernel/attributes.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

class RequestBatch {
 public:
  // Starts a message; the attributes that are put into the writer until end() are its own.
  AttributeWriter& begin(const Family& family, uint8_t command, uint8_t version, int dp_ifindex, uint16_t flags = 0) {
    start_ = writer_.bytes().size();
    const nlmsghdr header{0, family.id, static_cast<uint16_t>(NLM_F_REQUEST | flags), 0, 0};
    const RequestHeaders headers{{command, version, 0}, {dp_ifindex}};
    uint8_t* to = writer_.append(NLMSG_HDRLEN + sizeof headers);
    std::memcpy(to, &header, sizeof header);
    std::memcpy(to + NLMSG_HDRLEN, &headers, sizeof headers);
    return writer_;
  }
  // Code E2BIG: one of the attributes is longer than netlink can say. Then the message is taken back.
  Status end() {
    if (writer_.too_long()) {
      writer_.cut(start_);
      return fail("longer than a netlink attribute can be", E2BIG);
    }
    const auto length = static_cast<uint32_t>(writer_.bytes().size() - start_);
    std::memcpy(writer_.bytes().data() + start_, &length, sizeof length);
    ++messages_;
    return {};
  }
  size_t messages() const { return messages_; }
  // Large enough to be sent, so that what one system call costs is spread over many messages.
  bool is_full() const { return messages_ >= kMaxMessages || writer_.bytes().size() >= kMaxBytes; }
  std::span<uint8_t> bytes() { return writer_.bytes(); }
  void clear() { writer_.cut(0), messages_ = 0; }

 private:
  // Answers to so many fit into a connection's receive buffer, and one message of the longest kind behind so many
  // bytes into its send buffer.
  static constexpr size_t kMaxMessages = 256, kMaxBytes = 64 << 10;
  AttributeWriter writer_;
  size_t start_ = 0, messages_ = 0;
};

}  // namespace turnout::datapath::kernel
