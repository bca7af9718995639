// See probe.h. Each probe is a key, or the actions of a flow, as raw attributes: what this folder's codecs know is
// another question than what the module knows.
#include "lib/datapath/kernel/probe.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>

#include "lib/base/log.h"
#include "lib/datapath/datapath.h"
#include "lib/datapath/kernel/attributes.h"
#include "lib/flow/key.h"

namespace turnout::datapath::kernel {
namespace {

Log log_dpif{"dpif_netlink"};

using Writer = AttributeWriter;
using Write = std::function<void(Writer&)>;

// Younger than the headers of the oldest distribution that builds this. enum ovs_action_attr, enum ovs_psample_attr.
constexpr uint16_t kActionDrop = 24, kActionPsample = 25, kPsampleGroup = 1;
constexpr unsigned kMaxSampleNesting = 10;                 // more is not told
constexpr uint16_t kExperimental = 0x88b5;                 // an Ethernet type that no traffic of a switch has

void put_ethernet(Writer& key) {
  key.put(OVS_KEY_ATTR_ETHERNET, ovs_key_ethernet{{0x02, 0, 0, 0, 0, 1}, {0x02, 0, 0, 0, 0, 2}});
}
void put_type(Writer& key, uint16_t type) { key.put(OVS_KEY_ATTR_ETHERTYPE, htobe16(type)); }

// Keys have no input port, which no packet lacks.
void put_plain(Writer& key) {
  put_ethernet(key);
  put_type(key, kExperimental);
}
void put_ipv4(Writer& key) {
  put_ethernet(key);
  put_type(key, ETH_P_IP);
  key.put(OVS_KEY_ATTR_IPV4, ovs_key_ipv4{htobe32(0xc0000201), htobe32(0xc0000202), 253, 0, 64, OVS_FRAG_TYPE_NONE});
}
void put_ipv6(Writer& key) {
  put_ethernet(key);
  put_type(key, ETH_P_IPV6);
  ovs_key_ipv6 ip{};
  ip.ipv6_src[0] = ip.ipv6_dst[0] = htobe32(0x20010db8);
  ip.ipv6_src[3] = htobe32(1);
  ip.ipv6_dst[3] = htobe32(2);
  ip.ipv6_proto = 253;
  ip.ipv6_hlimit = 64;
  key.put(OVS_KEY_ATTR_IPV6, ip);
}
void put_nd(Writer& key) {
  put_ethernet(key);
  put_type(key, ETH_P_IPV6);
  key.put(OVS_KEY_ATTR_IPV6, ovs_key_ipv6{.ipv6_src = {}, .ipv6_dst = {}, .ipv6_label = 0, .ipv6_proto = IPPROTO_ICMPV6,
                                          .ipv6_tclass = 0, .ipv6_hlimit = 255, .ipv6_frag = OVS_FRAG_TYPE_NONE});
  key.put(OVS_KEY_ATTR_ICMPV6, ovs_key_icmpv6{135, 0});
  key.put(OVS_KEY_ATTR_ND, ovs_key_nd{});
  key.put(OVS_KEY_ATTR_ND_EXTENSIONS, std::array<uint8_t, 8>{0, 0, 0, 0, 1});      // be32 reserved, u8 option type
}
void put_vlans(Writer& key, unsigned tags) {
  if (!tags) return put_type(key, kExperimental);
  put_type(key, tags > 1 ? ETH_P_8021AD : ETH_P_8021Q);
  key.put(OVS_KEY_ATTR_VLAN, htobe16(0x1000 | tags));
  const size_t inside = key.nest(OVS_KEY_ATTR_ENCAP | NLA_F_NESTED);
  put_vlans(key, tags - 1);
  key.end(inside);
}
void put_labels(Writer& key, unsigned depth) {
  put_ethernet(key);
  put_type(key, ETH_P_MPLS_UC);
  std::vector<uint32_t> stack(depth, htobe32(16 << 12));
  stack.back() |= htobe32(0x100);                          // bottom of stack
  key.put(OVS_KEY_ATTR_MPLS, stack.data(), stack.size() * sizeof(uint32_t));
}

void put_nested(Writer& out, uint16_t type, const Write& inside) {
  const size_t nest = out.nest(type | NLA_F_NESTED);
  inside(out);
  out.end(nest);
}
void put_samples(Writer& actions, unsigned levels) {
  if (!levels) return;
  put_nested(actions, OVS_ACTION_ATTR_SAMPLE, [levels](Writer& sample) {
    sample.put(OVS_SAMPLE_ATTR_PROBABILITY, UINT32_MAX);
    put_nested(sample, OVS_SAMPLE_ATTR_ACTIONS, [levels](Writer& a) { put_samples(a, levels - 1); });
  });
}
void put_masked_set(Writer& actions) {
  put_nested(actions, OVS_ACTION_ATTR_SET_MASKED, [](Writer& set) {
    std::array<uint8_t, 2 * sizeof(ovs_key_ethernet)> value_and_mask{};
    value_and_mask[0] = value_and_mask[sizeof(ovs_key_ethernet)] = 0x02;
    set.put(OVS_KEY_ATTR_ETHERNET, value_and_mask);
  });
}
void put_zero_snat(Writer& ct) {
  ct.put_flag(OVS_CT_ATTR_COMMIT);
  put_nested(ct, OVS_CT_ATTR_NAT, [](Writer& nat) {
    nat.put_flag(OVS_NAT_ATTR_SRC);
    nat.put(OVS_NAT_ATTR_IP_MIN, uint32_t{0});
  });
}
void put_packet_length(Writer& check) {
  check.put(OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, uint16_t{64});
  put_nested(check, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, [](Writer&) {});
  put_nested(check, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, [](Writer&) {});
}
Write conntrack(Write inside) {
  return [inside](Writer& actions) { put_nested(actions, OVS_ACTION_ATTR_CT, inside); };
}

// Features that are there or not. A key probe asks whether the attribute comes back; an action probe, whether actions do.
struct KeyProbe {
  bool Features::*feature;
  uint16_t attribute;
  void (*key)(Writer&);
  Write more = {};                                         // the attribute, where `key` does not put it
};
struct ActionProbe {
  bool Features::*feature;
  void (*key)(Writer&);
  Write actions;
};

template <typename T>
Write attribute(uint16_t type, T value) {
  return [=](Writer& out) { out.put(type, value); };
}

const std::vector<KeyProbe>& key_probes() {
  using F = Features;
  const ovs_key_ct_tuple_ipv4 tuple4{htobe32(0xc0000201), htobe32(0xc0000202), htobe16(1), htobe16(2), IPPROTO_TCP};
  static const std::vector<KeyProbe> kProbes = {
      {&F::recirc, OVS_KEY_ATTR_RECIRC_ID, put_plain, attribute(OVS_KEY_ATTR_RECIRC_ID, uint32_t{1})},
      {&F::ct_state, OVS_KEY_ATTR_CT_STATE, put_plain, attribute(OVS_KEY_ATTR_CT_STATE, uint32_t{OVS_CS_F_TRACKED})},
      {&F::ct_state_nat, OVS_KEY_ATTR_CT_STATE, put_plain,
       attribute(OVS_KEY_ATTR_CT_STATE, uint32_t{OVS_CS_F_TRACKED | OVS_CS_F_SRC_NAT})},
      {&F::ct_zone, OVS_KEY_ATTR_CT_ZONE, put_plain, attribute(OVS_KEY_ATTR_CT_ZONE, uint16_t{1})},
      {&F::ct_mark, OVS_KEY_ATTR_CT_MARK, put_plain, attribute(OVS_KEY_ATTR_CT_MARK, uint32_t{1})},
      {&F::ct_label, OVS_KEY_ATTR_CT_LABELS, put_plain, attribute(OVS_KEY_ATTR_CT_LABELS, std::array<uint8_t, 16>{1})},
      {&F::ct_orig_tuple, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, put_ipv4,
       [tuple4](Writer& key) {
         key.put(OVS_KEY_ATTR_CT_STATE, uint32_t{OVS_CS_F_TRACKED});
         key.put(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, tuple4);
       }},
      {&F::ct_orig_tuple6, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, put_ipv6,
       [](Writer& key) {
         ovs_key_ct_tuple_ipv6 tuple{};
         tuple.ipv6_src[3] = htobe32(1);
         tuple.ipv6_proto = IPPROTO_TCP;
         key.put(OVS_KEY_ATTR_CT_STATE, uint32_t{OVS_CS_F_TRACKED});
         key.put(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, tuple);
       }},
      {&F::nd_ext, OVS_KEY_ATTR_ND_EXTENSIONS, put_nd, {}},
  };
  return kProbes;
}

const std::vector<ActionProbe>& action_probes() {
  using F = Features;
  static const std::vector<ActionProbe> kProbes = {
      {&F::masked_set_action, put_plain, put_masked_set},
      {&F::trunc, put_plain, attribute(OVS_ACTION_ATTR_TRUNC, ovs_action_trunc{64})},
      {&F::clone, put_plain,
       [](Writer& a) { put_nested(a, OVS_ACTION_ATTR_CLONE, attribute(OVS_ACTION_ATTR_OUTPUT, uint32_t{0})); }},
      {&F::ct_clear, put_plain, [](Writer& a) { a.put_flag(OVS_ACTION_ATTR_CT_CLEAR); }},
      {&F::ct_eventmask, put_ipv4, conntrack([](Writer& ct) {
         ct.put_flag(OVS_CT_ATTR_COMMIT);
         ct.put(OVS_CT_ATTR_EVENTMASK, uint32_t{1});
       })},
      {&F::ct_timeout, put_ipv4, conntrack([](Writer& ct) {
         ct.put_flag(OVS_CT_ATTR_COMMIT);
         ct.put(OVS_CT_ATTR_TIMEOUT, "turnout_probe", sizeof "turnout_probe");
       })},
      {&F::ct_zero_snat, put_ipv4, conntrack(put_zero_snat)},
      {&F::check_pkt_len, put_plain,
       [](Writer& a) { put_nested(a, OVS_ACTION_ATTR_CHECK_PKT_LEN, put_packet_length); }},
      {&F::add_mpls, put_plain,
       attribute(OVS_ACTION_ATTR_ADD_MPLS, ovs_action_add_mpls{htobe32(16 << 12 | 0x100), htobe16(ETH_P_MPLS_UC), 0})},
      {&F::dec_ttl, put_ipv4, [](Writer& a) {
         put_nested(a, OVS_ACTION_ATTR_DEC_TTL, [](Writer& dec) { put_nested(dec, OVS_DEC_TTL_ATTR_ACTION, [](Writer&) {}); });
       }},
      {&F::explicit_drop_action, put_plain, attribute(kActionDrop, uint32_t{0})},
      {&F::psample, put_plain,
       [](Writer& a) { put_nested(a, kActionPsample, attribute(kPsampleGroup, uint32_t{1})); }},
  };
  return kProbes;
}

class Prober {
 public:
  Prober(Connection& kernel, int dp_ifindex, std::string_view name) : kernel_(kernel), dp_(dp_ifindex), name_(name) {}

