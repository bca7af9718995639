// Network links over rtnetlink: values, requests, and a table that follows the kernel's events. rtnetlink(7).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/loop.h"
#include "lib/net/address.h"
#include "lib/netlink/netns.h"

namespace turnout::netlink {

struct Link {
  int ifindex = 0;
  std::string name;
  std::string kind;              // "veth", "tun", "bridge", …; empty for hardware
  unsigned hardware = 0;         // ARPHRD_ETHER, …
  unsigned flags = 0;            // IFF_UP, IFF_LOWER_UP, … of <linux/if.h>
  int mtu = 0;
  net::Mac mac;
  int master = 0;                // ifindex of the bridge or bond that has it, 0: none
  uint64_t carrier_changes = 0;
  bool carrier = false;
  bool up() const { return flags & 1; }
  friend bool operator==(const Link&, const Link&) = default;
};

struct LinkStatistics {          // from the host's point of view
  uint64_t rx_packets = 0, tx_packets = 0, rx_bytes = 0, tx_bytes = 0, rx_errors = 0, tx_errors = 0, rx_dropped = 0,
           tx_dropped = 0, multicast = 0, collisions = 0, rx_over_errors = 0, rx_crc_errors = 0, rx_frame_errors = 0,
           rx_missed_errors = 0;
};

struct Address {
  int ifindex = 0;
  int family = 0;                // AF_INET, AF_INET6
  std::vector<uint8_t> bytes;    // 4 or 16
  int prefix = 0;
};

// Requests that wait for the kernel's answer (microseconds). Error codes are errno values: ENODEV, EEXIST, EPERM, ….
// One socket; belongs to one thread.
class LinkSocket {
 public:
  static Result<std::unique_ptr<LinkSocket>> open();                    // in this process's namespace
  static Result<std::unique_ptr<LinkSocket>> open(const Netns& ns);
  ~LinkSocket();

  Result<Link> get(std::string_view name);
  Result<Link> get(int ifindex);
  Result<std::vector<Link>> list();
  Result<std::vector<Address>> addresses();

  Status set_up(int ifindex, bool up);
  Status set_mtu(int ifindex, int mtu);
  Status set_mac(int ifindex, const net::Mac& mac);
  Status move(int ifindex, const Netns& to);
  Status create(std::string_view name, std::string_view kind);          // "dummy", "bridge", …
  Status create_veth(std::string_view name, std::string_view peer);
  Status remove(int ifindex);
  // Removes many at the price of one: puts all into a private group and deletes the group. Links that are gone already
  // are no error. Falls back to one by one where the kernel refuses.
  Status remove_all(std::span<const int> ifindexes);

  Result<LinkStatistics> statistics(int ifindex);
  Result<std::map<int, LinkStatistics>> all_statistics();               // by ifindex, one dump

 private:
  struct Impl;
  explicit LinkSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What ethtool knows of a device; reading it is a few ioctls, so callers keep the answer.
struct DriverInfo {
  std::string driver, version, firmware;
  uint64_t speed_bps = 0;        // 0: not known
  bool full_duplex = false;
};
DriverInfo read_driver_info(const std::string& name);                    // of this thread's namespace
DriverInfo read_driver_info(const std::string& name, const Netns& ns);

// All links of one namespace, kept fresh by RTNLGRP_LINK events on the loop. Lost events (ENOBUFS) lead to a new dump
// and to the events that were missed. Costs nothing while nothing changes. Main thread only.
class LinkTable {
 public:
  enum class Event { kAppeared, kChanged, kVanished };
  using Listener = std::function<void(Event, const Link&)>;

  static Result<std::unique_ptr<LinkTable>> create(io::Loop& loop);
  static Result<std::unique_ptr<LinkTable>> create(io::Loop& loop, const Netns& ns);
  ~LinkTable();

  // Pointers hold until the next event. Events that wait in the socket are read first by sync().
  const Link* find(std::string_view name) const;
  const Link* find(int ifindex) const;
  const std::map<int, Link>& all() const;
  void sync();
  io::Handle listen(Listener listener);           // a rename is kVanished of the old name and kAppeared of the new
  LinkSocket& requests();                         // a socket of the same namespace

 private:
  struct Impl;
  explicit LinkTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::netlink
