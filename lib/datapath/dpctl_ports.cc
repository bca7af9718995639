// dpctl/show and the commands about interfaces.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/strings.h"
#include "lib/datapath/dpctl_words.h"

namespace turnout::datapath {
namespace {

constexpr std::string_view kMaskCache = "masks-cache";

// "1234 (1.2 KiB)": the part in parentheses, empty for small numbers.
std::string human(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return "";
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format(" ({:.1f} {})", value, kUnits[unit]);
}

std::string counters(const PortInfo& port, const netdev::Statistics& s) {
  // Dummies count packets and bytes only.
  const bool few = port.type.starts_with("dummy");
  const auto n = [few](uint64_t v) { return few ? std::string("?") : std::to_string(v); };
  return fmt::format(
      "    RX packets:{} errors:{} dropped:{} overruns:{} frame:{}\n"
      "    TX packets:{} errors:{} dropped:{} aborted:{} carrier:{}\n"
      "    collisions:{}\n"
      "    RX bytes:{}{}  TX bytes:{}{}\n",
      s.rx_packets, n(s.rx_errors), n(s.rx_dropped), n(s.rx_over_errors), n(s.rx_frame_errors), s.tx_packets,
      n(s.tx_errors), n(s.tx_dropped), n(0), n(0), n(s.collisions), s.rx_bytes, human(s.rx_bytes), s.tx_bytes, human(s.tx_bytes));
}

void show_port(DpctlOutput& out, Datapath& datapath, const PortInfo& port, bool statistics) {
  out.print(fmt::format("  port {}: {}", port.number.value, port.name));
  if (port.type != "system") out.print(fmt::format(" ({}{}{})", port.type, port.options.empty() ? "" : ": ", port.options));
  out.print("\n");
  if (!statistics) return;
  netdev::Device* device = datapath.device(port.number);
  std::unique_ptr<netdev::Device> link;
  if (!device && out.context().devices)
    if (auto opened = out.context().devices->open_link(port.name, port.type)) device = (link = std::move(*opened)).get();
  if (!device) return;
  const auto stats = device->statistics();
  if (stats) out.print(counters(port, *stats));
  else out.print(fmt::format("    could not retrieve statistics ({})\n", stats.error().message));
}

void show_caches(DpctlOutput& out, const Datapath& datapath) {
  if (const auto size = datapath.mask_cache_size()) out.print(fmt::format("  caches:\n    {}: size:{}\n", kMaskCache, *size));
}

void show_one(DpctlOutput& out, Datapath& datapath, bool statistics) {
  const Totals t = datapath.totals();
  out.print(fmt::format("{}:\n  lookups: hit:{} missed:{} lost:{}\n  flows: {}\n", full_name(datapath), t.hit, t.missed,
                        t.lost, t.flows));
  if (!datapath.shown_as_userspace()) {
    const uint64_t packets = t.hit + t.missed;
    const double per_packet = packets ? static_cast<double>(t.mask_hits) / static_cast<double>(packets) : 0.0;
    out.print(fmt::format("  masks: hit:{} total:{} hit/pkt:{:.2f}\n", t.mask_hits, t.masks, per_packet));
  }
  show_caches(out, datapath);
  for (const PortInfo& port : datapath.ports()) show_port(out, datapath, port, statistics);
}

// "name,type=T,port_no=N,key=value…"
struct InterfaceWords {
  netdev::OpenRequest request;
  std::optional<DpPort> number;
};
InterfaceWords parse_interface(std::string_view word) {
  InterfaceWords parsed;
  const auto parts = split(word, ',');
  parsed.request.name = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string key(parts[i].substr(0, equals));
    const std::string value(equals == std::string_view::npos ? "" : parts[i].substr(equals + 1));
    if (key == "type") parsed.request.type = value;
    else if (key != "port_no") parsed.request.options[key] = value;
    else if (const auto n = parse_unsigned(value); n && *n < kDpPortNone.value)
      parsed.number = DpPort{static_cast<uint32_t>(*n)};
  }
  return parsed;
}

// The datapath of the commands that must name one.
Datapath* open_datapath(DpctlOutput& out, DpctlArgs& args) {
  auto found = out.context().registry->find(args[0]);
  args = args.subspan(1);
  if (found) return *found;
  out.warn("opening datapath", found.error().code);
  return nullptr;
}

// The port has the name of the device that carries all such tunnels; the one of the words is of no more use.
bool add_tunnel(DpctlOutput& out, Datapath& datapath, const std::string& called, const InterfaceWords& wanted) {
  const std::string& name = wanted.request.name;
  const auto parsed = netdev::parse_tunnel(name, wanted.request.type, wanted.request.options);
  if (!parsed) {
    out.warn(parsed.error().message, parsed.error().code);
    return false;
  }
  for (const std::string& warning : parsed->warnings) out.warn(warning);
  if (const auto added = datapath.add_tunnel(parsed->config, wanted.number); !added) {
    const int code = added.error().code == EOPNOTSUPP ? EAFNOSUPPORT : added.error().code;
    out.warn(fmt::format("adding {} to {} failed", name, called), code);
    return false;
  }
  return true;
}

bool add_one(DpctlOutput& out, Datapath& datapath, const std::string& called, std::string_view word) {
  InterfaceWords wanted = parse_interface(word);
  if (netdev::find_tunnel_kind(wanted.request.type)) return add_tunnel(out, datapath, called, wanted);
  if (port_by_name(datapath, wanted.request.name) || (wanted.number && datapath.device(*wanted.number))) {
    out.warn(fmt::format("adding {} to {} failed", wanted.request.name, called), EEXIST);
    return false;
  }
  const auto has = [&](const PortInfo& port) { return wanted.number == port.number; };
  if (datapath.in_kernel() && wanted.number && std::ranges::any_of(datapath.ports(), has)) {
    out.warn(fmt::format("adding {} to {} failed", wanted.request.name, called), EBUSY);
    return false;
  }
  if (!out.context().devices) {
    out.warn(wanted.request.name + ": failed to open network device", EOPNOTSUPP);
    return false;
  }
  auto device = datapath.open_device(*out.context().devices, wanted.request, wanted.number);
  if (!device) {
    const int code = device.error().code;
    out.warn(wanted.request.name + ": failed to open network device", code ? code : EINVAL);
    return false;
  }
  if (auto added = datapath.add_port(std::move(*device), wanted.number); !added) {
    out.warn(fmt::format("adding {} to {} failed", wanted.request.name, called), added.error().code);
    return false;
  }
  return true;
}

bool del_one(DpctlOutput& out, Datapath& datapath, const std::string& called, const std::string& word) {
  std::optional<DpPort> port;
  if (const auto n = parse_unsigned(word); n && *n < kDpPortNone.value) port = DpPort{static_cast<uint32_t>(*n)};
  else port = port_by_name(datapath, word);
  if (!port) {
    out.warn("no port named " + word);
    return false;
  }
  if (Status s = datapath.del_port(*port); !s) {
    out.warn(fmt::format("deleting port {} from {} failed", word, called), s.error().code);
    return false;
  }
  return true;
}

bool set_one(DpctlOutput& out, Datapath& datapath, const std::string& called, std::string_view word) {
  const InterfaceWords wanted = parse_interface(word);
  const std::string& name = wanted.request.name;
  for (const PortInfo& port : datapath.ports()) {
    if (port.name != name) continue;
    if (!wanted.request.type.empty() && wanted.request.type != port.type) {
      out.warn(fmt::format("{}: can't change type from {} to {}", name, port.type, wanted.request.type));
      return false;
    }
    if (wanted.number && *wanted.number != port.number) {
      out.warn(fmt::format("{}: can't change port number from {} to {}", name, port.number.value, wanted.number->value));
      return false;
    }
    if (wanted.request.options.empty()) return true;
    if (netdev::find_tunnel_kind(port.type)) {
      out.warn(name + ": options of tunnels are changed with ovs-vsctl set interface; this port carries all tunnels of its kind",
               EOPNOTSUPP);
      return false;
    }
    out.warn(name + ": options are changed with ovs-vsctl set interface", EOPNOTSUPP);
    return false;
  }
  out.warn(fmt::format("{}: failed to query port in {}", name, called), ENODEV);
  return false;
}

}  // namespace

