// Hears when other programs, or the kernel itself, put ports into a datapath or take them out, or take it away whole. The
// multicast groups of ovs_vport and ovs_datapath, and generic netlink's own, which tells of a module that is unloaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/kernel/families.h"
#include "lib/io/loop.h"

namespace turnout::datapath::kernel {

// Main thread.
class PortWatch {
 public:
  struct Options {
    int dp_ifindex = 0;
    std::vector<uint32_t> own;           // port ids of the sockets whose requests are no news
    int receive_buffer = 128 << 10;      // bytes; what does not fit is made up for
  };
  // changed() runs on the loop, once for what came together. It also runs when notifications were lost: the caller looks
  // at what stands rather than at what was said.
  static Result<std::unique_ptr<PortWatch>> start(io::Loop& loop, const Families& families, Options options,
                                                  std::function<void()> changed);

 private:
  PortWatch(std::unique_ptr<netlink::Socket> socket, const Families& families, Options options, std::function<void()> changed)
      : socket_(std::move(socket)), families_(families), options_(std::move(options)), changed_(std::move(changed)) {}
  void read();
  bool is_news(const nlmsghdr& message) const;

  std::unique_ptr<netlink::Socket> socket_;
  const Families families_;
  const Options options_;
  const std::function<void()> changed_;
  io::Handle watch_;
};

}  // namespace turnout::datapath::kernel
