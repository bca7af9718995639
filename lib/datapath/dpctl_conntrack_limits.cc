// The dpctl commands about what a connection tracker may hold: limits by zone, and the settings that only a tracker of
// the switch's own has.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/strings.h"
#include "lib/datapath/dpctl_words.h"

namespace turnout::datapath {
namespace {

// "zone=5,limit=10", in any order.
Result<CtLimit> parse_limit(std::string_view word) {
  std::optional<uint64_t> zone, limit;
  for (const std::string_view part : split_any(word, ",")) {
    const size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (equals == part.npos || equals + 1 == part.size()) return fail(fmt::format("field {} missing value", name), EINVAL);
    const bool is_zone = name == "zone";
    if (!is_zone && name != "limit") return fail(fmt::format("invalid zone limit field: {}", name), EINVAL);
    auto& member = is_zone ? zone : limit;
    if (member) return fail(fmt::format("field {} is set multiple times", name), EINVAL);
    member = parse_unsigned(part.substr(equals + 1));
    if (!member || *member > (is_zone ? UINT16_MAX : UINT32_MAX))
      return fail(fmt::format("failed to parse field {}", name), EINVAL);
  }
  if (!zone || !limit) return fail("failed to parse zone limit", EINVAL);
  return CtLimit{static_cast<uint16_t>(*zone), static_cast<uint32_t>(*limit), 0};
}

// "zone=5,6,7"
Result<std::vector<uint16_t>> parse_zones(std::string_view word) {
  if (!word.starts_with("zone=")) return fail(fmt::format("invalid argument {}", word), EINVAL);
  std::vector<uint16_t> zones;
  for (const std::string_view part : split_any(word.substr(5), ",")) {
    const auto zone = parse_unsigned(part);
    if (!zone || *zone > UINT16_MAX) return fail("invalid zone", EINVAL);
    zones.push_back(static_cast<uint16_t>(*zone));
  }
  if (zones.empty()) return fail("invalid zone", EINVAL);
  return zones;
}

// What a datapath says about one setting; a datapath without a tracker says that it has none.
Result<uint64_t> read_setting(Datapath& datapath, CtSetting setting) {
  const Conntrack* conntrack = datapath.conntrack();
  return conntrack ? conntrack->setting(setting) : fail("no connection tracker", EOPNOTSUPP);
}
Status write_setting(Datapath& datapath, CtSetting setting, uint64_t value) {
  Conntrack* conntrack = datapath.conntrack();
  return conntrack ? conntrack->change_setting(setting, value) : fail("no connection tracker", EOPNOTSUPP);
}

DpctlAnswer show_number(const DpctlContext& context, DpctlArgs args, CtSetting setting, std::string_view failed) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  const auto value = read_setting(*datapath, setting);
  if (!value) return out.fail(failed, value.error().code);
  out.print(fmt::format("{}\n", *value));
  return out.done();
}

// [dp] number
DpctlAnswer change_number(const DpctlContext& context, DpctlArgs args, CtSetting setting, std::string_view malformed,
                          std::string_view failed, std::string_view done) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  if (!datapath) return out.failed();
  const auto value = parse_unsigned(args[0]);
  if (!value || *value > UINT32_MAX) return out.fail(malformed, EINVAL);
  const Status changed = write_setting(*datapath, setting, *value);
  if (!changed) return out.fail(failed, changed.error().code);
  out.print(fmt::format("{}\n", done));
  return out.done();
}

DpctlAnswer switch_sequence_check(const DpctlContext& context, DpctlArgs args, bool on) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  const Status changed = write_setting(*datapath, CtSetting::kTcpSequenceCheck, on);
  const char* verb = on ? "enabling" : "disabling";
  if (!changed) return out.fail(fmt::format("{} TCP sequence checking failed", verb), changed.error().code);
  out.print(fmt::format("{} TCP sequence checking successful\n", verb));
  return out.done();
}

