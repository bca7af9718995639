// The datapath's own port 0 where the host has no such device: it has a name and carries no packets.
#pragma once

#include <string>

#include "lib/netdev/netdev.h"

namespace turnout::datapath {

class LocalDevice final : public netdev::Device {
 public:
  LocalDevice(std::string name, std::string type) : name_(std::move(name)), type_(std::move(type)) {}
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return type_; }
  int readiness_fd() const override { return -1; }
  size_t receive(net::Batch&, size_t) override { return 0; }
  void send(const net::Batch&) override {}
  netdev::Capabilities capabilities() const override { return {true, true, true, true, true}; }
  netdev::LinkState link_state() const override {
    netdev::LinkState state;
    state.present = true;
    return state;
  }
  Result<netdev::Statistics> statistics() const override { return netdev::Statistics{}; }
  Status set_admin_up(bool) override { return {}; }
  Status set_mtu(int) override { return {}; }
  Status set_mac(const net::Mac&) override { return {}; }

 private:
  std::string name_, type_;
};

}  // namespace turnout::datapath
