// The connection tracker of a datapath: its entries, flushing, limits by zone. A datapath that has one returns it from
// Datapath::conntrack(). A kernel's is shared by all datapaths of the network namespace and by the host's own firewall.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/address.h"

namespace turnout::datapath {

using CtAddress = std::variant<Be32, net::Ipv6>;
std::string to_string(const CtAddress& address);

// One direction of a connection. Numbers are in host order.
struct CtTuple {
  CtAddress source, destination;
  uint8_t protocol = 0;                            // IPPROTO_*
  uint16_t source_port = 0, destination_port = 0;  // not of ICMP; a GRE key's low bits stand here too
  uint16_t icmp_id = 0;
  uint8_t icmp_type = 0, icmp_code = 0;
  bool is_ipv6() const { return std::holds_alternative<net::Ipv6>(source); }
  bool is_icmp() const;                            // or ICMPv6
  friend bool operator==(const CtTuple&, const CtTuple&) = default;
};

// What is not set matches everything.
struct CtTupleMatch {
  std::optional<CtAddress> source, destination;
  std::optional<uint8_t> protocol;
  std::optional<uint16_t> source_port, destination_port, icmp_id;
  std::optional<uint8_t> icmp_type, icmp_code;
  bool is_empty() const { return *this == CtTupleMatch{}; }
  bool matches(const CtTuple& tuple) const;
  std::optional<CtTuple> whole() const;            // where everything that the protocol has is set
  friend bool operator==(const CtTupleMatch&, const CtTupleMatch&) = default;
};

struct CtCounters { uint64_t packets = 0, bytes = 0; };

enum class CtTcpState : uint8_t {
  kClosed, kListen, kSynSent, kSynRecv, kEstablished, kCloseWait, kFinWait1, kClosing, kLastAck, kFinWait2, kTimeWait
};
struct CtTcp {
  CtTcpState state_orig, state_reply;
  uint8_t wscale_orig = 0, wscale_reply = 0;
  uint8_t flags_orig = 0, flags_reply = 0;         // IP_CT_TCP_FLAG_*
};
struct CtSctp {
  uint8_t state = 0;                               // SCTP_CONNTRACK_*
  uint32_t vtag_orig = 0, vtag_reply = 0;
};

using CtLabels = std::array<uint8_t, 16>;          // least significant byte first

struct CtEntry {
  CtTuple orig, reply;
  std::optional<CtTuple> parent;                   // the connection whose helper expected this one
  CtCounters count_orig, count_reply;              // zeros where nobody counts
  int64_t start_ns = 0, stop_ns = 0;               // wall clock, 0: not known
  uint32_t timeout_s = 0, mark = 0, status = 0;    // status: IPS_*
  std::optional<uint32_t> id;
  uint16_t zone = 0;
  std::optional<CtLabels> labels;
  std::string helper;
  std::variant<std::monostate, CtTcp, CtSctp> protocol_info;
};

// A connection that a helper waits for. Addresses and ports that it does not know are zeros.
struct CtExpectation {
  CtTuple tuple, parent;
  uint32_t timeout_s = 0;
  uint16_t zone = 0;
  std::string helper;
};

// Which entries: those that all that is set agrees with.
struct CtSelection {
  std::optional<uint16_t> zone;
  CtTupleMatch orig, reply;
  uint32_t mark = 0, mark_mask = 0;
  CtLabels labels{}, labels_mask{};
  bool is_everything() const;
  bool matches(const CtEntry& entry) const;
};

struct CtLimit {
  uint16_t zone = 0;
  uint32_t limit = 0, count = 0;                   // limit 0: none
};
struct CtLimits {
  uint32_t by_default = 0;
  std::vector<CtLimit> zones;
};

// Knobs and figures of a tracker that is part of the switch. Flags are 0 and 1. The fragments' are read as one status.
enum class CtSetting {
  kMaxConnections, kConnections, kTcpSequenceCheck, kSweepIntervalMs,
  kFragmentsV4, kFragmentsV6, kMinFragmentV4, kMinFragmentV6, kMaxFragments
};
struct CtFragmentStatus {
  struct Family {
    bool enabled = false;
    uint32_t min_size = 0;
    uint64_t accepted = 0, completed = 0, expired = 0, too_small = 0, overlapped = 0, purged = 0;
  };
  Family v4, v6;
  uint32_t max = 0, now = 0;
  std::vector<std::string> lists;                  // of packets whose fragments are not all there, one line each
};

// Any thread; calls may block for as long as a walk of the table takes.
class Conntrack {
 public:
  virtual ~Conntrack() = default;
  virtual Status each(std::optional<uint16_t> zone, const std::function<void(const CtEntry&)>& f) = 0;
  virtual Status each_expectation(std::optional<uint16_t> zone, const std::function<void(const CtExpectation&)>& f) = 0;
  // Code ENOENT: one connection was named by a whole tuple, and there is none.
  virtual Status flush(const CtSelection& selection) = 0;

  virtual Result<CtLimits> limits(std::span<const uint16_t> zones) = 0;     // no zones: all that have a limit
  virtual Status set_limits(std::optional<uint32_t> by_default, std::span<const CtLimit> zones) = 0;
  virtual Status delete_limits(bool by_default, std::span<const uint16_t> zones) = 0;

  // Of a tracker of our own. A kernel has its own means for them.
  virtual Result<uint64_t> setting(CtSetting) const { return fail("no such setting", EOPNOTSUPP); }
  virtual Status change_setting(CtSetting, uint64_t) { return fail("no such setting", EOPNOTSUPP); }
  virtual Result<CtFragmentStatus> fragments() const { return fail("no reassembly", EOPNOTSUPP); }
};

}  // namespace turnout::datapath
