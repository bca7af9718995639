// fdb/show, fdb/flush, fdb/add, fdb/del, fdb/stats-show, fdb/stats-clear (ovs-vswitchd(8)). Main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/unixctl/unixctl.h"
#include "vswitchd/l2/mac_table.h"

namespace turnout::l2 {

// A bridge as these commands see it. Valid until the command returns.
struct FdbBridge {
  std::string name;
  MacTable* table = nullptr;
  std::function<std::optional<BundleId>(std::string_view port)> bundle;   // by port or interface name
  std::function<std::string(BundleId)> port_text;                        // "1", "LOCAL", "?": OpenFlow port
};
using FdbBridges = std::function<std::vector<FdbBridge>()>;

void add_fdb_commands(unixctl::Server& server, const Clock& clock, FdbBridges bridges);
std::string fdb_show(const FdbBridge& bridge, TimePoint now);
std::string fdb_stats(const FdbBridge& bridge);

}  // namespace turnout::l2
