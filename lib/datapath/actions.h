// Datapath actions: what a flow of a datapath does to a packet, in order. An empty list drops. Plain values, cheap to copy:
// what is large is shared and never changes.
// The kinds follow <linux/openvswitch.h>, enum ovs_action_attr; the text form is ovs-dpctl(8)'s.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/endian.h"
#include "lib/base/strong_id.h"
#include "lib/datapath/key_attributes.h"
#include "lib/flow/key.h"
#include "lib/flow/match.h"
#include "lib/net/address.h"

namespace turnout::datapath {

// An immutable value that copies share; equal where the values are. Never empty.
template <typename T>
class Shared {
 public:
  Shared() : Shared(T{}) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}   // NOLINT: a T is one
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  friend bool operator==(const Shared& a, const Shared& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  std::shared_ptr<const T> value_;
};

struct Action;
using ActionList = std::vector<Action>;

struct Output { DpPort port; friend bool operator==(const Output&, const Output&) = default; };
struct PushVlan { Be16 tpid, tci; friend bool operator==(const PushVlan&, const PushVlan&) = default; };   // tci with kVlanPresent
struct PopVlan { friend bool operator==(const PopVlan&, const PopVlan&) = default; };
// To the upcall sink of this datapath, with a value that comes back in the upcall.
struct Userspace {
  uint32_t pid = 0;
  std::vector<uint8_t> userdata;             // usually a UserspaceCookie
  DpPort tunnel_out_port = kDpPortNone;      // whose tunnel metadata the upcall is to tell
  bool with_actions = false;                 // the upcall is to tell the flow's actions
  friend bool operator==(const Userspace&, const Userspace&) = default;
};
struct Truncate { uint32_t max_length = 0; friend bool operator==(const Truncate&, const Truncate&) = default; };   // of the next output
struct Recirculate { uint32_t id = 0; friend bool operator==(const Recirculate&, const Recirculate&) = default; };
struct Drop { uint32_t reason = 0; friend bool operator==(const Drop&, const Drop&) = default; };

struct Meter { uint32_t id = 0; friend bool operator==(const Meter&, const Meter&) = default; };
struct ConntrackClear { friend bool operator==(const ConntrackClear&, const ConntrackClear&) = default; };

// The tunnel metadata that the packet is sent with, all of it: what stood there before is gone. Shared by the copies.
struct SetTunnel {
  std::shared_ptr<const flow::TunnelKey> tunnel;
  friend bool operator==(const SetTunnel& a, const SetTunnel& b) {
    return a.tunnel == b.tunnel || (a.tunnel && b.tunnel && *a.tunnel == *b.tunnel);
  }
};
// Members of the key that belong to one attribute: those bits that the mask has are set, the others stay.
struct Set {
  KeyAttribute attribute{};
  std::shared_ptr<const flow::MiniMatch> fields;
  Set() = default;
  Set(KeyAttribute which, flow::Match match) : attribute(which) {
    match.normalize();
    fields = std::make_shared<const flow::MiniMatch>(match);
  }
  flow::Match match() const { return fields ? fields->expand() : flow::Match{}; }
  friend bool operator==(const Set& a, const Set& b) {
    return a.attribute == b.attribute && (a.fields == b.fields || (a.fields && b.fields && *a.fields == *b.fields));
  }
};

// In front of everything (at_layer3 false: also of an Ethernet header) or behind the Ethernet header.
struct PushMpls {
  Be32 entry;
  Be16 eth_type;
  bool at_layer3 = true;
  friend bool operator==(const PushMpls&, const PushMpls&) = default;
};
struct PopMpls { Be16 eth_type; friend bool operator==(const PopMpls&, const PopMpls&) = default; };   // of what is below
struct PushEthernet { net::Mac src, dst; friend bool operator==(const PushEthernet&, const PushEthernet&) = default; };
struct PopEthernet { friend bool operator==(const PopEthernet&, const PopEthernet&) = default; };
// RFC 8300. context: metadata of type 1 in network order; md2: type-length-values of type 2, a multiple of 4 bytes.
struct NshHeader {
  uint8_t flags = 0, ttl = 63, md_type = 1, next_protocol = 3;
  uint32_t path = 0xff;                      // service path (24 bits) and index
  uint32_t context[4] = {};
  std::vector<uint8_t> md2;
  friend bool operator==(const NshHeader&, const NshHeader&) = default;
};
inline constexpr size_t kMaxNshMetadata = 248;
struct PushNsh { Shared<NshHeader> header; friend bool operator==(const PushNsh&, const PushNsh&) = default; };
struct PopNsh { friend bool operator==(const PopNsh&, const PopNsh&) = default; };

// Sets the dp_hash of the packet. The algorithms are enum ovs_hash_alg, and the symmetric one of later kernels.
enum HashAlgorithm : uint32_t { kHashL4 = 0, kHashSymmetricL4 = 1 };
struct Hash { uint32_t algorithm = kHashL4, basis = 0; friend bool operator==(const Hash&, const Hash&) = default; };

struct Nat {
  enum class Kind : uint8_t { kCommitted, kSource, kDestination };   // kCommitted: as the connection was committed
  enum class Family : uint8_t { kNone, kIpv4, kIpv6 };
  Kind kind = Kind::kCommitted;
  Family family = Family::kNone;             // of the addresses
  bool persistent = false, hash = false, random = false;
  Be32 ipv4_min, ipv4_max;                   // max: zero where there is one address
  net::Ipv6 ipv6_min, ipv6_max;
  uint16_t port_min = 0, port_max = 0;
  friend bool operator==(const Nat&, const Nat&) = default;
};
struct ConntrackSpec {
  bool commit = false, force = false;        // force: commit, and in this direction
  uint16_t zone = 0;
  uint32_t mark = 0, mark_mask = 0;
  std::array<uint8_t, 16> label{}, label_mask{};   // network order
  std::string helper, timeout;
  std::optional<uint32_t> event_mask;        // 1 << IPCT_*; has no text
  std::optional<Nat> nat;
  friend bool operator==(const ConntrackSpec&, const ConntrackSpec&) = default;
};
struct TrackConnection { Shared<ConntrackSpec> spec; friend bool operator==(const TrackConnection&, const TrackConnection&) = default; };

// To the psample groups of the kernel (Linux 6.11).
struct Psample {
  uint32_t group = 0;
  Shared<std::vector<uint8_t>> cookie;
  friend bool operator==(const Psample&, const Psample&) = default;
};

// Userspace datapath alone: output to a member of a balanced bond, tunnels of the datapath's own.
struct BondOutput { uint32_t bond = 0; friend bool operator==(const BondOutput&, const BondOutput&) = default; };
struct TunnelHeader {
  DpPort tunnel_port{0}, out_port{0};
  uint32_t type = 0;                         // enum ovs_vport_type, and those of userspace
  std::vector<uint8_t> bytes;                // Ethernet and everything behind it, in front of the packet
  friend bool operator==(const TunnelHeader&, const TunnelHeader&) = default;
};
struct TunnelPush { Shared<TunnelHeader> header; friend bool operator==(const TunnelPush&, const TunnelPush&) = default; };
struct TunnelPop { DpPort port; friend bool operator==(const TunnelPop&, const TunnelPop&) = default; };

// Lists inside run on a copy of the packet: what they change is not seen by the actions behind.
struct Clone { ActionList actions; };
struct Sample { uint32_t probability = 0; ActionList actions; };       // of UINT32_MAX
struct PacketLengthBranches { ActionList if_greater, if_not; };
struct CheckPacketLength { uint16_t length = 0; Shared<PacketLengthBranches> branches; };
// One less; where it was 1 or 0 already, these instead of what follows.
struct DecrementTtl { ActionList if_expired; };

struct Action : std::variant<Output, PushVlan, PopVlan, Userspace, Truncate, Recirculate, Drop, Meter, ConntrackClear, Clone, Sample,
                             CheckPacketLength, SetTunnel, Set, PushMpls, PopMpls, PushEthernet, PopEthernet, PushNsh, PopNsh, Hash,
                             TrackConnection, Psample, BondOutput, TunnelPush, TunnelPop, DecrementTtl> {
  using variant::variant;
  using variant::operator=;
};
inline bool operator==(const Clone& a, const Clone& b) { return a.actions == b.actions; }
inline bool operator==(const Sample& a, const Sample& b) { return a.probability == b.probability && a.actions == b.actions; }
inline bool operator==(const PacketLengthBranches& a, const PacketLengthBranches& b) {
  return a.if_greater == b.if_greater && a.if_not == b.if_not;
}
inline bool operator==(const CheckPacketLength& a, const CheckPacketLength& b) {
  return a.length == b.length && a.branches == b.branches;
}
inline bool operator==(const DecrementTtl& a, const DecrementTtl& b) { return a.if_expired == b.if_expired; }
// Lists of actions are copied with every translation.
static_assert(sizeof(Action) <= 48);

// How deep lists may stand in one another in a text or a kernel's message.
inline constexpr unsigned kMaxActionNesting = 16;

}  // namespace turnout::datapath