std::optional<bool> is_v6(std::string_view word) {
  if (word == "v4" || word == "v6") return word == "v6";
  return std::nullopt;
}

DpctlAnswer switch_fragments(const DpctlContext& context, DpctlArgs args, bool on) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  if (!datapath) return out.failed();
  const auto v6 = is_v6(args[0]);
  if (!v6) return out.fail("parameter missing: 'v4' for IPv4 or 'v6' for IPv6", EINVAL);
  const Status changed = write_setting(*datapath, *v6 ? CtSetting::kFragmentsV6 : CtSetting::kFragmentsV4, on);
  const char* verb = on ? "enabling" : "disabling";
  if (!changed) return out.fail(fmt::format("{} fragmentation reassembly failed", verb), changed.error().code);
  out.print(fmt::format("{} fragmentation reassembly successful\n", verb));
  return out.done();
}

void print_fragments(DpctlOutput& out, std::string_view family, const CtFragmentStatus::Family& f) {
  out.print(fmt::format("\tmin {} frag size: {}\n", family, f.min_size));
  const std::pair<const char*, uint64_t> counted[] = {{"accepted", f.accepted}, {"completed", f.completed}, {"expired", f.expired},
                                                      {"too small", f.too_small}, {"overlapped", f.overlapped}, {"purged", f.purged}};
  for (const auto& [what, count] : counted) out.print(fmt::format("\t{} frags {}: {}\n", family, what, count));
}

}  // namespace

DpctlAnswer dpctl_ct_get_limits(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_known_datapath(out, args);
  if (!datapath) return out.failed();
  if (args.size() > 1) return out.fail("invalid argument " + args[1], EINVAL);
  std::vector<uint16_t> zones;
  if (!args.empty()) {
    auto asked = parse_zones(args[0]);
    if (!asked) return out.fail(asked.error().message, asked.error().code);
    zones = std::move(*asked);
  }
  Conntrack* conntrack = tracker_of(out, *datapath, "failed to get conntrack limit");
  if (!conntrack) return out.failed();
  const auto limits = conntrack->limits(zones);
  if (!limits) return out.fail("failed to get conntrack limit", limits.error().code);
  out.print(fmt::format("default limit={}\n", limits->by_default));
  for (const CtLimit& one : limits->zones)
    out.print(fmt::format("zone={},limit={},count={}\n", one.zone, one.limit, one.count));
  return out.done();
}

DpctlAnswer dpctl_ct_set_limits(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_known_datapath(out, args);
  if (!datapath) return out.failed();
  std::optional<uint32_t> by_default;
  if (!args.empty() && args[0].starts_with("default=")) {
    const auto limit = parse_unsigned(std::string_view(args[0]).substr(8));
    if (!limit || *limit > UINT32_MAX) return out.fail("invalid default limit", EINVAL);
    by_default = static_cast<uint32_t>(*limit);
    args = args.subspan(1);
  } else if (args.empty()) {
    return out.fail("no limit is given", EINVAL);
  }
  std::vector<CtLimit> zones;
  for (const std::string& word : args) {
    const auto limit = parse_limit(word);
    if (!limit) return out.fail(limit.error().message, limit.error().code);
    zones.push_back(*limit);
  }
  Conntrack* conntrack = tracker_of(out, *datapath, "failed to set conntrack limit");
  if (!conntrack) return out.failed();
  const Status set = conntrack->set_limits(by_default, zones);
  return set ? out.done() : out.fail("failed to set conntrack limit", set.error().code);
}

