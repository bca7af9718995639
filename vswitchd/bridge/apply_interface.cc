// Steps about interfaces: open the device, give it to the datapath, give it a number on the switch; and undo all that.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "vswitchd/bridge/running.h"

namespace turnout::bridge {

namespace {

Log log_bridge{"bridge"};

std::string reason_of(const Error& e) { return e.code ? std::strerror(e.code) : e.message; }

std::optional<std::string> patch_error(const DesiredInterface& i) {
  auto peer = i.options.find("peer");
  if (peer == i.options.end() || peer->second.empty())
    return fmt::format("{}: patch type requires valid 'peer' argument", i.name);
  if (peer->second == i.name) return fmt::format("{}: patch peer must not be self", i.name);
  return std::nullopt;
}

net::Mac random_mac() {
  net::Mac mac = default_bridge_mac(Uuid::random());
  return mac;
}

}  // namespace

void Running::add_interface(RunningBridge& bridge, RunningPort& port, const DesiredInterface& wanted) {
  RunningInterface& i = port.interfaces[wanted.name];
  i.config = wanted;
  // With --enable-dummy=override dummies serve these types, too.
  i.is_tunnel = netdev::find_tunnel_kind(wanted.type) && context_.devices.dummy_mode() != netdev::DummyMode::kOverride;
  where_[wanted.name] = {bridge.name, port.config->name};
  touched_ports_.emplace(bridge.name, port.config->name);
  open_interface(bridge, port, i);
}

void Running::change_interface(RunningBridge& bridge, RunningPort& port, RunningInterface& i,
                               const DesiredInterface& wanted) {
  const bool mtu = wanted.mtu_request != i.config.mtu_request, options = wanted.options != i.config.options;
  const bool peer = i.is_patch() && options;
  i.config = wanted;
  touch(i);
  touched_ports_.emplace(bridge.name, port.config->name);
  touched_bridges_.insert(bridge.name);
  if (i.is_tunnel) {
    if (mtu) refuse_tunnel_mtu(i.config);
    if (options) change_tunnel(bridge, port, i);
    return;
  }
  if (peer) {
    patches_changed_ = true;
    if (patch_error(i.config) || !i.ofport) {
      if (i.ofport) bridge.sw->remove_port(*i.ofport);
      i.ofport.reset();
      open_interface(bridge, port, i);
    } else if (ofproto::SwitchPort* p = bridge.sw->port(*i.ofport)) {
      p->peer = i.config.options["peer"];
    }
    return;
  }
  if (netdev::Device* d = device(bridge, i); d && mtu && i.config.mtu_request) {
    if (Status s = d->set_mtu(*i.config.mtu_request); !s)
      log_bridge.err("interface {}: setting MTU to {} failed ({})", i.config.name, *i.config.mtu_request, reason_of(s.error()));
    i.link = d->link_state();
  }
}

void Running::remove_interface(RunningBridge& bridge, RunningPort& port, const std::string& name, bool delete_device) {
  auto at = port.interfaces.find(name);
  if (at == port.interfaces.end()) return;
  RunningInterface& i = at->second;
  const bool own = i.config.type == "internal" || i.config.type == "tap";
  close_device(bridge, i);
  if (i.ofport) {
    bridge.sw->remove_port(*i.ofport);
    log_bridge.info("bridge {}: deleted interface {} on port {}", bridge.name, name, i.ofport->value);
  }
  patches_changed_ |= i.is_patch();
  if (own && delete_device) context_.devices.remove(name);
  failed_.erase(name);
  where_.erase(name);
  dirty_.interfaces.erase(name);
  port.interfaces.erase(at);
  touched_ports_.emplace(bridge.name, port.config->name);
  touched_bridges_.insert(bridge.name);
}

void Running::fail_interface(RunningInterface& i, std::string error, bool say) {
  if (say && error != i.error) log_bridge.warn("{}", error);
  i.error = std::move(error);
  failed_.insert(i.config.name);
  touch(i);
}

void Running::open_interface(RunningBridge& bridge, RunningPort& port, RunningInterface& i) {
  if (!bridge.backend) return fail_interface(i, bridge.error, false);
  const bool had_number = i.ofport.has_value();
  if (i.is_patch()) {
    patches_changed_ = true;
    if (auto error = patch_error(i.config)) return fail_interface(i, *error, true);
    if (i.own_mac.is_zero()) i.own_mac = random_mac();
  } else if (i.is_tunnel) {
    if (Status s = open_tunnel(bridge, i); !s) return fail_interface(i, s.error().message, true);
  } else {
    std::optional<net::Mac> mac;
    if (i.config.name == bridge.name || port.config->fake_bridge) mac = bridge.mac;
    if (i.config.mac && i.config.name != bridge.name && !i.config.mac->is_multicast()) mac = i.config.mac;
    if (Status s = open_device(bridge, i, mac); !s) {
      if (had_number) {   // was there, is away: the port and its number stay
        i.error = s.error().message;
        failed_.insert(i.config.name);
        return touch(i);
      }
      return fail_interface(i, s.error().message, true);
    }
  }
  touch(i);
  touched_ports_.emplace(bridge.name, port.config->name);
  touched_bridges_.insert(bridge.name);
  if (Status s = join_switch(bridge, i); !s) {
    close_device(bridge, i);
    return fail_interface(i, s.error().message, true);
  }
  i.error.clear();
  failed_.erase(i.config.name);
  if (!had_number)
    log_bridge.info("bridge {}: added interface {} on port {}", bridge.name, i.config.name, i.ofport->value);
}

Status Running::open_device(RunningBridge& bridge, RunningInterface& i, const std::optional<net::Mac>& mac) {
  netdev::OpenRequest request;
  request.name = i.config.name;
  request.type = context_.backers.open_type(bridge.datapath_type, i.config.type);
  request.options.insert(i.config.options.begin(), i.config.options.end());
  if (i.config.type == "internal" || i.config.type.starts_with("dummy")) request.mac = mac;
  auto opened = bridge.backend->datapath().open_device(context_.devices, request);
  if (!opened)
    return fail(fmt::format("could not open network device {} ({})", i.config.name, reason_of(opened.error())),
                opened.error().code);
  if (i.config.mtu_request)
    if (Status s = (*opened)->set_mtu(*i.config.mtu_request); !s)
      log_bridge.err("interface {}: setting MTU to {} failed ({})", i.config.name, *i.config.mtu_request,
                     reason_of(s.error()));
  i.link = (*opened)->link_state();
  auto number = bridge.backend->datapath().add_port(std::move(*opened), std::nullopt);
  if (!number)
    return fail(fmt::format("could not add network device {} to ofproto ({})", i.config.name, reason_of(number.error())),
                number.error().code);
  i.dp_port = *number;
  return {};
}

Status Running::join_switch(RunningBridge& bridge, RunningInterface& i) {
  if (i.ofport) {
    if (ofproto::SwitchPort* p = bridge.sw->port(*i.ofport)) {
      p->dp_port = i.dp_port;
      p->mac = i.is_tunnel ? i.own_mac : i.link.mac;
      p->tunnel = i.tunnel;
      return {};
    }
  }
  ofproto::SwitchPort port;
  port.name = i.config.name;
  port.type = context_.backers.shown_type(bridge.datapath_type, i.config.type);
  port.dp_port = i.dp_port;
  port.mac = i.is_patch() || i.is_tunnel ? i.own_mac : i.link.mac;
  port.tunnel = i.tunnel;
  if (i.is_patch()) port.peer = i.config.options["peer"];
  std::optional<OfPort> wanted;
  if (i.config.ofport_request)
    wanted = OfPort(*i.config.ofport_request);
  else if (auto number = context_.remembered_ofport(i.config.row))
    wanted = OfPort(*number);
  auto number = bridge.sw->add_port(std::move(port), wanted);
  if (!number)
    return fail(fmt::format("could not add network device {} to ofproto ({})", i.config.name, number.error().message));
  i.ofport = *number;
  return {};
}

void Running::close_device(RunningBridge& bridge, RunningInterface& i) {
  if (i.dp_port == kDpPortNone) return;
  datapath::Datapath& datapath = bridge.backend->datapath();
  if (Status s = i.is_tunnel ? datapath.del_tunnel(i.dp_port) : datapath.del_port(i.dp_port); !s)
    log_bridge.warn("bridge {}: removing {} from the datapath failed ({})", bridge.name, i.config.name, s.error().message);
  i.dp_port = kDpPortNone;
  i.tunnel.reset();
  i.egress = {};
  tunnels_.erase(i.config.name);
  if (i.ofport)
    if (ofproto::SwitchPort* p = bridge.sw->port(*i.ofport)) p->dp_port = kDpPortNone;
}

void Running::retry_failed() {
  const std::set<std::string> failed = failed_;
  for (const std::string& name : failed) {
    auto at = find_interface(name);
    if (!at || at->interface->dp_port != kDpPortNone) continue;
    if (at->interface->is_patch() && at->interface->ofport) continue;
    open_interface(*at->bridge, *at->port, *at->interface);
  }
}

}  // namespace turnout::bridge
