// What a translated packet does besides its actions, as values (design decision 3). The caller applies them.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "lib/net/address.h"
#include "vswitchd/l2/mac_table.h"
#include "vswitchd/ofproto/port_counters.h"
#include "vswitchd/ofproto/rule.h"

namespace turnout::translate {

// ---- Writes: applied before the packet is executed, and again by revalidation while the flow carries packets.
struct LearnMac {
  std::shared_ptr<l2::MacTable> table;
  net::Mac mac;
  uint16_t vlan;
  l2::BundleId bundle;
};
using Write = std::variant<LearnMac>;

// ---- Credits: kept with the installed flow and paid as its statistics grow.
struct RuleCredit { std::shared_ptr<ofproto::Rule> rule; };
struct PortCredit {
  std::shared_ptr<ofproto::PortCounters> counters;
  bool sent = false;             // else received
};
using Credit = std::variant<RuleCredit, PortCredit>;

// ---- Per packet: happen once, for the packet at hand.
struct PacketIn {
  const void* bridge;            // the snapshot's Bridge, for the caller's look-up while it holds the RcuRead section
  uint16_t max_length;
};
using PerPacket = std::variant<PacketIn>;

struct Effects {
  std::vector<Write> writes;
  std::vector<Credit> credits;
  std::vector<PerPacket> per_packet;
  void clear() { writes.clear(); credits.clear(); per_packet.clear(); }
};

}  // namespace turnout::translate
