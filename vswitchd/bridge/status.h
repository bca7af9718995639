// Writes back what runs: states and statistics of interfaces, numbers and addresses, cur_cfg, versions. Writes a value
// only where it differs; one transaction at a time, and again where the server asks for it. Main thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/netdev/netdev.h"
#include "lib/ovsdb/idl_txn.h"
#include "vswitchd/bridge/running.h"
#include "vswitchd/bridge/system_identity.h"
#include "vswitchd/bridge/validate.h"

namespace turnout::vswitch {
class Idl;
class Interface;
class Bridge;
class OpenVSwitch;
}

namespace turnout::bridge {

// Keys of Interface.statistics: those that ovs-vswitchd.conf.db(5) names and no others.
std::map<std::string, int64_t> statistics_map(const netdev::Statistics& s, bool is_dummy);

class StatusWriter {
 public:
  struct Facts {                          // what does not change while the process lives
    SystemIdentity identity;
    std::string run_directory;
    std::vector<std::string> datapath_types, interface_types;
  };
  // All outlive it.
  StatusWriter(vswitch::Idl& idl, Running& running, netdev::Environment& devices, Facts facts);

  // The configuration of this number is in place, with these rows that could not be part of it.
  void configured(int64_t next_cfg, std::vector<Complaint> complaints);
  // Writes what is dirty; waits its turn while a transaction is under way.
  void flush();
  // Reads the statistics of all devices and writes what moved.
  void write_statistics();
  // Everything has to be compared again (a new connection).
  void forget();

 private:
  void fill_root(vswitch::OpenVSwitch& root);
  void fill_interface(vswitch::Interface& row, const RunningBridge& bridge, const RunningInterface& i);
  void fill_bridge(vswitch::Bridge& row, const RunningBridge& bridge);
  void fill_complaints();
  void fill_datapaths(const vswitch::OpenVSwitch& root);
  void fill_statistics();
  void done(ovsdb::TxnStatus status);

  vswitch::Idl& idl_;
  Running& running_;
  netdev::Environment& devices_;
  Facts facts_;
  std::optional<int64_t> cur_cfg_;
  std::vector<Complaint> complaints_;
  std::map<Uuid, std::map<std::string, int64_t>> statistics_;   // to be written
  std::unique_ptr<ovsdb::IdlTxn> txn_;
  bool again_ = false;
};

}  // namespace turnout::bridge
