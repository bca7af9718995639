// See diff.h.
#include "vswitchd/bridge/diff.h"

#include <algorithm>
#include <set>

namespace turnout::bridge {

namespace {

using Kind = Step::Kind;

// Interfaces of a bridge that must go and come anew although they are wanted before and after.
using Renewed = std::set<std::string, std::less<>>;

bool needs_reopening(const DesiredInterface& a, const DesiredInterface& b) {
  if (a.type != b.type || a.row != b.row) return true;
  // Dummies take their options when they are made; nothing else has any that outlive a look.
  return a.options != b.options && b.type.starts_with("dummy");
}

const DesiredInterface* find_interface(const DesiredPort& port, std::string_view name) {
  for (const auto& i : port.interfaces)
    if (i.name == name) return &i;
  return nullptr;
}

bool same_bridge(const DesiredBridge& a, const DesiredBridge& b) {
  return a.row == b.row && a.datapath_type == b.datapath_type;
}

class BridgeDiff {
 public:
  BridgeDiff(const DesiredBridge* from, const DesiredBridge* to, const CurrentNumbers& numbers)
      : from_(from), to_(to), numbers_(numbers) {
    pair_up();
    if (from_ && to_) find_renewed();
  }

  void removals(std::vector<Step>& out) const {
    if (!from_) return;
    for (const auto& [port, wanted] : pairs_) {
      if (!port || (wanted == port && renewed_.empty())) continue;
      for (const auto& i : port->interfaces)
        if (!wanted || !find_interface(*wanted, i.name) || renewed_.contains(i.name))
          out.push_back({Kind::kRemoveInterface, from_->name, port->name, i.name});
      if (!wanted) out.push_back({Kind::kRemovePort, from_->name, port->name, {}});
    }
    if (!to_) out.push_back({Kind::kRemoveBridge, from_->name, {}, {}});
  }

  void bridge_step(std::vector<Step>& out) const {
    if (!to_) return;
    if (!from_)
      out.push_back({Kind::kAddBridge, to_->name, {}, {}});
    else if (!(from_->settings == to_->settings))
      out.push_back({Kind::kChangeBridge, to_->name, {}, {}});
  }

  void ports(std::vector<Step>& out) const {
    if (!to_) return;
    for (const auto& [old, port] : pairs_) {
      if (!port || old == port) continue;
      if (!old)
        out.push_back({Kind::kAddPort, to_->name, port->name, {}});
      else if (port_changed(*old, *port))
        out.push_back({Kind::kChangePort, to_->name, port->name, {}});
    }
    interfaces(out);
  }

 private:
  static bool port_changed(const DesiredPort& a, const DesiredPort& b) {
    return !(a.vlan == b.vlan) || a.is_protected != b.is_protected || a.fake_bridge != b.fake_bridge || a.mac != b.mac;
  }

  // Interfaces that come: those that ask for a number before the others, the local port first of all.
  void interfaces(std::vector<Step>& out) const {
    std::vector<Step> asking, others, changed;
    for (const auto& [old, port] : pairs_) {
      if (!port || (old == port && renewed_.empty())) continue;
      for (const auto& i : port->interfaces) {
        const DesiredInterface* before = old ? find_interface(*old, i.name) : nullptr;
        Step step{Kind::kAddInterface, to_->name, port->name, i.name};
        if (before && !renewed_.contains(i.name)) {
          if (*before == i) continue;
          step.kind = Kind::kChangeInterface;
          changed.push_back(std::move(step));
        } else if (i.name == to_->name) {
          out.push_back(std::move(step));
        } else {
          (i.ofport_request ? asking : others).push_back(std::move(step));
        }
      }
    }
    for (auto* group : {&asking, &others, &changed})
      for (Step& s : *group) out.push_back(std::move(s));
  }

