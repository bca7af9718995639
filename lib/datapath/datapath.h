// A datapath: ports, flows, and the upcalls for what no flow matches. `kernel/` speaks to a kernel module, `userspace/`
// is the datapath itself. One object per TYPE@NAME; bridges of one type share it.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/datapath/actions.h"
#include "lib/datapath/conntrack.h"
#include "lib/datapath/features.h"
#include "lib/flow/key.h"
#include "lib/net/packet.h"
#include "lib/netdev/netdev.h"
#include "lib/netdev/registry.h"
#include "lib/netdev/tunnel.h"

namespace turnout::io { class Loop; }
namespace turnout::datapath {

using Ufid = std::array<uint32_t, 4>;              // names an installed flow: a 128-bit hash of masked key and mask
Ufid make_ufid(const flow::FlowKey& key, const flow::FlowMask& mask);    // key masked or not

enum class UpcallKind { kMiss, kAction, kSlowPath };
struct Upcall {
  UpcallKind kind;
  const net::Packet& packet;
  const flow::FlowKey& key;                        // in_port is a DpPort
  std::span<const uint8_t> userdata;               // of the userspace action
};
struct UpcallReply {
  ActionList actions;                              // run on the packet at once
  bool install = false;                            // then also install a flow:
  flow::FlowMask mask{};
  Ufid ufid{};
};
// Implemented by vswitchd/upcall. Called on packet threads (userspace), handler threads (kernel) or the main thread
// (dummy), concurrently.
class UpcallSink {
 public:
  virtual ~UpcallSink() = default;
  virtual UpcallReply upcall(const Upcall& upcall) = 0;
  // After the datapath tried to install a reply's flow. True also where a flow with this ufid stood there already: it
  // now has this reply's actions. False: flow limit reached.
  virtual void flow_installed(const Ufid& ufid, bool installed) = 0;
};

struct FlowStats {
  uint64_t packets = 0, bytes = 0;
  int64_t used_ns = 0;                             // Clock time of the last packet, 0: never
  uint16_t tcp_flags = 0;                          // all seen, or-ed
};
struct FlowEntry {
  Ufid ufid{};                                     // zeros when put: make_ufid() of key and mask
  flow::FlowKey key{};                             // outside the mask: what the packet had that caused the flow, or zeros
  flow::FlowMask mask{};
  ActionList actions;
  FlowStats stats;
  // In a kernel: it was put without a UFID and is found by its key. Others name every flow.
  bool unnamed = false;
};

// What a walk tells of each flow: all of it; or its name and statistics, which most visits need alone, and the rest may be
// zeros (the key stays of one that is unnamed).
enum class FlowParts { kWhole, kStatistics };
// A walk over all flows, which threads share.
class FlowWalk {
 public:
  virtual ~FlowWalk() = default;
  // Hands flows to f, on the calling thread, until none are left. Each goes to one of the threads that take part. Not
  // inside an RCU read section, and f changes no flow.
  virtual void take_part(const std::function<void(const FlowEntry&)>& f) = 0;
};

struct PortInfo {
  DpPort number{0};
  std::string name, type;                          // type: "internal", "system", "dummy", "vxlan", …
  std::string options;                             // "packet_type=ptap", as dpctl shows them
};

struct Totals { uint64_t hit = 0, missed = 0, lost = 0, flows = 0, masks = 0, mask_hits = 0, cache_hits = 0; };   // mask_hits: masks visited by lookups

// All calls from any thread unless said otherwise; changes serialise inside.
class Datapath {
 public:
  virtual ~Datapath() = default;
  virtual const std::string& type() const = 0;     // "system", "netdev", "dummy"
  virtual const std::string& name() const = 0;     // "ovs-system", "ovs-netdev", "ovs-dummy"
  // dpctl and its like print it as the reference prints its userspace datapath, rather than its kernel one.
  virtual bool shown_as_userspace() const { return type() != "system"; }
  virtual bool in_kernel() const { return false; }
  virtual void set_upcall_sink(UpcallSink* sink) = 0;   // before the first port; outlives the datapath

