// A port of a kernel datapath as a device: the link behind it, and the vport where the link was moved out of sight.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/netdev/netdev.h"

namespace turnout::datapath::kernel {

// An internal port that was moved into another network namespace goes on there: the module keeps its vport, and this
// device its last known state. When it comes back it is followed again. Main thread.
class KernelPort final : public netdev::Device {
 public:
  using OpenLink = std::function<std::unique_ptr<netdev::Device>()>;            // nullptr: it is not in sight
  // What the module counts of the port, nullopt if the port is gone with its link; asked only when that is not in sight.
  using AskVport = std::function<std::optional<netdev::Statistics>()>;

  KernelPort(std::string name, std::string type, OpenLink open, AskVport vport)
      : name_(std::move(name)), type_(std::move(type)), open_(std::move(open)), vport_(std::move(vport)), link_(open_()) {}

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return type_; }
  int readiness_fd() const override { return -1; }
  size_t receive(net::Batch&, size_t) override { return 0; }
  void send(const net::Batch&) override {}
  netdev::Capabilities capabilities() const override { return {}; }

  netdev::LinkState link_state() const override {
    if (netdev::Device* l = link()) return last_ = l->link_state();
    last_.present = vport_().has_value();
    return last_;
  }
  Result<netdev::Statistics> statistics() const override {
    if (netdev::Device* l = link()) return l->statistics();
    if (auto counted = vport_()) return *counted;
    return fail_errno(name_, ENODEV);
  }
  Status set_admin_up(bool up) override { return on_link([&](netdev::Device& l) { return l.set_admin_up(up); }); }
  Status set_mtu(int mtu) override { return on_link([&](netdev::Device& l) { return l.set_mtu(mtu); }); }
  Status set_mac(const net::Mac& mac) override { return on_link([&](netdev::Device& l) { return l.set_mac(mac); }); }

 private:
  netdev::Device* link() const {
    if (link_ && link_->link_state().present) return link_.get();
    if (!vport_()) return nullptr;                     // another device of this name would not be this port
    link_ = open_();
    return link_.get();
  }
  template <typename F>
  Status on_link(F&& change) {
    netdev::Device* l = link();
    return l ? change(*l) : fail_errno(name_, ENODEV);
  }

  const std::string name_, type_;
  const OpenLink open_;
  const AskVport vport_;
  mutable std::unique_ptr<netdev::Device> link_;
  mutable netdev::LinkState last_;
};

}  // namespace turnout::datapath::kernel
