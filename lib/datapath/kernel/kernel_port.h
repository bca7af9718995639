// A port of a kernel datapath as a device: the link behind it, and the vport where the link was moved out of sight.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/netdev/netdev.h"

namespace turnout::datapath::kernel {

// An internal port that was moved into another network namespace goes on there: the module keeps its vport, and this
// device its last known state. Main thread.
class KernelPort final : public netdev::Device {
 public:
  // vport(): what the module counts of the port, nullopt if it is gone; asked only when the link is not in sight.
  using AskVport = std::function<std::optional<netdev::Statistics>()>;
  KernelPort(std::unique_ptr<netdev::Device> link, AskVport vport)
      : link_(std::move(link)), vport_(std::move(vport)), last_(link_->link_state()) {}

  const std::string& name() const override { return link_->name(); }
  std::string_view type() const override { return link_->type(); }
  int readiness_fd() const override { return -1; }
  size_t receive(net::Batch&, size_t) override { return 0; }
  void send(const net::Batch&) override {}
  netdev::Capabilities capabilities() const override { return {}; }

  netdev::LinkState link_state() const override {
    const netdev::LinkState now = link_->link_state();
    if (now.present) return last_ = now;
    last_.present = vport_().has_value();
    return last_;
  }
  Result<netdev::Statistics> statistics() const override {
    auto read = link_->statistics();
    if (read) return read;
    if (auto counted = vport_()) return *counted;
    return read;
  }
  Status set_admin_up(bool up) override { return link_->set_admin_up(up); }
  Status set_mtu(int mtu) override { return link_->set_mtu(mtu); }
  Status set_mac(const net::Mac& mac) override { return link_->set_mac(mac); }

 private:
  std::unique_ptr<netdev::Device> link_;
  AskVport vport_;
  mutable netdev::LinkState last_;
};

}  // namespace turnout::datapath::kernel
