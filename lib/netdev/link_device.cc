// State and settings of a Linux link.
#include "lib/netdev/link_device.h"

#include <cerrno>

namespace turnout::netdev {

const netlink::Link* LinkDevice::link() const {
  netlink::LinkTable* t = table();
  return t ? t->find(ifindex()) : nullptr;
}

LinkState LinkDevice::link_state() const {
  LinkState state;
  const netlink::Link* l = link();
  if (!l) return state;
  state.present = true;
  state.admin_up = l->up();
  state.carrier = l->carrier;
  state.ifindex = l->ifindex;
  state.mtu = l->mtu;
  state.mac = l->mac;
  state.resets = l->carrier_changes;
  if (driver_read_at_ != l->carrier_changes) {           // speed and duplex change with the carrier only
    driver_read_at_ = l->carrier_changes;
    driver_ = driver_info();
  }
  state.speed_bps = driver_.speed_bps;
  state.full_duplex = driver_.full_duplex;
  state.driver_name = driver_.driver;
  state.driver_version = driver_.version;
  state.firmware_version = driver_.firmware;
  return state;
}

Result<Statistics> LinkDevice::statistics() const {
  netlink::LinkTable* t = table();
  if (!t) return fail_errno(name_, ENODEV);
  auto host = t->requests().statistics(ifindex());
  if (!host) return fail(host);
  return from_host(*host);
}

// Makes the change and reads the event of it, so that link_state() shows it at once.
template <typename F>
Status LinkDevice::change(F&& request) {
  netlink::LinkTable* t = table();
  if (!t) return fail_errno(name_, ENODEV);
  if (Status s = request(t->requests()); !s) return s;
  t->sync();
  return {};
}

Status LinkDevice::set_admin_up(bool up) {
  return change([&](netlink::LinkSocket& s) { return s.set_up(ifindex(), up); });
}
Status LinkDevice::set_mtu(int mtu) {
  if (const netlink::Link* l = link(); l && l->mtu == mtu) return {};
  return change([&](netlink::LinkSocket& s) { return s.set_mtu(ifindex(), mtu); });
}
Status LinkDevice::set_mac(const net::Mac& mac) {
  if (const netlink::Link* l = link(); l && l->mac == mac) return {};
  return change([&](netlink::LinkSocket& s) { return s.set_mac(ifindex(), mac); });
}

}  // namespace turnout::netdev
