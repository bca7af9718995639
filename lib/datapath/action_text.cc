// Printing and reading datapath actions.
#include "lib/datapath/action_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/strings.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/net/headers.h"

namespace turnout::datapath {

namespace {

using PortName = std::function<std::optional<std::string>(DpPort)>;
using PortNumber = std::function<std::optional<DpPort>(std::string_view)>;

struct ReasonName { const char* name; uint32_t reason; };
constexpr ReasonName kReasons[] = {{"cfm", kSlowCfm},   {"bfd", kSlowBfd},   {"lacp", kSlowLacp},    {"stp", kSlowStp},
                                   {"lldp", kSlowLldp}, {"action", kSlowAction}, {"match", kSlowMatch}};
// The first byte of userdata says what it is.
constexpr uint8_t kSlowPathKind = 1;

std::string hex_of(std::span<const uint8_t> bytes) {
  std::string text;
  for (uint8_t b : bytes) text += fmt::format("{:02x}", b);
  return text;
}

std::string slow_path_text(uint32_t reasons) {
  std::string text;
  for (const auto& r : kReasons)
    if (reasons & r.reason) text += (text.empty() ? "" : ",") + std::string(r.name);
  return text;
}

struct Printer {
  const PortName& port_name;

  std::string operator()(const Output& a) const {
    if (port_name)
      if (auto name = port_name(a.port)) return *name;
    return std::to_string(a.port.value);
  }
  std::string operator()(const PushVlan& a) const {
    const uint16_t tci = a.tci.host();
    std::string text = "push_vlan(";
    if (a.tpid.host() != net::kEthTypeVlan) text += fmt::format("tpid=0x{:04x},", a.tpid.host());
    text += fmt::format("vid={},pcp={}", tci & 0xfff, tci >> 13);
    if (!(tci & flow::kVlanPresent)) text += ",cfi=0";
    return text + ")";
  }
  std::string operator()(const PopVlan&) const { return "pop_vlan"; }
  std::string operator()(const Userspace& a) const {
    std::string text = fmt::format("userspace(pid={}", a.pid);
    if (const auto reasons = slow_path_reasons(a.userdata)) text += fmt::format(",slow_path({})", slow_path_text(*reasons));
    else if (!a.userdata.empty()) text += fmt::format(",userdata({})", hex_of(a.userdata));
    return text + ")";
  }
  std::string operator()(const Truncate& a) const { return fmt::format("trunc({})", a.max_length); }
  std::string operator()(const Recirculate& a) const { return a.id ? fmt::format("recirc({:#x})", a.id) : "recirc(0)"; }
  std::string operator()(const Meter& a) const { return fmt::format("meter({})", a.id); }
  std::string operator()(const ConntrackClear&) const { return "ct_clear"; }
  std::string operator()(const Clone& a) const { return fmt::format("clone({})", format_actions(a.actions, port_name)); }
  std::string operator()(const Sample& a) const {
    return fmt::format("sample(sample={:.1f}%,actions({}))", 100.0 * a.probability / UINT32_MAX,
                       format_actions(a.actions, port_name));
  }
  std::string operator()(const CheckPacketLength& a) const {
    return fmt::format("check_pkt_len(size={},gt({}),le({}))", a.length, format_actions(a.if_greater, port_name),
                       format_actions(a.if_not, port_name));
  }
  std::string operator()(const SetTunnel& a) const {
    std::string text = "set(tunnel(";
    append_set_tunnel(text, *a.tunnel);
    return text + "))";
  }
  std::string operator()(const Drop& a) const { return a.reason ? fmt::format("drop({})", a.reason) : "drop"; }
};

// Splits at commas and white space outside parentheses.
std::optional<std::vector<std::string_view>> split_actions(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool end = i == text.size() || (depth == 0 && separators.find(text[i]) != std::string_view::npos);
    if (end) {
      if (i > start) parts.push_back(text.substr(start, i - start));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth < 0) {
      return std::nullopt;
    }
  }
  if (depth) return std::nullopt;
  return parts;
}

std::optional<uint32_t> parse_u32(std::string_view text) {
  const auto v = parse_unsigned(text);
  if (!v || *v > 0xffffffff) return std::nullopt;
  return static_cast<uint32_t>(*v);
}

std::optional<Action> parse_push_vlan(std::string_view body) {
  std::optional<uint32_t> tpid = net::kEthTypeVlan, vid, pcp, cfi = 1;
  for (std::string_view part : split(body, ',')) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = part.substr(0, equals);
    const auto value = parse_u32(part.substr(equals + 1));
    if (name == "tpid") tpid = value;
    else if (name == "vid") vid = value;
    else if (name == "pcp") pcp = value;
    else if (name == "cfi") cfi = value;
    else return std::nullopt;
  }
  if (!tpid || !vid || !pcp || !cfi || *tpid > 0xffff || *vid > 0xfff || *pcp > 7 || *cfi > 1) return std::nullopt;
  return PushVlan{Be16{static_cast<uint16_t>(*tpid)}, Be16{static_cast<uint16_t>(*pcp << 13 | *cfi << 12 | *vid)}};
}

