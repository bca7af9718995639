// A device for tests: frames are queued by the test and what is sent is kept. Any thread.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "lib/netdev/netdev.h"

namespace turnout::testing {

struct Frame {
  std::vector<uint8_t> bytes;
  net::Offload offload{};
};

class FakeDevice : public netdev::Device {
 public:
  // State that outlives the device, so that a test can look after the port is gone.
  struct Wire {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Frame> incoming;
    std::vector<Frame> sent;
    size_t send_calls = 0;
    netdev::Capabilities capabilities{true, true, true, true, true};
    bool keep_sent = true;
    std::atomic<bool> gone{false};
    std::atomic<bool> touched_after_gone{false};
    int ready = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ~Wire() { close(ready); }

    void inject(Frame frame) {
      std::lock_guard lock(mutex);
      incoming.push_back(std::move(frame));
      const uint64_t one = 1;
      (void)!write(ready, &one, sizeof one);
    }
    std::vector<Frame> take_sent() {
      std::lock_guard lock(mutex);
      return std::exchange(sent, {});
    }
    // Waits until n frames were sent (they stay); false after ten seconds.
    bool wait_sent(size_t n) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(10), [&] { return sent.size() >= n; });
    }
  };

  FakeDevice(std::string name, std::string type, std::shared_ptr<Wire> wire)
      : name_(std::move(name)), type_(std::move(type)), wire_(std::move(wire)) {}
  ~FakeDevice() override { wire_->gone = true; }

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return type_; }
  int readiness_fd() const override { return wire_->ready; }
  size_t receive(net::Batch& batch, size_t room) override {
    if (wire_->gone) wire_->touched_after_gone = true;
    std::lock_guard lock(wire_->mutex);
    size_t n = 0;
    for (; n < room && !wire_->incoming.empty(); ++n) {
      net::PacketRef packet = net::PacketPool::local().allocate();
      packet->reset();
      packet->assign(wire_->incoming.front().bytes);
      packet->offload = wire_->incoming.front().offload;
      batch.push_back(std::move(packet));
      wire_->incoming.pop_front();
    }
    uint64_t count;
    if (wire_->incoming.empty()) (void)!read(wire_->ready, &count, sizeof count);
    return n;
  }
  void send(const net::Batch& batch) override {
    if (wire_->gone) wire_->touched_after_gone = true;
    std::lock_guard lock(wire_->mutex);
    ++wire_->send_calls;
    if (wire_->keep_sent)
      for (const auto& packet : batch)
        wire_->sent.push_back({{packet->data(), packet->data() + packet->size()}, packet->offload});
    wire_->changed.notify_all();
  }
  netdev::Capabilities capabilities() const override { return wire_->capabilities; }
  netdev::LinkState link_state() const override { return {}; }
  Result<netdev::Statistics> statistics() const override { return netdev::Statistics{.rx_packets = 5, .rx_bytes = 2048}; }
  Status set_admin_up(bool) override { return {}; }
  Status set_mtu(int) override { return {}; }
  Status set_mac(const net::Mac&) override { return {}; }

 private:
  std::string name_, type_;
  std::shared_ptr<Wire> wire_;
};

}  // namespace turnout::testing
