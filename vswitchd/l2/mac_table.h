// The MAC learning table of one bridge: (VLAN, address) -> port, with ageing, a size limit and static entries.
// ovs-vswitchd.conf.db(5) mac-aging-time, mac-table-size; ovs-vswitchd(8) fdb/*.
// Any thread: one short lock of its own; packet threads take it once per miss. Time comes in as an argument.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/net/address.h"
#include "vswitchd/l2/ids.h"

namespace turnout::l2 {

struct MacEntry {
  net::Mac mac;
  uint16_t vlan = 0;
  BundleId bundle;
  TimePoint refreshed;      // last seen
  bool is_static = false;
};

struct MacCounters {
  uint64_t learned = 0, expired = 0, evicted = 0, moved = 0;
};

class MacTable {
 public:
  static constexpr unsigned kDefaultAgeingSeconds = 300, kDefaultSize = 8192;

  MacTable();
  ~MacTable();
  MacTable(const MacTable&) = delete;

  // Settings: main thread. Forced into the documented ranges (15-3600 s, 10-1000000 entries).
  void set_ageing_seconds(int64_t seconds);
  void set_max_entries(int64_t entries);
  // VLANs in which nothing is learned and everything is flooded (Bridge.flood_vlans).
  void set_flood_vlans(const std::vector<uint16_t>& vlans);

  std::optional<BundleId> lookup(net::Mac mac, uint16_t vlan) const;
  enum class Learned : uint8_t { kUnchanged, kRefreshed, kNew, kMoved, kRefused };
  // Multicast sources and flood VLANs are refused, a static entry stays, and so does one that was refreshed less than a
  // second ago: learning again what is known costs one look-up.
  Learned learn(net::Mac mac, uint16_t vlan, BundleId bundle, TimePoint now);

  // fdb/add and fdb/del. del: false if there is no such static entry.
  void add_static(net::Mac mac, uint16_t vlan, BundleId bundle, TimePoint now);
  bool del_static(net::Mac mac, uint16_t vlan);

  void flush();                        // everything learned; static entries stay
  void flush_bundle(BundleId bundle);  // the port is gone: static entries too
  // Expires what is too old. Returns when to be called next (kNever: nothing can expire).
  TimePoint run(TimePoint now);

  // Changes whenever a lookup that was made could now be answered otherwise. Flows translated at an older value need a
  // second look. A new address that nobody has asked for changes nothing: a thousand new senders cost no second looks.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // Called (any thread, no lock held) after the table changed; `answers`: generation() did, too, and the revalidators
  // have to know. Set before use.
  void on_change(std::function<void(bool answers)> call);

  std::vector<MacEntry> entries() const;             // oldest first, as fdb/show prints
  size_t size() const;
  size_t static_size() const;
  size_t max_entries() const;
  MacCounters counters() const;
  void clear_counters();

 private:
  void announce(bool answers = true);
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::atomic<uint64_t> generation_{1};
};

}  // namespace turnout::l2
