// See validate.h.
#include "vswitchd/bridge/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace turnout::bridge {

namespace {

std::vector<Uuid> interface_rows(const DesiredPort& port) {
  std::vector<Uuid> rows;
  for (const auto& i : port.interfaces) rows.push_back(i.row);
  return rows;
}

void drop_impossible_bridges(Desired& desired, std::vector<Complaint>& out) {
  for (auto it = desired.bridges.begin(); it != desired.bridges.end();) {
    if (is_valid_bridge_name(it->first)) {
      ++it;
      continue;
    }
    Complaint c{fmt::format("ignoring bridge with invalid name \"{}\"", it->first), false, {}, {}};
    for (const auto& port : it->second.ports)
      for (const Uuid& row : interface_rows(*port)) c.interfaces.push_back(row);
    c.interface_error = fmt::format("\"{}\" is not a valid bridge name", it->first);
    out.push_back(std::move(c));
    it = desired.bridges.erase(it);
  }
}

// The ports that bridges share, and interfaces that ports share.
class Claims {
 public:
  // False: the port goes, and why is in out.
  bool claim(const DesiredBridge& bridge, const DesiredPort& port, std::vector<Complaint>& out) {
    if (auto [it, fresh] = ports_.emplace(port.row, &bridge); !fresh) {
      out.push_back({fmt::format("bridge {}: port {} is already on bridge {}, ignoring it here", bridge.name, port.name,
                                 it->second->name),
                     false, {}, {}});
      return false;
    }
    if (port.interfaces.empty()) {
      out.push_back({fmt::format("bridge {}: port {} has no interfaces, ignoring it", bridge.name, port.name), false, {}, {}});
      return false;
    }
    for (const auto& i : port.interfaces) {
      auto owner = interfaces_.find(i.row);
      if (owner == interfaces_.end()) continue;
      out.push_back({fmt::format("bridge {}: interface {} of port {} is already on port {}, ignoring the port",
                                 bridge.name, i.name, port.name, owner->second->name),
                     false, {}, {}});
      return false;
    }
    for (const auto& i : port.interfaces) interfaces_.emplace(i.row, &port);
    return true;
  }

 private:
  std::unordered_map<Uuid, const DesiredBridge*> ports_;
  std::unordered_map<Uuid, const DesiredPort*> interfaces_;
};

// Almost always: every port has interfaces, and no row serves twice. Then nobody's claims need to be looked at.
bool all_is_in_order(const Desired& desired) {
  std::vector<Uuid> ports, interfaces;
  for (const auto& [name, bridge] : desired.bridges) {
    for (const auto& port : bridge.ports) {
      if (port->interfaces.empty()) return false;
      ports.push_back(port->row);
      for (const auto& i : port->interfaces) interfaces.push_back(i.row);
    }
  }
  for (auto* rows : {&ports, &interfaces}) {
    std::sort(rows->begin(), rows->end());
    if (std::adjacent_find(rows->begin(), rows->end()) != rows->end()) return false;
  }
  return true;
}

void drop_what_is_shared(Desired& desired, std::vector<Complaint>& out) {
  Claims claims;
  for (auto& [name, bridge] : desired.bridges)
    bridge.ports.erase_if([&](const auto& port) { return !claims.claim(bridge, *port, out); });
}

void complain_of_addresses(const DesiredBridge& bridge, std::vector<Complaint>& out) {
  for (const auto& port : bridge.ports) {
    for (const auto& i : port->interfaces) {
      if (!i.mac) continue;
      if (i.name == bridge.name)
        out.push_back({fmt::format("interface {}: ignoring mac in Interface record (use Bridge record to set local "
                                   "port's mac)", i.name),
                       true, {}, {}});
      else if (i.mac->is_multicast())
        out.push_back({fmt::format("interface {}: cannot set MAC to multicast address", i.name), true, {}, {}});
    }
  }
}

}  // namespace

bool is_valid_bridge_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == std::string_view::npos;
}

std::vector<Complaint> validate(Desired& desired) {
  std::vector<Complaint> out;
  drop_impossible_bridges(desired, out);
  if (!all_is_in_order(desired)) drop_what_is_shared(desired, out);
  for (const auto& [name, bridge] : desired.bridges) complain_of_addresses(bridge, out);
  return out;
}

}  // namespace turnout::bridge