std::optional<uint32_t> parse_reasons(std::string_view text) {
  if (const auto number = parse_u32(text)) return *number < (kSlowMatch << 1) ? number : std::nullopt;
  uint32_t reasons = 0;
  for (std::string_view name : split_any(text, ",|")) {
    uint32_t found = 0;
    for (const auto& r : kReasons)
      if (name == r.name) found = r.reason;
    if (!found) return std::nullopt;
    reasons |= found;
  }
  return reasons;
}

std::optional<Action> parse_userspace(std::string_view body) {
  const auto parts = split_actions(body, ",");
  if (!parts || parts->empty() || !(*parts)[0].starts_with("pid=")) return std::nullopt;
  const auto pid = parse_u32((*parts)[0].substr(4));
  if (!pid) return std::nullopt;
  Userspace action{*pid, {}};
  for (size_t i = 1; i < parts->size(); ++i) {
    std::string_view part = (*parts)[i];
    if (!part.ends_with(")")) return std::nullopt;
    part.remove_suffix(1);
    if (part.starts_with("slow_path(")) {
      const auto reasons = parse_reasons(part.substr(10));
      if (!reasons) return std::nullopt;
      action.userdata = slow_path_userdata(*reasons);
    } else if (part.starts_with("userdata(")) {
      auto bytes = parse_hex(part.substr(9));
      if (!bytes) return std::nullopt;
      action.userdata = std::move(*bytes);
    } else {
      return std::nullopt;
    }
  }
  return action;
}

struct Parser {
  const PortNumber& port_number;
  unsigned depth = 0;

  std::optional<ActionList> list(std::string_view text);
  std::optional<Action> action(std::string_view text);
  std::optional<Action> sample(std::string_view body);
  std::optional<Action> check_length(std::string_view body);
};

// What stands in the parentheses of "NAME(…)".
std::optional<std::string_view> body_of(std::string_view text, std::string_view name) {
  if (text.size() < name.size() + 2 || !text.starts_with(name) || text[name.size()] != '(' || text.back() != ')')
    return std::nullopt;
  return text.substr(name.size() + 1, text.size() - name.size() - 2);
}

std::optional<Action> parse_set(std::string_view body) {
  const auto inside = body_of(body, "tunnel");
  flow::TunnelKey tunnel{};
  if (!inside || !parse_set_tunnel(tunnel, *inside)) return std::nullopt;
  return SetTunnel{std::make_shared<const flow::TunnelKey>(tunnel)};
}

std::optional<ActionList> Parser::list(std::string_view text) {
  const auto parts = split_actions(text, ", \t\n\r");
  if (!parts || depth >= kMaxActionNesting) return std::nullopt;
  Parser inside{port_number, depth + 1};
  ActionList actions;
  for (std::string_view part : *parts) {
    auto parsed = inside.action(part);
    if (!parsed) return std::nullopt;
    actions.push_back(std::move(*parsed));
  }
  return actions;
}