DpctlAnswer dpctl_add_dp(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const auto [type, name] = split_full_name(args[0]);
  if (!context.add_datapath) return out.fail("add_dp", EOPNOTSUPP);
  const auto added = context.add_datapath(std::string(type), std::string(name));
  if (!added) return out.fail("add_dp", added.error().code);
  bool ok = true;
  for (const std::string& word : args.subspan(1)) ok &= add_one(out, **added, args[0], word);
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_del_dp(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  const Status deleted = context.del_datapath ? context.del_datapath(*datapath) : Status(fail("not supported", EOPNOTSUPP));
  return deleted ? out.done() : out.fail("del_dp", deleted.error().code);
}

DpctlAnswer dpctl_cache_get_size(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  std::vector<Datapath*> shown = context.registry->all();
  if (!args.empty()) {
    const auto found = context.registry->find(args[0]);
    if (!found) return out.fail(fmt::format("Opening datapath {} failed", args[0]), found.error().code);
    shown = {*found};
  }
  for (const Datapath* datapath : shown) {
    out.print(full_name(*datapath) + ":\n");
    show_caches(out, *datapath);
  }
  return out.done();
}

DpctlAnswer dpctl_cache_set_size(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const auto found = context.registry->find(args[0]);
  if (!found) return out.fail("Opening datapath failed", found.error().code);
  const auto entries = parse_unsigned(args[2]);
  if (!entries || *entries > UINT32_MAX) return out.fail("size is malformed", EINVAL);
  if (args[1] != kMaskCache || !(*found)->mask_cache_size())
    return out.fail(fmt::format("Cache name \"{}\" not found on dpif", args[1]), EINVAL);
  const auto now = (*found)->set_mask_cache_size(static_cast<uint32_t>(*entries));
  if (!now) return out.fail("Setting cache size failed", now.error().code);
  out.print(fmt::format("Setting cache size successful, new size {}\n", *now));
  return out.done();
}

// No datapath hands flows to hardware.
DpctlAnswer dpctl_offload_stats_show(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  return take_datapath(out, args, 1) ? out.fail("retrieving offload statistics", EOPNOTSUPP) : out.failed();
}

DpctlAnswer dpctl_show(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  if (args.empty())
    for (Datapath* d : context.registry->all()) show_one(out, *d, options.statistics);
  bool ok = true;
  for (const std::string& name : args) {
    if (const auto found = context.registry->find(name)) {
      show_one(out, **found, options.statistics);
    } else {
      out.warn(fmt::format("opening datapath {} failed", name), found.error().code);
      ok = false;
    }
  }
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_add_if(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const std::string& called = args[0];
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= add_one(out, *datapath, called, word);
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_del_if(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const std::string& called = args[0];
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= del_one(out, *datapath, called, word);
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_set_if(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const std::string& called = args[0];
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= set_one(out, *datapath, called, word);
  return ok ? out.done() : out.failed();
}

}  // namespace turnout::datapath
