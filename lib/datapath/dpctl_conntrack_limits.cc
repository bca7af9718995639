// The dpctl commands about how many connections a zone may hold.
#include <fmt/format.h>

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

}  // namespace turnout::datapath
