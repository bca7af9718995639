// Bridges for tests of translation and of what follows it: ports without devices, frames without bytes, time that stands still.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "lib/datapath/action_text.h"
#include "vswitchd/translate/translator.h"

namespace turnout::translate {

inline constexpr uint64_t kA = 0x505400000001, kB = 0x505400000002, kBroadcast = 0xffffffffffff;

// Of no protocol. tci: of an outer tag, without the bit that says it is there.
inline flow::FlowKey frame(unsigned in_port, uint64_t src, uint64_t dst, std::optional<uint16_t> tci = {}) {
  flow::FlowKey key{};
  key.in_port = in_port;
  key.eth_src = net::Mac::from_u64(src);
  key.eth_dst = net::Mac::from_u64(dst);
  key.eth_type = Be16{0x1234};
  if (tci) key.vlans[0] = {Be16{0x8100}, Be16{static_cast<uint16_t>(*tci | flow::kVlanPresent)}};
  return key;
}

// A bundle pN of one interface with datapath and OpenFlow port n.
inline BundleSpec plain_port(unsigned n, const l2::VlanPolicy& vlan = {}) {
  const std::string name = "p" + std::to_string(n);
  return {l2::BundleId{n}, name, vlan, {{name, OfPort{static_cast<uint16_t>(n)}, DpPort{n}, ""}}, false};
}

class FabricatedBridges : public testing::Test {
 protected:
  FabricatedBridges() { clock.stop(); }

  // Adds it, or changes it; it forwards as a bridge without a controller does.
  void bridge(const std::string& name, bool forward_bpdu = false) {
    Parts& parts = bridges[name];
    parts.sw = std::make_unique<ofproto::Switch>(name, 1, clock);
    parts.sw->set_fail_mode(ofproto::FailMode::kStandalone, false);
    parts.macs = std::make_shared<l2::MacTable>();
    writer.put_bridge({name, parts.sw->shared_tables(), parts.sw->miss_rule(), parts.macs, forward_bpdu});
  }
  void port(unsigned n, const std::string& on = "br0", const l2::VlanPolicy& vlan = {}) { writer.put_bundle(on, plain_port(n, vlan)); }

  // Translates, learns, and returns the actions' text.
  std::string run(const flow::FlowKey& key) {
    writer.publish();
    RcuRead read;
    translate(*writer.read(), key, nullptr, t);
    apply_writes(t.effects, clock.now());
    return datapath::format_actions(t.actions);
  }

  struct Parts { std::unique_ptr<ofproto::Switch> sw; std::shared_ptr<l2::MacTable> macs; };
  Clock clock;
  RcuThread rcu;
  std::map<std::string, Parts> bridges;
  SnapshotWriter writer;
  Translation t;                       // of the last run()
};

}  // namespace turnout::translate
