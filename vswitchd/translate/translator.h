// translate(): snapshot + key -> datapath actions, the mask of the bits that decided, and effects. Pure: no clock, no
// sockets, no writes, so that the same input gives the same answer to an upcall, to revalidation and to a trace.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "lib/datapath/actions.h"
#include "lib/flow/key.h"
#include "lib/net/packet.h"
#include "vswitchd/translate/effects.h"
#include "vswitchd/translate/snapshot.h"

namespace turnout::translate {

inline constexpr unsigned kMaxDepth = 64;            // bridges that one packet may cross through patch ports
inline constexpr unsigned kMaxBridges = 4096;      // bridges that its copies enter altogether
inline constexpr unsigned kMaxActions = 16384;    // datapath actions of one flow

// Why a packet goes where it goes when it is not simply forwarded; also the drop reasons that are counted.
enum class Reason : uint8_t {
  kForwarded,             // there are actions
  kNoOutput,              // the rules or the learning table left nowhere to send it
  kUnknownPort,           // in_port belongs to no bridge
  kUnknownTunnel,         // it came by a tunnel that no interface is configured for
  kNoReceive,             // OFPPC_NO_RECV
  kNoRule,                // table miss
  kReservedAddress,       // 01:80:c2:00:00:0x, without forward-bpdu
  kPartialTag,            // the frame ends within its VLAN tag
  kVlanNotAdmitted,
  kTooDeep,               // a loop through patch ports
  kTooManyActions,
  kNoTunnelDestination,   // remote_ip=flow, and nothing said where to
};
const char* reason_text(Reason reason);
inline constexpr unsigned kReasons = 12;

struct Translation {
  datapath::ActionList actions;                      // empty drops
  flow::FlowMask mask;
  Effects effects;
  Reason reason = Reason::kForwarded;
  bool slow = false;                                 // must not be installed: every packet needs the slow path
  void clear();                                      // keeps capacity
};

// Told what translation does, step by step (`ofproto/trace`); text has no newline.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void bridge(const std::string& name) = 0;
  virtual void rule(unsigned depth, uint8_t table, const ofproto::Rule& rule) = 0;
  virtual void note(unsigned depth, const std::string& text) = 0;
};

// Inside RcuRead. key.in_port is a DpPort. `packet` may be nullptr (revalidation, trace). `out` is cleared first; reuse
// one to save allocations. Returns the same object.
Translation& translate(const Snapshot& snapshot, const flow::FlowKey& key, const net::Packet* packet, Translation& out,
                       TraceSink* trace = nullptr);

// Does nothing but what the caller decides: applies the writes to their tables.
void apply_writes(const Effects& effects, TimePoint now);
void apply_writes(std::span<const Write> writes, TimePoint now);

}  // namespace turnout::translate