  // The ports of before and after side by side, in the order of their names; null: no such port, or one of another row.
  void pair_up() {
    static const PortSet kNone;
    const auto &before = from_ ? from_->ports : kNone, &after = to_ ? to_->ports : kNone;
    auto a = before.begin();
    auto b = after.begin();
    pairs_.reserve(std::max(before.size(), after.size()));
    while (a != before.end() || b != after.end()) {
      const bool same = a != before.end() && b != after.end() && (*a == *b || (*a)->name == (*b)->name);
      if (same && (*a == *b || (*a)->row == (*b)->row)) {
        pairs_.emplace_back((a++)->get(), (b++)->get());
      } else if (b == after.end() || (a != before.end() && (*a)->name <= (*b)->name)) {
        pairs_.emplace_back((a++)->get(), nullptr);
      } else {
        pairs_.emplace_back(nullptr, (b++)->get());
      }
    }
  }

  void find_renewed() {
    std::vector<uint16_t> claimed;
    for (const auto& [old, port] : pairs_) {
      if (!port || old == port) continue;
      for (const auto& i : port->interfaces) {
        const DesiredInterface* before = old ? find_interface(*old, i.name) : nullptr;
        const bool asks = i.ofport_request && i.name != to_->name;
        if (before && needs_reopening(*before, i)) renewed_.insert(i.name);
        if (!asks || (before && before->ofport_request == i.ofport_request)) continue;
        if (before && numbers_(to_->name, i.name) == i.ofport_request) continue;
        if (held_by_one_that_asked(*i.ofport_request)) continue;
        claimed.push_back(*i.ofport_request);
        if (before) renewed_.insert(i.name);
      }
    }
    if (!claimed.empty()) make_way(claimed);
  }

  // Some interface that stays has this number because it asked for it.
  bool held_by_one_that_asked(uint16_t number) const {
    for (const auto& [old, port] : pairs_) {
      if (!old || !port) continue;
      for (const auto& i : port->interfaces)
        if (i.ofport_request == number && numbers_(to_->name, i.name) == number) return true;
    }
    return false;
  }

  void make_way(const std::vector<uint16_t>& claimed) {
    for (const auto& [old, port] : pairs_) {
      if (!old || !port) continue;
      for (const auto& i : port->interfaces) {
        const auto number = numbers_(to_->name, i.name);
        if (number && std::find(claimed.begin(), claimed.end(), *number) != claimed.end() && i.ofport_request != number)
          renewed_.insert(i.name);
      }
    }
  }

  const DesiredBridge *from_, *to_;
  const CurrentNumbers& numbers_;
  std::vector<std::pair<const DesiredPort*, const DesiredPort*>> pairs_;
  Renewed renewed_;
};

}  // namespace

std::vector<Step> diff(const Desired& current, const Desired& desired, const CurrentNumbers& numbers) {
  std::vector<BridgeDiff> parts;
  for (const auto& [name, bridge] : current.bridges) {
    auto to = desired.bridges.find(name);
    if (to != desired.bridges.end() && same_bridge(bridge, to->second)) {
      parts.emplace_back(&bridge, &to->second, numbers);
    } else {
      parts.emplace_back(&bridge, nullptr, numbers);
      if (to != desired.bridges.end()) parts.emplace_back(nullptr, &to->second, numbers);
    }
  }
  for (const auto& [name, bridge] : desired.bridges)
    if (!current.bridges.contains(name)) parts.emplace_back(nullptr, &bridge, numbers);

  std::vector<Step> steps;
  for (const auto& p : parts) p.removals(steps);
  for (const auto& p : parts) p.bridge_step(steps);
  for (const auto& p : parts) p.ports(steps);
  return steps;
}

std::string to_string(const Step& s) {
  static constexpr const char* kNames[] = {"remove-interface", "remove-port", "remove-bridge", "add-bridge", "change-bridge",
                                           "add-port", "change-port", "add-interface", "change-interface"};
  std::string text = kNames[static_cast<size_t>(s.kind)];
  for (const std::string* part : {&s.bridge, &s.port, &s.interface})
    if (!part->empty()) text += " " + *part;
  return text;
}

}  // namespace turnout::bridge
