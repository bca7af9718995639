// An OpenFlow switch: one for each bridge. Ports by number, tables of rules, fail mode; no sockets and no packets.
// Main thread, except tables() for readers inside RcuRead. ovs-vswitchd.conf.db(5), table Bridge.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/strong_id.h"
#include "lib/net/address.h"
#include "lib/netdev/tunnel.h"
#include "vswitchd/ofproto/port_numbers.h"
#include "vswitchd/ofproto/tables.h"

namespace turnout::ofproto {

enum class FailMode : uint8_t { kStandalone, kSecure };

struct SwitchPort {
  OfPort number;
  std::string name, type;             // type as in Interface.type after defaults: "system", "internal", "patch", …
  std::string peer;                   // patch: options:peer
  DpPort dp_port = kDpPortNone;       // none for patch ports
  net::Mac mac;
  std::shared_ptr<const netdev::TunnelConfig> tunnel;      // of a tunnel
};

class Switch {
 public:
  Switch(std::string name, uint64_t datapath_id, Clock& clock);
  ~Switch();
  Switch(const Switch&) = delete;

  const std::string& name() const { return name_; }
  uint64_t datapath_id() const { return datapath_id_; }
  void set_datapath_id(uint64_t id) { datapath_id_ = id; }
  void set_description(std::string text) { description_ = std::move(text); }

  // Without a controller that is set up, a standalone switch has the one rule priority=0,actions=NORMAL and a secure
  // one none. Commits.
  void set_fail_mode(FailMode mode, bool has_controller);
  FailMode fail_mode() const { return fail_mode_; }

  // Ports. `wanted` is Interface.ofport_request, or the number the port had before a restart.
  // Fails if the name has a port or no number is left. A port of the switch's own name is kOfPortLocal.
  Result<OfPort> add_port(SwitchPort port, std::optional<OfPort> wanted);
  void remove_port(OfPort port);
  // Moves a port to another number, if that is free (ofport_request changed). The old one becomes free.
  Status renumber_port(OfPort from, OfPort to);
  SwitchPort* port(OfPort number);                  // nullptr if absent; may be changed but for number and name
  const SwitchPort* port(OfPort number) const;
  const SwitchPort* port(std::string_view name) const;
  const std::map<uint16_t, SwitchPort>& ports() const { return ports_; }
  std::string port_text(OfPort number) const;       // "LOCAL" or the number

  Tables& tables() { return *tables_; }
  const std::shared_ptr<Tables>& shared_tables() const { return tables_; }
  // The internal rule for packets that no rule of a table matched: translation credits it.
  const std::shared_ptr<Rule>& miss_rule() const { return miss_rule_; }

  std::string dump_flows(TimePoint now) const;      // bridge/dump-flows

 private:
  void add_internal_rules();

  std::string name_, description_;
  uint64_t datapath_id_;
  Clock& clock_;
  FailMode fail_mode_ = FailMode::kStandalone;
  PortNumbers numbers_;
  std::map<uint16_t, SwitchPort> ports_;
  std::shared_ptr<Tables> tables_;
  std::shared_ptr<Rule> default_rule_, miss_rule_, miss_to_controller_rule_, drop_frags_rule_, recirc_rule_;
};

}  // namespace turnout::ofproto
