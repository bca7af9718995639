// A userspace datapath with fake devices and a sink that answers with what the test says.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "lib/base/rcu.h"
#include "lib/datapath/userspace/userspace.h"
#include "tests/support/fake_device.h"

namespace turnout::datapath {

using testing::FakeDevice;
using testing::Frame;

class TestSink : public UpcallSink {
 public:
  UpcallReply upcall(const Upcall& upcall) override {
    std::lock_guard lock(mutex);
    ++upcalls[static_cast<int>(upcall.kind)];
    last_key = upcall.key;
    last_userdata.assign(upcall.userdata.begin(), upcall.userdata.end());
    return answer ? answer(upcall) : UpcallReply{};
  }
  void flow_installed(const Ufid&, bool ok) override {
    std::lock_guard lock(mutex);
    ok ? ++installed : ++refused;
  }
  size_t misses() {
    std::lock_guard lock(mutex);
    return upcalls[0];
  }

  std::mutex mutex;
  std::function<UpcallReply(const Upcall&)> answer;
  std::map<int, size_t> upcalls;
  size_t installed = 0, refused = 0;
  flow::FlowKey last_key{};
  std::vector<uint8_t> last_userdata;
};

// Installs a flow of these masked members with these actions.
inline UpcallReply install(const ActionList& actions, std::function<void(flow::FlowMask&)> mask = {}) {
  UpcallReply reply;
  reply.actions = actions;
  reply.install = true;
  TURNOUT_MASK_ALL(reply.mask, in_port);
  TURNOUT_MASK_ALL(reply.mask, eth_type);
  TURNOUT_MASK_ALL(reply.mask, recirc_id);
  if (mask) mask(reply.mask);
  return reply;
}

inline Frame ethernet(uint8_t dst, uint8_t src, uint16_t type = 0x1234, size_t size = 64) {
  std::vector<uint8_t> bytes(size);
  bytes[5] = dst;
  bytes[11] = src;
  bytes[12] = static_cast<uint8_t>(type >> 8);
  bytes[13] = static_cast<uint8_t>(type);
  return {bytes};
}

struct Lab {
  explicit Lab(unsigned threads = 0, PortNumbering numbering = PortNumbering::kLowestFree, uint64_t flow_limit = 1000) {
    UserspaceOptions options;
    options.threads = threads;
    options.numbering = numbering;
    options.flow_limit = flow_limit;
    dp = make_userspace(std::move(options));
    dp->set_upcall_sink(&sink);
  }
  std::shared_ptr<FakeDevice::Wire> add(const std::string& name, std::optional<DpPort> wanted = {}) {
    auto wire = std::make_shared<FakeDevice::Wire>();
    last = *dp->add_port(std::make_unique<FakeDevice>(name, "system", wire), wanted);
    return wire;
  }
  RcuThread rcu;
  TestSink sink;
  std::unique_ptr<Datapath> dp;
  DpPort last{0};
};

}  // namespace turnout::datapath
