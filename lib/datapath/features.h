// What a datapath can do with packets and flows: probed of a kernel module, declared by the userspace datapath. Named as
// ovs-vswitchd.conf.db(5), Datapath.capabilities, names them. Plain values.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace turnout::datapath {

struct Features {
  bool masked_set_action = false;        // actions that set some bits of a field
  bool tnl_push_pop = false;             // encapsulates by itself
  bool ufid = false;                     // flows have names of their own
  bool trunc = false;
  bool clone = false;
  unsigned sample_nesting = 0;           // sample actions in one another
  bool ct_eventmask = false;
  bool ct_clear = false;
  unsigned max_hash_alg = 0;             // the highest algorithm that the hash action knows
  bool check_pkt_len = false;
  bool ct_timeout = false;
  bool explicit_drop_action = false;
  bool lb_output_action = false;
  bool ct_zero_snat = false;             // source NAT to 0.0.0.0 changes a port that collides, and nothing else
  bool add_mpls = false;
  bool psample = false;
  bool dec_ttl = false;
  unsigned max_vlan_headers = 0, max_mpls_depth = 0;     // that a flow can compare
  bool recirc = false;
  // Fields that a flow can compare.
  bool ct_state = false, ct_zone = false, ct_mark = false, ct_label = false, ct_state_nat = false;
  bool ct_orig_tuple = false, ct_orig_tuple6 = false, nd_ext = false;
  // Not of flows and packets: what hangs on the datapath beside them.
  bool ct_flush = false;                 // connections by tuple
  unsigned max_meters = 0;
  friend bool operator==(const Features&, const Features&) = default;
};

struct Feature {
  const char* key;                       // "ct_clear"
  const char* name;                      // "Conntrack clear"
  std::variant<bool Features::*, unsigned Features::*> member;
  enum Where { kEverywhere, kShownOnly, kDatabaseOnly } where = kEverywhere;
};
// In the order in which they are shown.
std::span<const Feature> feature_table();
const Feature* find_feature(std::string_view key);

// "true", "false" or a number.
std::string feature_value(const Features& features, const Feature& feature);
// "Conntrack clear: Yes", a line each: dpif/show-dp-features.
std::string format_features(const Features& features);
// Datapath.capabilities.
std::map<std::string, std::string> capabilities(const Features& features);

}  // namespace turnout::datapath