  bool key(uint16_t attribute, const Write& write) {
    return flow(write, {}, [attribute](std::span<const uint8_t> key, bool) {
      for (AttributeReader reader(key); auto a = reader.next();)
        if (a->type == attribute) return true;
      return false;
    });
  }
  bool actions(const Write& key, const Write& write) {
    return flow(key, write, [](std::span<const uint8_t>, bool has_actions) { return has_actions; });
  }
  bool names();
  unsigned meters();
  // How often `can` says yes for 1, 2, … up to `most`.
  static unsigned count(unsigned most, const std::function<bool(unsigned)>& can) {
    unsigned n = 0;
    while (n < most && can(n + 1)) ++n;
    return n;
  }

 private:
  using Judge = std::function<bool(std::span<const uint8_t> key, bool has_actions)>;
  bool flow(const Write& key, const Write& actions, const Judge& judge);
  netlink::Message message(uint8_t command, uint16_t flags, std::span<const uint8_t> key) const;
  bool means_yes(const Status& status) const;

  Connection& kernel_;
  const int dp_;
  const std::string_view name_;
};

netlink::Message Prober::message(uint8_t command, uint16_t flags, std::span<const uint8_t> key) const {
  auto message = make_request(kernel_.families().flow, command, OVS_FLOW_VERSION, dp_, flags);
  message.put(OVS_FLOW_ATTR_KEY, key.data(), key.size());
  message.put(OVS_FLOW_ATTR_PROBE, nullptr, 0);
  return message;
}

bool Prober::means_yes(const Status& status) const {
  if (status) return true;
  const int code = status.error().code;
  if (code != EINVAL && code != EOVERFLOW && code != ERANGE)
    log_dpif.warn("{}: a probe for a feature failed ({})", name_, status.error().message);
  return false;
}

bool Prober::flow(const Write& write_key, const Write& write_actions, const Judge& judge) {
  Writer key, actions;
  write_key(key);
  if (write_actions) write_actions(actions);
  auto put = message(OVS_FLOW_CMD_NEW, NLM_F_CREATE, key.bytes());
  put.put(OVS_FLOW_ATTR_ACTIONS, actions.bytes().data(), actions.bytes().size());
  if (!means_yes(kernel_.request(put))) return false;
  bool has = false;
  const Status got = kernel_.request(message(OVS_FLOW_CMD_GET, 0, key.bytes()), [&](const Answer& answer) {
    std::span<const uint8_t> shown;
    bool has_actions = false;
    for (AttributeReader reader(answer.attributes); auto a = reader.next();) {
      if (a->type == OVS_FLOW_ATTR_KEY) shown = a->payload;
      if (a->type == OVS_FLOW_ATTR_ACTIONS) has_actions = !a->payload.empty();
    }
    has = judge(shown, has_actions);
  });
  (void)kernel_.request(message(OVS_FLOW_CMD_DEL, 0, key.bytes()));
  return means_yes(got) && has;
}

// A flow put with a name is found by it.
bool Prober::names() {
  Writer key;
  put_plain(key);
  const Ufid name{0x74726e6f, 0x75740000, 1, 1};
  auto put = message(OVS_FLOW_CMD_NEW, NLM_F_CREATE, key.bytes());
  put.put(OVS_FLOW_ATTR_ACTIONS, nullptr, 0);
  put.put(OVS_FLOW_ATTR_UFID, name.data(), sizeof name);
  if (!means_yes(kernel_.request(put))) return false;
  bool found = false;
  auto get = make_request(kernel_.families().flow, OVS_FLOW_CMD_GET, OVS_FLOW_VERSION, dp_);
  get.put(OVS_FLOW_ATTR_UFID, name.data(), sizeof name);
  (void)kernel_.request(get, [&](const Answer& answer) {
    for (AttributeReader reader(answer.attributes); auto a = reader.next();) found |= a->type == OVS_FLOW_ATTR_UFID;
  });
  auto remove = make_request(kernel_.families().flow, OVS_FLOW_CMD_DEL, OVS_FLOW_VERSION, dp_);
  remove.put(OVS_FLOW_ATTR_UFID, name.data(), sizeof name);
  if (!kernel_.request(remove)) (void)kernel_.request(message(OVS_FLOW_CMD_DEL, 0, key.bytes()));
  return found;
}

// A module may lack the family.
unsigned Prober::meters() {
  auto socket = netlink::Socket::open(NETLINK_GENERIC);
  if (!socket) return 0;
  const auto family = find_family(**socket, OVS_METER_FAMILY);
  if (!family) return 0;
  uint32_t most = 0;
  (void)(*socket)->request(make_request(*family, OVS_METER_CMD_FEATURES, OVS_METER_VERSION, dp_), [&](const nlmsghdr& m) {
    for (AttributeReader reader(read_answer(m).attributes); auto a = reader.next();)
      if (a->type == OVS_METER_ATTR_MAX_METERS) most = a->as<uint32_t>().value_or(0);
  });
  return most;
}

}  // namespace

Features probe_features(Connection& kernel, int dp_ifindex, std::string_view datapath_name) {
  Prober prober(kernel, dp_ifindex, datapath_name);
  Features found;
  for (const KeyProbe& probe : key_probes())
    found.*probe.feature = prober.key(probe.attribute, [&](Writer& key) {
      probe.key(key);
      if (probe.more) probe.more(key);
    });
  for (const ActionProbe& probe : action_probes()) found.*probe.feature = prober.actions(probe.key, probe.actions);
  found.ufid = prober.names();
  found.max_vlan_headers = Prober::count(flow::kVlanTags, [&](unsigned tags) {
    return prober.key(OVS_KEY_ATTR_ENCAP, [tags](Writer& key) {
      put_ethernet(key);
      put_vlans(key, tags);
    });
  });
  found.max_mpls_depth = Prober::count(flow::kMplsLabels, [&](unsigned depth) {
    return prober.key(OVS_KEY_ATTR_MPLS, [depth](Writer& key) { put_labels(key, depth); });
  });
  found.sample_nesting = Prober::count(kMaxSampleNesting, [&](unsigned levels) {
    return prober.actions(put_plain, [levels](Writer& actions) { put_samples(actions, levels); });
  });
  found.max_hash_alg = prober.actions(put_plain, attribute(OVS_ACTION_ATTR_HASH, ovs_action_hash{1, 0}));
  found.ct_flush = true;                                   // the kernel's own tracker is there with the module
  found.max_meters = prober.meters();
  return found;
}

}  // namespace turnout::datapath::kernel
