// A switch's ports, and the rules it has of its own accord.
#include "vswitchd/ofproto/switch.h"

namespace turnout::ofproto {
namespace {

flow::Match match_reg0(uint32_t value) {
  flow::Match match;
  match.key.regs[0] = value;
  match.mask.regs[0] = UINT32_MAX;
  return match;
}

flow::Match match_not_recirculated() {
  flow::Match match;
  match.mask.recirc_id = UINT32_MAX;
  return match;
}

// Why a packet came to table 254, in reg0 there.
enum InternalReason : uint32_t { kMissWithController = 1, kMissWithout = 2, kFragmentDropped = 3 };

}  // namespace

Switch::Switch(std::string name, uint64_t datapath_id, Clock& clock)
    : name_(std::move(name)), datapath_id_(datapath_id), clock_(clock), tables_(std::make_shared<Tables>()) {
  add_internal_rules();
}
Switch::~Switch() = default;

void Switch::add_internal_rules() {
  const TimePoint now = clock_.now();
  const auto add = [&](int32_t priority, const flow::Match& match, ActionList actions) {
    return tables_->add({kInternalTable, priority, 0, match, std::move(actions), true}, now);
  };
  recirc_rule_ = add(2, match_not_recirculated(), {});
  miss_to_controller_rule_ = add(0, match_reg0(kMissWithController), {MissToController{}});
  miss_rule_ = add(0, match_reg0(kMissWithout), {});
  drop_frags_rule_ = add(0, match_reg0(kFragmentDropped), {});
  tables_->commit();
}

void Switch::set_fail_mode(FailMode mode, bool has_controller) {
  fail_mode_ = mode;
  const bool want = mode == FailMode::kStandalone && !has_controller;
  if (want && !default_rule_) {
    default_rule_ = tables_->add({0, 0, 0, {}, {OutputAction{kOfPortNormal}}, false}, clock_.now());
  } else if (!want && default_rule_) {
    tables_->remove(*default_rule_);
    default_rule_.reset();
  }
  tables_->commit();
}

Result<OfPort> Switch::add_port(SwitchPort port, std::optional<OfPort> wanted) {
  auto number = numbers_.allocate(port.name, wanted, port.name == name_);
  if (!number) return fail(number);
  port.number = *number;
  ports_.emplace(number->value, std::move(port));
  return *number;
}

void Switch::remove_port(OfPort port) {
  ports_.erase(port.value);
  numbers_.release(port);
}

Status Switch::renumber_port(OfPort from, OfPort to) {
  auto it = ports_.find(from.value);
  if (it == ports_.end()) return fail("no such port");
  if (from == kOfPortLocal || to.value == 0 || to >= kOfPortMax || ports_.contains(to.value))
    return fail("port number " + std::to_string(to.value) + " cannot be had");
  SwitchPort port = std::move(it->second);
  remove_port(from);
  auto added = add_port(std::move(port), to);
  if (!added) return fail(added);
  return {};
}

SwitchPort* Switch::port(OfPort number) {
  auto it = ports_.find(number.value);
  return it == ports_.end() ? nullptr : &it->second;
}
const SwitchPort* Switch::port(OfPort number) const { return const_cast<Switch*>(this)->port(number); }

const SwitchPort* Switch::port(std::string_view name) const {
  const auto number = numbers_.find(name);
  return number ? port(*number) : nullptr;
}

std::string Switch::port_text(OfPort number) const {
  return number == kOfPortLocal ? "LOCAL" : std::to_string(number.value);
}

}  // namespace turnout::ofproto
