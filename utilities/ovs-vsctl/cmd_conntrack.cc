// Commands on conntrack zones (timeout policies, connection limits) and datapath capabilities. ovs-vsctl(8), "Conntrack
// Zone Commands", "Datapath Capabilities Command".
#include <fmt/format.h>

#include <optional>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {
namespace {

using vswitch::CTTimeoutPolicy;
using vswitch::CTZone;
using vswitch::Datapath;

Result<Datapath*> need_datapath(Context& ctx, const char* missing) {
  auto datapaths = ctx.root.datapaths();
  if (auto at = datapaths.find(ctx.arg(0)); at != datapaths.end()) return at->second;
  return fail(fmt::format(fmt::runtime(missing), ctx.arg(0)));
}
constexpr const char* kNoDatapath = "datapath {} does not exist";

Result<int64_t> zone_number(std::string_view word) {
  std::string_view number = word;
  if (number.starts_with("zone=")) number.remove_prefix(5);
  auto zone = parse_unsigned(number);
  if (!zone || *zone > 65535) return fail(fmt::format("\"{}\" is not a zone: give zone=ID with an ID between 0 and 65535", word));
  return static_cast<int64_t>(*zone);
}

CTZone* find_zone(const Datapath& datapath, int64_t zone) {
  auto zones = datapath.ct_zones();
  auto at = zones.find(zone);
  return at == zones.end() ? nullptr : at->second;
}

// A zone that only carries a limit has no timeout policy as far as the *-zone-tp commands are concerned.
bool counts_as_policy(const CTZone& zone) { return zone.timeout_policy() || !zone.limit(); }

// Zones with equal timeouts share one row.
CTTimeoutPolicy& policy_of(Context& ctx, const ovsdb::Datum& timeouts) {
  const ovsdb::ColumnSchema& column = ctx.idl.column(CTTimeoutPolicy::kTimeouts);
  for (CTTimeoutPolicy& policy : ctx.idl.ct_timeout_policies())
    if (policy.get(column) == timeouts) return policy;
  auto& policy = ctx.txn.insert<CTTimeoutPolicy>();
  policy.set(column, timeouts);
  return policy;
}

CTZone& insert_zone(Context& ctx, Datapath& datapath, int64_t number) {
  auto& zone = ctx.txn.insert<CTZone>();
  datapath.put_ct_zones(number, &zone);
  return zone;
}

Status add_zone_tp(Context& ctx) {
  auto datapath = need_datapath(ctx, kNoDatapath);
  if (!datapath) return fail(datapath);
  auto number = zone_number(ctx.arg(1));
  if (!number) return fail(number);
  CTZone* zone = find_zone(**datapath, *number);
  if (zone && counts_as_policy(*zone)) {
    if (ctx.command.has("--may-exist")) return {};
    return fail(fmt::format("zone id {} already exists", *number));
  }
  std::vector<std::string> words(ctx.command.args.begin() + 2, ctx.command.args.end());
  auto timeouts = ovsdb::datum_from_text(ctx.idl.column(CTTimeoutPolicy::kTimeouts).type, join(words, " "));
  if (!timeouts) return fail(timeouts);
  if (timeouts->empty()) return fail("'add-zone-tp' needs at least one timeout, for example udp_first=30");
  if (!zone) zone = &insert_zone(ctx, **datapath, *number);
  zone->set_timeout_policy(&policy_of(ctx, *timeouts));
  return {};
}

Status del_zone_tp(Context& ctx) {
  auto datapath = need_datapath(ctx, kNoDatapath);
  if (!datapath) return fail(datapath);
  auto number = zone_number(ctx.arg(1));
  if (!number) return fail(number);
  CTZone* zone = find_zone(**datapath, *number);
  if (!zone || !counts_as_policy(*zone)) {
    if (ctx.command.has("--if-exists")) return {};
    return fail(fmt::format("zone id {} does not exist", *number));
  }
  if (zone->limit()) zone->set_timeout_policy(nullptr);
  else (*datapath)->remove_ct_zones(*number);
  return {};
}

Status list_zone_tp(Context& ctx) {
  auto datapath = need_datapath(ctx, "datapath: {} record not found");
  if (!datapath) return fail(datapath);
  for (auto [number, zone] : (*datapath)->ct_zones()) {
    if (!counts_as_policy(*zone)) continue;
    std::string line = fmt::format("Zone:{}, Timeout Policies: ", number);
    if (CTTimeoutPolicy* policy = zone->timeout_policy())
      line += ovsdb::datum_to_bare(policy->get(ctx.idl.column(CTTimeoutPolicy::kTimeouts)));
    else
      line += "system default";
    ctx.print(line);
  }
  return {};
}

// ZONE of the limit commands; nullopt: the default of all zones.
Result<std::optional<int64_t>> zone_or_default(std::string_view word) {
  if (word == "default" || word == "zone=default") return std::optional<int64_t>();
  auto number = zone_number(word);
  if (!number) return fail(number);
  return std::optional<int64_t>(*number);
}

Status set_zone_limit(Context& ctx) {
  auto datapath = need_datapath(ctx, kNoDatapath);
  if (!datapath) return fail(datapath);
  auto where = zone_or_default(ctx.arg(1));
  if (!where) return fail(where);
  std::string_view word = ctx.arg(2);
  if (word.starts_with("limit=")) word.remove_prefix(6);
  auto limit = parse_unsigned(word);
  if (!limit || *limit > UINT32_MAX) return fail(fmt::format("\"{}\" is not a limit: give a number between 0 and {}", ctx.arg(2), UINT32_MAX));
  if (!*where) {
    (*datapath)->set_ct_zone_default_limit(static_cast<int64_t>(*limit));
    return {};
  }
  CTZone* zone = find_zone(**datapath, **where);
  if (!zone) zone = &insert_zone(ctx, **datapath, **where);
  zone->set_limit(static_cast<int64_t>(*limit));
  return {};
}

Status del_zone_limit(Context& ctx) {
  auto datapath = need_datapath(ctx, kNoDatapath);
  if (!datapath) return fail(datapath);
  auto where = zone_or_default(ctx.arg(1));
  if (!where) return fail(where);
  bool quiet = ctx.command.has("--if-exists");
  if (!*where) {
    if (!(*datapath)->ct_zone_default_limit() && !quiet) return fail(fmt::format("datapath {} does not have a default zone limit", ctx.arg(0)));
    (*datapath)->set_ct_zone_default_limit(std::nullopt);
    return {};
  }
  CTZone* zone = find_zone(**datapath, **where);
  if (!zone || !zone->limit()) return quiet ? Status{} : fail(fmt::format("zone_id {} does not have limit", **where));
  if (zone->timeout_policy()) zone->set_limit(std::nullopt);
  else (*datapath)->remove_ct_zones(**where);
  return {};
}

Status list_zone_limits(Context& ctx) {
  auto datapath = need_datapath(ctx, kNoDatapath);
  if (!datapath) return fail(datapath);
  if (auto limit = (*datapath)->ct_zone_default_limit()) ctx.print(fmt::format("Zone: default, Limit: {}", *limit));
  for (auto [number, zone] : (*datapath)->ct_zones())
    if (auto limit = zone->limit()) ctx.print(fmt::format("Zone: {}, Limit: {}", number, *limit));
  return {};
}

Status list_dp_cap(Context& ctx) {
  auto datapath = need_datapath(ctx, "datapath \"{}\" record not found");
  if (!datapath) return fail(datapath);
  ctx.print(ovsdb::datum_to_bare((*datapath)->get(ctx.idl.column(Datapath::kCapabilities))));
  return {};
}

Status read_zones(vswitch::Idl& idl, const Command&) {
  for (ovsdb::ColumnId c : {vswitch::OpenVSwitch::kDatapaths, Datapath::kCtZones, Datapath::kCtZoneDefaultLimit, CTZone::kTimeoutPolicy,
                            CTZone::kLimit, CTTimeoutPolicy::kTimeouts})
    idl.monitor(c);
  return {};
}
Status read_capabilities(vswitch::Idl& idl, const Command&) {
  idl.monitor(vswitch::OpenVSwitch::kDatapaths);
  idl.monitor(Datapath::kCapabilities);
  return {};
}

constexpr CommandInfo kCommands[] = {
    {"add-zone-tp", 3, 18, "--may-exist", "!DATAPATH !zone=ID +TIMEOUT=SECS", read_zones, add_zone_tp, nullptr, true},
    {"del-zone-tp", 2, 2, "--if-exists", "!DATAPATH !zone=ID", read_zones, del_zone_tp, nullptr, true},
    {"list-zone-tp", 1, 1, "", "!DATAPATH", read_zones, list_zone_tp},
    {"set-zone-limit", 3, 3, "", "!DATAPATH !zone=ID|default !LIMIT", read_zones, set_zone_limit, nullptr, true},
    {"del-zone-limit", 2, 2, "--if-exists", "!DATAPATH !zone=ID|default", read_zones, del_zone_limit, nullptr, true},
    {"list-zone-limits", 1, 1, "", "!DATAPATH", read_zones, list_zone_limits},
    {"list-dp-cap", 1, 1, "", "!DATAPATH", read_capabilities, list_dp_cap},
};

}  // namespace

std::span<const CommandInfo> conntrack_commands() { return kCommands; }

}  // namespace turnout::vsctl
