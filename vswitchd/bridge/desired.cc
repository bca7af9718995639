// The pure half of reading: texts of other_config columns into settings.
#include "vswitchd/bridge/desired.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "lib/base/strings.h"

namespace turnout::bridge {

namespace {

const std::string* find(const Options& options, std::string_view key) {
  auto i = options.find(key);
  return i == options.end() ? nullptr : &i->second;
}

// How many CPUs a mask like "0x3" names; 0 if it is no mask.
unsigned count_mask(std::string_view text) {
  if (starts_with_ignore_case(text, "0x")) text.remove_prefix(2);
  unsigned n = 0;
  for (char c : text) {
    const char* digits = "0123456789abcdef";
    const std::string_view all(digits);
    const size_t v = all.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (v == std::string_view::npos) return 0;
    n += static_cast<unsigned>(std::popcount(v));
  }
  return n;
}

bool name_before(const PortSet::Entry& port, std::string_view name) { return port->name < name; }

}  // namespace

void PortSet::put(Entry port) {
  auto at = std::lower_bound(ports_.begin(), ports_.end(), port->name, name_before);
  if (at != ports_.end() && (*at)->name == port->name)
    *at = std::move(port);
  else
    ports_.insert(at, std::move(port));
}

void PortSet::erase(std::string_view name) {
  auto at = std::lower_bound(ports_.begin(), ports_.end(), name, name_before);
  if (at != ports_.end() && (*at)->name == name) ports_.erase(at);
}

PortSet::Entry PortSet::find(std::string_view name) const {
  auto at = std::lower_bound(ports_.begin(), ports_.end(), name, name_before);
  return at != ports_.end() && (*at)->name == name ? *at : nullptr;
}

bool get_bool(const Options& options, std::string_view key, bool otherwise) {
  const std::string* v = find(options, key);
  return v ? equal_ignore_case(*v, "true") : otherwise;
}

int64_t get_int(const Options& options, std::string_view key, int64_t otherwise) {
  const std::string* v = find(options, key);
  if (!v) return otherwise;
  return parse_signed(*v).value_or(otherwise);
}

std::optional<uint64_t> parse_datapath_id(std::string_view text) {
  const bool prefixed = starts_with_ignore_case(text, "0x");
  if (prefixed) text.remove_prefix(2);
  if (text.empty() || text.size() > 16 || (!prefixed && text.size() != 16)) return std::nullopt;
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc() || end != text.data() + text.size() || id == 0) return std::nullopt;
  return id;
}

GlobalSettings read_global(const Options& other_config, unsigned cpus) {
  GlobalSettings g;
  cpus = std::max(cpus, 1u);
  auto& r = g.revalidator;
  r.max_idle_ms = std::max<int64_t>(500, get_int(other_config, "max-idle", r.max_idle_ms));
  r.max_revalidator_ms = std::max<int64_t>(100, get_int(other_config, "max-revalidator", r.max_revalidator_ms));
  r.flow_limit = static_cast<uint64_t>(
      std::max<int64_t>(0, get_int(other_config, "flow-limit", static_cast<int64_t>(r.flow_limit))));
  r.min_revalidate_pps = static_cast<uint64_t>(
      std::max<int64_t>(1, get_int(other_config, "min-revalidate-pps", static_cast<int64_t>(r.min_revalidate_pps))));
  const int64_t handlers = get_int(other_config, "n-handler-threads", 0);
  const int64_t fallback = handlers > 0 ? std::max<int64_t>(1, int64_t{cpus} - handlers) : int64_t{cpus} / 4 + 1;
  r.threads = static_cast<unsigned>(
      std::clamp<int64_t>(get_int(other_config, "n-revalidator-threads", fallback), 1, 128));

  constexpr unsigned kDefaultPacketThreads = 4, kMaxPacketThreads = 128;
  const std::string* mask = find(other_config, "pmd-cpu-mask");
  const unsigned wanted = mask ? count_mask(*mask) : 0;
  g.packet_threads = wanted ? std::min(wanted, kMaxPacketThreads) : std::min(cpus, kDefaultPacketThreads);
  g.stats_interval_ms = std::max<int64_t>(5000, get_int(other_config, "stats-update-interval", 5000));
  g.flow_restore_wait = get_bool(other_config, "flow-restore-wait", false);
  g.userspace_fallback = get_bool(other_config, "userspace-fallback", true);
  return g;
}

BridgeSettings read_bridge_settings(const Options& other_config, std::string_view fail_mode) {
  BridgeSettings s;
  if (fail_mode == "secure") s.fail_mode = ofproto::FailMode::kSecure;
  if (const std::string* v = find(other_config, "hwaddr")) {
    auto mac = net::Mac::parse(*v);
    if (mac && !mac->is_zero() && !mac->is_multicast()) s.hwaddr = mac;
  }
  if (const std::string* v = find(other_config, "datapath-id")) s.datapath_id = parse_datapath_id(*v);
  if (const std::string* v = find(other_config, "dp-desc")) s.description = *v;
  s.forward_bpdu = get_bool(other_config, "forward-bpdu", false);
  s.mac_ageing_seconds = get_int(other_config, "mac-aging-time", s.mac_ageing_seconds);
  s.mac_table_size = get_int(other_config, "mac-table-size", s.mac_table_size);
  return s;
}

net::Mac default_bridge_mac(const Uuid& row) {
  const uint32_t a = row.parts[0], b = row.parts[1];
  net::Mac mac;
  mac.bytes = {static_cast<uint8_t>(a),       static_cast<uint8_t>(a >> 8), static_cast<uint8_t>(a >> 16),
               static_cast<uint8_t>(a >> 24), static_cast<uint8_t>(b),      static_cast<uint8_t>(b >> 8)};
  mac.bytes[0] = static_cast<uint8_t>((mac.bytes[0] & ~1u) | 2u);
  return mac;
}

bool is_bridge_mac_candidate(const net::Mac& mac) {
  return !mac.is_zero() && !mac.is_multicast() && !mac.is_local();
}

}  // namespace turnout::bridge