DpctlAnswer dpctl_ct_del_limits(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_known_datapath(out, args);
  if (!datapath) return out.failed();
  const bool by_default = !args.empty() && args[0] == "default";
  if (by_default) args = args.subspan(1);
  if (args.empty() && !by_default) return out.fail("no zone is given", EINVAL);
  if (args.size() > 1) return out.fail("invalid argument " + args[1], EINVAL);
  std::vector<uint16_t> zones;
  if (!args.empty()) {
    auto named = parse_zones(args[0]);
    if (!named) return out.fail(named.error().message, named.error().code);
    zones = std::move(*named);
  }
  Conntrack* conntrack = tracker_of(out, *datapath, "failed to delete conntrack limit");
  if (!conntrack) return out.failed();
  const Status deleted = conntrack->delete_limits(by_default, zones);
  return deleted ? out.done() : out.fail("failed to delete conntrack limit", deleted.error().code);
}

DpctlAnswer dpctl_ct_set_maxconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kMaxConnections, "maxconns missing or malformed", "ct set maxconns failed",
                       "setting maxconns successful");
}
DpctlAnswer dpctl_ct_get_maxconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kMaxConnections, "maxconns could not be retrieved");
}
DpctlAnswer dpctl_ct_get_nconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kConnections, "nconns could not be retrieved");
}
DpctlAnswer dpctl_ct_set_sweep_interval(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kSweepIntervalMs, "invalid interval value", "failed to set the sweep interval",
                       "setting sweep interval successful");
}
DpctlAnswer dpctl_ct_get_sweep_interval(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kSweepIntervalMs, "sweep interval could not be retrieved");
}

DpctlAnswer dpctl_ct_enable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_sequence_check(context, args, true);
}
DpctlAnswer dpctl_ct_disable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_sequence_check(context, args, false);
}
DpctlAnswer dpctl_ct_get_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  const auto on = read_setting(*datapath, CtSetting::kTcpSequenceCheck);
  if (!on) return out.fail("TCP sequence checking query failed", on.error().code);
  out.print(fmt::format("TCP sequence checking: {}\n", *on ? "enabled" : "disabled"));
  return out.done();
}

DpctlAnswer dpctl_ipf_set_enabled(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_fragments(context, args, true);
}
DpctlAnswer dpctl_ipf_set_disabled(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_fragments(context, args, false);
}
DpctlAnswer dpctl_ipf_set_min_frag(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 3);
  if (!datapath) return out.failed();
  const auto v6 = is_v6(args[0]);
  if (!v6) return out.fail("parameter missing: v4 for IPv4 or v6 for IPv6", EINVAL);
  const auto size = parse_unsigned(args[1]);
  if (!size || *size > UINT32_MAX) return out.fail("parameter missing for minimum fragment size", EINVAL);
  const Status changed = write_setting(*datapath, *v6 ? CtSetting::kMinFragmentV6 : CtSetting::kMinFragmentV4, *size);
  if (!changed) return out.fail("requested minimum fragment size too small; see documentation", changed.error().code);
  out.print("setting minimum fragment size successful\n");
  return out.done();
}
DpctlAnswer dpctl_ipf_set_max_nfrags(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kMaxFragments, "parameter missing for maximum fragments",
                       "setting maximum fragments failed", "setting maximum fragments successful");
}

DpctlAnswer dpctl_ipf_get_status(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  Conntrack* conntrack = tracker_of(out, *datapath, "ipf status could not be retrieved");
  if (!conntrack) return out.failed();
  const auto status = conntrack->fragments();
  if (!status) return out.fail("ipf status could not be retrieved", status.error().code);
  out.print(fmt::format("\tFragmentation Module Status\n\t---------------------------\n\tv4 enabled: {:d}\n\tv6 enabled: {:d}\n"
                        "\tmax num frags (v4/v6): {}\n\tnum frag: {}\n",
                        status->v4.enabled, status->v6.enabled, status->max, status->now));
  print_fragments(out, "v4", status->v4);
  print_fragments(out, "v6", status->v6);
  if (!options.more) return out.done();
  out.print("\n\tFragment Lists:\n\n");
  for (const std::string& line : status->lists) out.print(line + "\n");
  return out.done();
}

}  // namespace turnout::datapath
