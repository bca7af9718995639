// The table of features and their texts.
#include "lib/datapath/features.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout::datapath {
namespace {

using F = Features;
constexpr Feature kFeatures[] = {
    {"masked_set_action", "Masked set action", &F::masked_set_action},
    {"tnl_push_pop", "Tunnel push pop", &F::tnl_push_pop},
    {"ufid", "Ufid", &F::ufid},
    {"trunc", "Truncate action", &F::trunc},
    {"clone", "Clone action", &F::clone},
    {"sample_nesting", "Sample nesting", &F::sample_nesting},
    {"ct_eventmask", "Conntrack eventmask", &F::ct_eventmask},
    {"ct_clear", "Conntrack clear", &F::ct_clear},
    {"max_hash_alg", "Max dp_hash algorithm", &F::max_hash_alg},
    {"check_pkt_len", "Check pkt length action", &F::check_pkt_len},
    {"ct_timeout", "Conntrack timeout policy", &F::ct_timeout},
    {"explicit_drop_action", "Explicit Drop action", &F::explicit_drop_action},
    {"lb_output_action", "Optimized Balance TCP mode", &F::lb_output_action},
    {"ct_zero_snat", "Conntrack all-zero IP SNAT", &F::ct_zero_snat},
    {"add_mpls", "MPLS Label add", &F::add_mpls},
    {"max_vlan_headers", "Max VLAN headers", &F::max_vlan_headers},
    {"max_mpls_depth", "Max MPLS depth", &F::max_mpls_depth},
    {"recirc", "Recirc", &F::recirc},
    {"ct_state", "CT state", &F::ct_state},
    {"ct_zone", "CT zone", &F::ct_zone},
    {"ct_mark", "CT mark", &F::ct_mark},
    {"ct_label", "CT label", &F::ct_label},
    {"ct_state_nat", "CT state NAT", &F::ct_state_nat},
    {"ct_orig_tuple", "CT orig tuple", &F::ct_orig_tuple},
    {"ct_orig_tuple6", "CT orig tuple for IPv6", &F::ct_orig_tuple6},
    {"nd_ext", "IPv6 ND Extension", &F::nd_ext},
    {"psample", "Psample action", &F::psample},
    {"dec_ttl", "Decrement TTL action", &F::dec_ttl, Feature::kShownOnly},
    {"max_meters", "Max meters", &F::max_meters, Feature::kShownOnly},
    {"ct_flush", "Conntrack flush by tuple", &F::ct_flush, Feature::kDatabaseOnly},
};

}  // namespace

std::span<const Feature> feature_table() { return kFeatures; }

const Feature* find_feature(std::string_view key) {
  const auto at = std::ranges::find(kFeatures, key, &Feature::key);
  return at == std::end(kFeatures) ? nullptr : at;
}

std::string feature_value(const Features& features, const Feature& feature) {
  return std::visit([&](auto member) { return fmt::format("{}", features.*member); }, feature.member);
}

std::string format_features(const Features& features) {
  std::string text;
  for (const Feature& one : kFeatures) {
    if (one.where == Feature::kDatabaseOnly) continue;
    const auto* flag = std::get_if<bool Features::*>(&one.member);
    text += fmt::format("{}: {}\n", one.name, !flag ? feature_value(features, one) : features.**flag ? "Yes" : "No");
  }
  return text;
}

std::map<std::string, std::string> capabilities(const Features& features) {
  std::map<std::string, std::string> map;
  for (const Feature& one : kFeatures)
    if (one.where != Feature::kShownOnly) map[one.key] = feature_value(features, one);
  return map;
}

}  // namespace turnout::datapath