// "sample=P%,actions(…)"
std::optional<Action> Parser::sample(std::string_view body) {
  const size_t percent = body.find("%,");
  if (!body.starts_with("sample=") || percent == std::string_view::npos) return std::nullopt;
  const std::string number(trim(body.substr(7, percent - 7)));
  char* end = nullptr;
  const double share = std::strtod(number.c_str(), &end);
  if (number.empty() || *end || !(share >= 0.0 && share <= 100.0)) return std::nullopt;
  const auto inner = body_of(body.substr(percent + 2), "actions");
  auto actions = inner ? list(*inner) : std::nullopt;
  if (!actions) return std::nullopt;
  return Sample{static_cast<uint32_t>(share / 100.0 * UINT32_MAX), std::move(*actions)};
}

// "size=N,gt(…),le(…)"
std::optional<Action> Parser::check_length(std::string_view body) {
  const auto parts = split_actions(body, ",");
  if (!parts || parts->size() != 3 || !(*parts)[0].starts_with("size=")) return std::nullopt;
  const auto length = parse_u32((*parts)[0].substr(5));
  const auto greater = body_of((*parts)[1], "gt"), less = body_of((*parts)[2], "le");
  if (!length || *length > 0xffff || !greater || !less) return std::nullopt;
  auto if_greater = list(*greater == "drop" ? "" : *greater), if_not = list(*less == "drop" ? "" : *less);
  if (!if_greater || !if_not) return std::nullopt;
  return CheckPacketLength{static_cast<uint16_t>(*length), std::move(*if_greater), std::move(*if_not)};
}

std::optional<Action> Parser::action(std::string_view text) {
  if (text == "pop_vlan") return PopVlan{};
  if (text == "ct_clear") return ConntrackClear{};
  if (const size_t open = text.find('('); open != std::string_view::npos && text.ends_with(")")) {
    const std::string_view name = text.substr(0, open), body = text.substr(open + 1, text.size() - open - 2);
    if (name == "push_vlan") return parse_push_vlan(body);
    if (name == "userspace") return parse_userspace(body);
    if (name == "sample") return sample(body);
    if (name == "check_pkt_len") return check_length(body);
    if (name == "set") return parse_set(body);
    if (name == "clone") {
      auto actions = list(body);
      return actions ? std::optional<Action>(Clone{std::move(*actions)}) : std::nullopt;
    }
    const auto number = parse_u32(body);
    if (!number) return std::nullopt;
    if (name == "meter") return Meter{*number};
    if (name == "trunc") return Truncate{*number};
    if (name == "recirc") return Recirculate{*number};
    if (name == "drop") return Drop{*number};
    return std::nullopt;
  }
  if (const auto number = parse_u32(text)) return Output{DpPort{*number}};
  if (port_number)
    if (const auto port = port_number(text)) return Output{*port};
  return std::nullopt;
}

}  // namespace

std::vector<uint8_t> slow_path_userdata(uint32_t reasons) {
  return {kSlowPathKind, 0, 0, 0, static_cast<uint8_t>(reasons >> 24), static_cast<uint8_t>(reasons >> 16),
          static_cast<uint8_t>(reasons >> 8), static_cast<uint8_t>(reasons)};
}

std::optional<uint32_t> slow_path_reasons(std::span<const uint8_t> u) {
  if (u.size() != 8 || u[0] != kSlowPathKind || u[1] || u[2] || u[3]) return std::nullopt;
  return uint32_t{u[4]} << 24 | uint32_t{u[5]} << 16 | uint32_t{u[6]} << 8 | u[7];
}

std::string format_actions(const ActionList& actions, const PortName& port_name) {
  if (actions.empty()) return "drop";
  std::string text;
  for (const Action& action : actions) {
    if (!text.empty()) text += ',';
    text += std::visit(Printer{port_name}, action);
  }
  return text;
}

Result<ActionList> parse_actions(std::string_view text, const PortNumber& port_number) {
  ActionList actions;
  const auto parts = split_actions(text, ", \t\n\r");
  if (!parts) return fail(fmt::format("unbalanced parentheses in actions \"{}\"", text), EINVAL);
  if (parts->size() == 1 && (*parts)[0] == "drop") return actions;
  for (std::string_view part : *parts) {
    auto action = Parser{port_number}.action(part);
    if (!action) return fail(fmt::format("syntax error at action \"{}\"", part), EINVAL);
    actions.push_back(std::move(*action));
  }
  return actions;
}

}  // namespace turnout::datapath