  // The device for a port of this datapath, which a following add_port() with the same `wanted` makes one. Main thread.
  virtual Result<std::unique_ptr<netdev::Device>> open_device(netdev::Environment& devices, const netdev::OpenRequest& request,
                                                              std::optional<DpPort> /*wanted*/ = std::nullopt) {
    return devices.open(request);
  }
  // Ports: main thread. `wanted` is tried first. Takes over the device.
  virtual Result<DpPort> add_port(std::unique_ptr<netdev::Device> device, std::optional<DpPort> wanted) = 0;
  virtual Status del_port(DpPort port) = 0;        // returns when no packet thread can touch the device any more
  virtual netdev::Device* device(DpPort port) = 0; // main thread; nullptr if absent
  virtual std::vector<PortInfo> ports() const = 0;
  // A datapath that other programs reach, too (a kernel's): `changed` runs on the loop when ports came or went, or all of
  // it, by another hand than this object's. Main thread.
  virtual void watch_ports(io::Loop& /*loop*/, std::function<void()> /*changed*/) {}
  // Takes out what others put in, and says which of the ports that were added here stand no more. Main thread.
  virtual std::vector<DpPort> reconcile_ports() { return {}; }
  // The port through which tunnels of this kind, UDP port and device settings go: the same for all of them. One more of
  // them. Main thread. Code EOPNOTSUPP: no such tunnels here; the message says what is missing.
  virtual Result<DpPort> add_tunnel(const netdev::TunnelConfig& config, std::optional<DpPort> /*wanted*/ = std::nullopt) {
    return fail(std::string(config.kind->type) + " tunnels need a kernel datapath; the userspace datapath does not carry tunnels yet",
                EOPNOTSUPP);
  }
  // One less; with the last the port goes.
  virtual Status del_tunnel(DpPort /*port*/) { return fail("no such port", ENODEV); }

  virtual Status put_flow(const FlowEntry& flow, bool may_modify) = 0;
  virtual Status clear_flow_stats(const FlowEntry& flow) = 0;          // ENOENT: no such flow
  virtual std::optional<FlowStats> del_flow(const Ufid& ufid) = 0;     // its last statistics
  virtual std::optional<FlowEntry> get_flow(const Ufid& ufid) const = 0;
  // The flow that `like` names, by its UFID or else its key (and mask, where the datapath makes UFIDs of both).
  virtual std::optional<FlowEntry> find_flow(const FlowEntry& like) const { return get_flow(like.ufid); }
  virtual std::optional<FlowStats> remove_flow(const FlowEntry& like) { return del_flow(like.ufid); }
  virtual void each_flow(const std::function<void(const FlowEntry&)>& f) const = 0;   // not inside an RCU read section
  // For so many threads. It ends before the datapath does.
  virtual std::unique_ptr<FlowWalk> walk_flows(FlowParts parts, unsigned threads) const;
  // Many at once, which a kernel is told in few messages. As put_flow(flow, true) and del_flow(ufid) for each in turn.
  virtual void put_flows(std::span<const FlowEntry> flows, const std::function<void(size_t, const Status&)>& done) {
    for (size_t i = 0; i < flows.size(); ++i) done(i, put_flow(flows[i], true));
  }
  virtual void del_flows(std::span<const Ufid> ufids, const std::function<void(size_t, const std::optional<FlowStats>&)>& done) {
    for (size_t i = 0; i < ufids.size(); ++i) done(i, del_flow(ufids[i]));
  }
  virtual void flush_flows() = 0;
  virtual void set_flow_limit(uint64_t flows) = 0;

  // Runs actions on a packet as if a flow had matched (packet-out, side effects).
  virtual void execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) = 0;
  virtual Totals totals() const = 0;
  // The cache from a packet's hash to its mask. nullopt and EOPNOTSUPP: there is none. Rounded by the datapath.
  virtual std::optional<uint32_t> mask_cache_size() const { return std::nullopt; }
  virtual Result<uint32_t> set_mask_cache_size(uint32_t /*entries*/) { return fail("no mask cache", EOPNOTSUPP); }
  // Where its flows' conntrack actions keep their connections. nullptr: it tracks none. Lives as long as the datapath.
  virtual Conntrack* conntrack() { return nullptr; }
  // Whom the kernel gives an upcall to: "per-cpu" or "per-vport". Empty: upcalls do not come from a kernel.
  virtual std::string_view dispatch_mode() const { return {}; }
  // What it can do. Found out at the first call, which a kernel may take some milliseconds for. Main thread.
  virtual const Features& features() = 0;
  virtual void set_threads(unsigned packet_threads) = 0;               // main thread
  // A datapath that outlives the process (a kernel's). From here on, taking ports out and destroying this object leaves
  // all there is at work: the process ends, the traffic goes on. Main thread.
  virtual void leave() {}
  // Takes out what an earlier process left and nobody has claimed since: after the first configuration. Main thread.
  virtual void remove_strangers() {}
  // Blocks until packets that devices had ready at the call have been handled (dummy tests). Main thread.
  virtual void quiesce() = 0;
};

}  // namespace turnout::datapath
