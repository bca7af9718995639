// The tunnel interfaces of one bridge by what they receive. Many share a datapath port; the addresses and the key outside
// a packet say whose it is. ovs-vswitchd.conf.db(5), "Tunnel Options": the most specific one gets it.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/base/strong_id.h"
#include "lib/flow/key.h"
#include "lib/netdev/tunnel.h"

namespace turnout::translate {

struct Interface;

class TunnelTable {
 public:
  // By how much of a packet an interface asks for, the most specific first: in_key, then remote_ip, then local_ip
  // (where "flow" is the least of all).
  static constexpr unsigned kClasses = 12;

  void add(DpPort port, const netdev::TunnelConfig& config, const Interface* interface);
  void remove(const Interface* interface);
  bool has(DpPort port) const;
  bool empty() const;
  // The interface of this class for a packet; nullptr: none. Or-s into *mask what was looked at.
  const Interface* find(unsigned class_number, const flow::FlowKey& key, flow::FlowMask* mask) const;

 private:
  struct Outside {
    DpPort port;
    Be64 id;
    Be32 ipv4_src, ipv4_dst;
    net::Ipv6 ipv6_src, ipv6_dst;
    friend auto operator<=>(const Outside&, const Outside&) = default;
  };
  using Class = std::vector<std::pair<Outside, const Interface*>>;      // sorted
  std::array<Class, kClasses> classes_;
};

// Whether a packet came by a tunnel.
bool is_tunnelled(const flow::TunnelKey& tunnel);

}  // namespace turnout::translate
