// What devices that are Linux links share: state, statistics and settings by netlink, in whichever namespace the link
// is. Inside lib/netdev only. Main thread.
#pragma once

#include <string>

#include "lib/netdev/netdev.h"
#include "lib/netlink/link.h"

namespace turnout::netdev {

class LinkDevice : public Device {
 public:
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return type_; }
  LinkState link_state() const override;
  Result<Statistics> statistics() const override;
  Status set_admin_up(bool up) override;
  Status set_mtu(int mtu) override;
  Status set_mac(const net::Mac& mac) override;

  // The table of the namespace where the link is; nullptr when the link is gone.
  virtual netlink::LinkTable* table() const = 0;
  virtual int ifindex() const = 0;
  // The host's view of the link turned into the switch's, with what this process counts.
  virtual Statistics from_host(const netlink::LinkStatistics& host) const = 0;
  virtual netlink::DriverInfo driver_info() const = 0;   // read anew; link_state() keeps it

 protected:
  LinkDevice(std::string name, std::string type) : name_(std::move(name)), type_(std::move(type)) {}

 private:
  const netlink::Link* link() const;
  template <typename F>
  Status change(F&& request);

  std::string name_, type_;
  mutable netlink::DriverInfo driver_;
  mutable uint64_t driver_read_at_ = ~uint64_t{0};       // carrier changes when driver_ was read
};

}  // namespace turnout::netdev
