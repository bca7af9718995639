// dpctl/show and the commands about interfaces.
#include <fmt/format.h>

#include <cerrno>

#include "lib/base/strings.h"
#include "lib/datapath/dpctl_words.h"

namespace turnout::datapath {
namespace {

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
  if (port.type != "system") out.print(fmt::format(" ({})", port.type));
  out.print("\n");
  netdev::Device* device = datapath.device(port.number);
  if (!statistics || !device) return;
  const auto stats = device->statistics();
  if (stats) out.print(counters(port, *stats));
  else out.print(fmt::format("    could not retrieve statistics ({})\n", stats.error().message));
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
  out.warn("opening datapath", ENODEV);
  return nullptr;
}

bool add_one(DpctlOutput& out, Datapath& datapath, std::string_view word) {
  InterfaceWords wanted = parse_interface(word);
  if (port_by_name(datapath, wanted.request.name) || (wanted.number && datapath.device(*wanted.number))) {
    out.warn(fmt::format("adding {} to {} failed", wanted.request.name, full_name(datapath)), EEXIST);
    return false;
  }
  if (!out.context().open_device) {
    out.warn(wanted.request.name + ": failed to open network device", EOPNOTSUPP);
    return false;
  }
  auto device = out.context().open_device(wanted.request);
  if (!device) {
    const int code = device.error().code;
    out.warn(wanted.request.name + ": failed to open network device", code ? code : EINVAL);
    return false;
  }
  if (auto added = datapath.add_port(std::move(*device), wanted.number); !added) {
    out.warn(fmt::format("adding {} to {} failed", wanted.request.name, full_name(datapath)), added.error().code);
    return false;
  }
  return true;
}

bool del_one(DpctlOutput& out, Datapath& datapath, const std::string& word) {
  std::optional<DpPort> port;
  if (const auto n = parse_unsigned(word); n && *n < kDpPortNone.value) port = DpPort{static_cast<uint32_t>(*n)};
  else port = port_by_name(datapath, word);
  if (!port) {
    out.warn("no port named " + word);
    return false;
  }
  if (Status s = datapath.del_port(*port); !s) {
    out.warn(fmt::format("deleting port {} from {} failed", word, full_name(datapath)), s.error().code);
    return false;
  }
  return true;
}

bool set_one(DpctlOutput& out, Datapath& datapath, std::string_view word) {
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
    out.warn(name + ": options are changed with ovs-vsctl set interface", EOPNOTSUPP);
    return false;
  }
  out.warn(fmt::format("{}: failed to query port in {}", name, full_name(datapath)), ENODEV);
  return false;
}

}  // namespace

DpctlAnswer dpctl_show(const DpctlContext& context, DpctlArgs args) {
  auto options = take_options(args);
  if (!options) return {false, options.error().message};
  DpctlOutput out(context);
  if (args.empty())
    for (Datapath* d : context.registry->all()) show_one(out, *d, options->statistics);
  bool ok = true;
  for (const std::string& name : args) {
    if (auto found = context.registry->find(name)) {
      show_one(out, **found, options->statistics);
    } else {
      out.warn(fmt::format("opening datapath {} failed", name), ENODEV);
      ok = false;
    }
  }
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_add_if(const DpctlContext& context, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= add_one(out, *datapath, word);
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_del_if(const DpctlContext& context, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= del_one(out, *datapath, word);
  return ok ? out.done() : out.failed();
}

DpctlAnswer dpctl_set_if(const DpctlContext& context, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = open_datapath(out, args);
  if (!datapath) return out.failed();
  bool ok = true;
  for (const std::string& word : args) ok &= set_one(out, *datapath, word);
  return ok ? out.done() : out.failed();
}

}  // namespace turnout::datapath
