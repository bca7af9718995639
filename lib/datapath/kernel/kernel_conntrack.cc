// See kernel_conntrack.h.
#include "lib/datapath/kernel/kernel_conntrack.h"

#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>

#include "lib/datapath/kernel/attributes.h"
#include "lib/datapath/kernel/ctnetlink.h"

namespace turnout::datapath::kernel {
namespace {

constexpr size_t kDeletesAtOnce = 256;                     // some 100 bytes each: they fit a socket's send buffer

std::vector<ovs_zone_limit> zones_only(std::span<const uint16_t> zones) {
  std::vector<ovs_zone_limit> list;
  for (uint16_t zone : zones) list.push_back({.zone_id = zone, .limit = 0, .count = 0});
  return list;
}

void read_limits(const Answer& answer, CtLimits& limits) {
  AttributeReader reader(answer.attributes);
  while (auto a = reader.next()) {
    if (a->type != OVS_CT_LIMIT_ATTR_ZONE_LIMIT) continue;
    for (auto left = a->payload; left.size() >= sizeof(ovs_zone_limit); left = left.subspan(sizeof(ovs_zone_limit))) {
      ovs_zone_limit one;
      std::memcpy(&one, left.data(), sizeof one);
      if (one.zone_id == OVS_ZONE_LIMIT_DEFAULT_ZONE) limits.by_default = one.limit;
      else limits.zones.push_back({static_cast<uint16_t>(one.zone_id), one.limit, one.count});
    }
  }
}

}  // namespace

Status KernelConntrack::need_table() {
  if (table_) return {};
  auto opened = netlink::Socket::open(NETLINK_NETFILTER);
  if (!opened) return fail(opened);
  table_ = std::move(*opened);
  return {};
}

Status KernelConntrack::need_limits() {
  if (limits_) return {};
  auto opened = netlink::Socket::open(NETLINK_GENERIC);
  if (!opened) return fail(opened);
  auto family = find_family(**opened, OVS_CT_LIMIT_FAMILY);
  if (!family) return fail(family);
  limit_family_ = *family;
  limits_ = std::move(*opened);
  return {};
}

Status KernelConntrack::each(std::optional<uint16_t> zone, const std::function<void(const CtEntry&)>& f) {
  std::lock_guard lock(mutex_);
  if (Status opened = need_table(); !opened) return opened;
  return table_->dump(list_connections_request(zone), [&](const nlmsghdr& message) {
    const auto entry = decode_connection(ctnetlink_attributes(message));
    if (entry && (!zone || *zone == entry->zone)) f(*entry);
  });
}

Status KernelConntrack::each_expectation(std::optional<uint16_t> zone, const std::function<void(const CtExpectation&)>& f) {
  if (zone) return fail("the kernel does not tell the zone of an expectation", EOPNOTSUPP);
  std::lock_guard lock(mutex_);
  if (Status opened = need_table(); !opened) return opened;
  return table_->dump(list_expectations_request(), [&](const nlmsghdr& message) {
    const auto expectation = decode_expectation(ctnetlink_attributes(message));
    if (expectation) f(*expectation);
  });
}

// A whole original tuple and nothing else names one connection, of zone 0 where no zone is set.
Status KernelConntrack::flush(const CtSelection& selection) {
  if (!selection.is_everything()) {
    const auto one = selection.orig.whole();
    CtSelection rest = selection;
    rest.orig = {};
    rest.zone.reset();
    if (!one || !rest.is_everything()) return flush_selected(selection);
    std::lock_guard lock(mutex_);
    if (Status opened = need_table(); !opened) return opened;
    std::vector<uint8_t> request;
    append_delete_request(*one, selection.zone.value_or(0), std::nullopt, request);
    Status outcome;
    const Status sent = table_->exchange(request, {}, [&](size_t, Status failed) { outcome = std::move(failed); });
    return sent ? outcome : sent;
  }
  std::lock_guard lock(mutex_);
  if (Status opened = need_table(); !opened) return opened;
  return table_->request(flush_connections_request());
}

// A kernel's own filter for deletion ignores what it does not know, and would delete too much: each one by its name.
Status KernelConntrack::flush_selected(const CtSelection& selection) {
  struct Name { CtTuple orig; uint16_t zone; std::optional<uint32_t> id; };
  std::vector<Name> names;
  const Status walked = each(selection.zone, [&](const CtEntry& entry) {
    if (selection.matches(entry)) names.push_back({entry.orig, entry.zone, entry.id});
  });
  if (!walked) return walked;
  std::lock_guard lock(mutex_);
  Status worst;
  for (size_t first = 0; first < names.size(); first += kDeletesAtOnce) {
    std::vector<uint8_t> requests;
    for (size_t i = first; i < std::min(names.size(), first + kDeletesAtOnce); ++i)
      append_delete_request(names[i].orig, names[i].zone, names[i].id, requests);
    const Status sent = table_->exchange(requests, {}, [&](size_t, Status failed) {
      if (!failed && failed.error().code != ENOENT) worst = std::move(failed);   // one that ended meanwhile is gone as wished
    });
    if (!sent) return sent;
  }
  return worst;
}

Status KernelConntrack::send_limits(uint8_t command, std::span<const ovs_zone_limit> zones,
                                    const std::function<void(const Answer&)>& receive) {
  std::lock_guard lock(mutex_);
  if (Status found = need_limits(); !found) return found;
  netlink::Message message = make_request(limit_family_, command, OVS_CT_LIMIT_VERSION, 0, 0, 256 + zones.size_bytes());
  if (!zones.empty()) message.put(OVS_CT_LIMIT_ATTR_ZONE_LIMIT, zones.data(), zones.size_bytes());
  return limits_->request(message, [&](const nlmsghdr& answer) { if (receive) receive(read_answer(answer)); });
}

Result<CtLimits> KernelConntrack::limits(std::span<const uint16_t> zones) {
  std::vector<ovs_zone_limit> asked = zones_only(zones);
  if (!asked.empty()) asked.insert(asked.begin(), {.zone_id = OVS_ZONE_LIMIT_DEFAULT_ZONE, .limit = 0, .count = 0});
  CtLimits limits;
  const Status got = send_limits(OVS_CT_LIMIT_CMD_GET, asked, [&](const Answer& answer) { read_limits(answer, limits); });
  if (!got) return fail(got);
  return limits;
}

Status KernelConntrack::set_limits(std::optional<uint32_t> by_default, std::span<const CtLimit> zones) {
  std::vector<ovs_zone_limit> wanted;
  if (by_default) wanted.push_back({.zone_id = OVS_ZONE_LIMIT_DEFAULT_ZONE, .limit = *by_default, .count = 0});
  for (const CtLimit& one : zones) wanted.push_back({.zone_id = one.zone, .limit = one.limit, .count = 0});
  return send_limits(OVS_CT_LIMIT_CMD_SET, wanted, {});
}

Status KernelConntrack::delete_limits(bool by_default, std::span<const uint16_t> zones) {
  std::vector<ovs_zone_limit> wanted = zones_only(zones);
  if (by_default) wanted.insert(wanted.begin(), {.zone_id = OVS_ZONE_LIMIT_DEFAULT_ZONE, .limit = 0, .count = 0});
  return send_limits(OVS_CT_LIMIT_CMD_DEL, wanted, {});
}

}  // namespace turnout::datapath::kernel
