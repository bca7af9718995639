// Printing and reading lists of datapath actions. What has a text of some length of its own has a file of its own.
#include "lib/datapath/action_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "lib/base/strings.h"
#include "lib/datapath/attribute_text.h"
#include "lib/datapath/conntrack_action_text.h"
#include "lib/datapath/push_text.h"
#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_push_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/datapath/userspace_cookie.h"

namespace turnout::datapath {

namespace {

using PortName = std::function<std::optional<std::string>(DpPort)>;
using PortNumber = std::function<std::optional<DpPort>(std::string_view)>;

constexpr std::string_view kSeparators = ", \t\n\r";
constexpr size_t kMinUserdata = 8;         // the reference fills what is shorter, and so do we: the texts are the same
constexpr size_t kMaxPsampleCookie = 16;

struct HashName { const char* name; uint32_t algorithm; };
constexpr HashName kHashNames[] = {{"l4", kHashL4}, {"sym_l4", kHashSymmetricL4}};

struct Printer {
  const PortName& port_name;

  std::string operator()(const Output& a) const {
    if (port_name)
      if (auto name = port_name(a.port)) return *name;
    return std::to_string(a.port.value);
  }
  std::string operator()(const PushVlan& a) const { return format_push(a); }
  std::string operator()(const PushMpls& a) const { return format_push(a); }
  std::string operator()(const PushEthernet& a) const { return format_push(a); }
  std::string operator()(const PushNsh& a) const { return format_push(a); }
  std::string operator()(const PopVlan&) const { return "pop_vlan"; }
  std::string operator()(const PopMpls& a) const { return fmt::format("pop_mpls(eth_type=0x{:x})", a.eth_type.host()); }
  std::string operator()(const PopEthernet&) const { return "pop_eth"; }
  std::string operator()(const PopNsh&) const { return "pop_nsh()"; }
  std::string operator()(const Userspace& a) const {
    std::string text = fmt::format("userspace(pid={}", a.pid);
    if (const auto cookie = decode_cookie(a.userdata)) text += "," + format_cookie(*cookie);
    else if (!a.userdata.empty()) text += ",userdata(" + text::hex_bytes(a.userdata) + ")";
    if (a.with_actions) text += ",actions";
    if (a.tunnel_out_port != kDpPortNone) text += ",tunnel_out_port=" + (*this)(Output{a.tunnel_out_port});
    return text + ")";
  }
  std::string operator()(const Truncate& a) const { return fmt::format("trunc({})", a.max_length); }
  std::string operator()(const Recirculate& a) const { return fmt::format("recirc({})", text::alternate_hex(a.id)); }
  std::string operator()(const Meter& a) const { return fmt::format("meter({})", a.id); }
  std::string operator()(const ConntrackClear&) const { return "ct_clear"; }
  std::string operator()(const TrackConnection& a) const { return format_conntrack(*a.spec); }
  std::string operator()(const Hash& a) const {
    for (const HashName& h : kHashNames)
      if (a.algorithm == h.algorithm) return fmt::format("hash({}({}))", h.name, a.basis);
    return fmt::format("hash(algorithm={}({}))", a.algorithm, a.basis);
  }
  std::string operator()(const Psample& a) const {
    std::string text = fmt::format("psample(group={}", a.group);
    if (!a.cookie->empty()) text += ",cookie=0x" + text::hex_bytes(*a.cookie);
    return text + ")";
  }
  std::string operator()(const BondOutput& a) const { return fmt::format("lb_output({})", a.bond); }
  std::string operator()(const TunnelPush& a) const { return format_tunnel_push(*a.header); }
  std::string operator()(const TunnelPop& a) const { return fmt::format("tnl_pop({})", a.port.value); }
  std::string operator()(const Clone& a) const { return fmt::format("clone({})", list(a.actions)); }
  std::string operator()(const Sample& a) const {
    return fmt::format("sample(sample={:.1f}%,actions({}))", 100.0 * a.probability / UINT32_MAX, list(a.actions));
  }
  std::string operator()(const CheckPacketLength& a) const {
    return fmt::format("check_pkt_len(size={},gt({}),le({}))", a.length, list(a.branches->if_greater), list(a.branches->if_not));
  }
  std::string operator()(const DecrementTtl& a) const { return fmt::format("dec_ttl(le_1({}))", list(a.if_expired)); }
  std::string operator()(const SetTunnel& a) const {
    std::string text = "set(tunnel(";
    if (a.tunnel) append_set_tunnel(text, *a.tunnel);
    return text + "))";
  }
  std::string operator()(const Set& a) const {
    const flow::Match match = a.match();
    std::string text = "set(";
    append_set_attribute(text, row_of(a.attribute), match.key, match.mask);
    return text + ")";
  }
  std::string operator()(const Drop& a) const { return a.reason ? fmt::format("drop({})", a.reason) : "drop"; }

  std::string list(const ActionList& actions) const { return format_actions(actions, port_name); }
};

// Splits at separators outside parentheses.
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

// NAME(BODY) in full.
struct Call { std::string_view name, body; };
std::optional<Call> as_call(std::string_view text) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(")")) return std::nullopt;
  return Call{text.substr(0, open), text.substr(open + 1, text.size() - open - 2)};
}
std::optional<std::string_view> body_of(std::string_view text, std::string_view name) {
  const auto call = as_call(text);
  return call && call->name == name ? std::optional(call->body) : std::nullopt;
}

template <typename A, typename T>
std::optional<Action> wrap(std::optional<T> value) {
  return value ? std::optional<Action>(A{std::move(*value)}) : std::nullopt;
}

// What comes back in the upcall: some cookie by its name, or bytes.
std::optional<std::vector<uint8_t>> parse_userdata(std::string_view text) {
  const auto call = as_call(text);
  if (!call) return std::nullopt;
  if (call->name == "userdata") {
    auto bytes = parse_hex(call->body);
    if (bytes) bytes->resize(std::max(bytes->size(), kMinUserdata));
    return bytes;
  }
  const auto cookie = parse_cookie(call->name, call->body);
  return cookie ? std::optional(encode_cookie(*cookie)) : std::nullopt;
}

// "pid=N[,USERDATA][,actions][,tunnel_out_port=N]"
std::optional<Action> parse_userspace(std::string_view body) {
  constexpr std::string_view kPid = "pid=", kActions = "actions", kPort = "tunnel_out_port=";
  const auto parts = split_actions(body, ",");
  if (!parts || parts->empty() || !(*parts)[0].starts_with(kPid)) return std::nullopt;
  const auto pid = parse_u32((*parts)[0].substr(kPid.size()));
  if (!pid) return std::nullopt;
  Userspace action{.pid = *pid, .userdata = std::vector<uint8_t>(kUserspaceCookieSize)};
  auto part = parts->begin() + 1;
  if (part != parts->end() && part->ends_with(')')) {
    auto userdata = parse_userdata(*part++);
    if (!userdata) return std::nullopt;
    action.userdata = std::move(*userdata);
  }
  if (part != parts->end() && *part == kActions) action.with_actions = true, ++part;
  if (part != parts->end() && part->starts_with(kPort)) {
    const auto port = parse_u32(part++->substr(kPort.size()));
    if (!port) return std::nullopt;
    action.tunnel_out_port = DpPort{*port};
  }
  return part == parts->end() ? std::optional<Action>(std::move(action)) : std::nullopt;
}

// "ATTRIBUTE(…)"
std::optional<Action> parse_set(std::string_view body) {
  const auto call = as_call(body);
  // White space belongs between actions only.
  if (!call || call->body.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
  if (call->name == "tunnel") {
    flow::TunnelKey tunnel{};
    if (!parse_set_tunnel(tunnel, call->body)) return std::nullopt;
    return SetTunnel{std::make_shared<const flow::TunnelKey>(tunnel)};
  }
  const AttributeRow* row = find_attribute(call->name);
  flow::Match match;
  if (!row || !parse_attribute(match, *row, call->body)) return std::nullopt;
  return Set{row->attribute, match};
}

std::optional<Action> parse_hash(std::string_view body) {
  const auto call = as_call(body);
  const auto basis = call ? parse_u32(call->body) : std::nullopt;
  if (!basis) return std::nullopt;
  for (const HashName& h : kHashNames)
    if (call->name == h.name) return Hash{h.algorithm, *basis};
  constexpr std::string_view kOther = "algorithm=";
  const auto algorithm = call->name.starts_with(kOther) ? parse_u32(call->name.substr(kOther.size())) : std::nullopt;
  return algorithm ? std::optional<Action>(Hash{*algorithm, *basis}) : std::nullopt;
}

// "group=N[,cookie=0xHEX]"
std::optional<Action> parse_psample(std::string_view body) {
  constexpr std::string_view kGroup = "group=", kCookie = "cookie=0x";
  const size_t comma = body.find(',');
  const auto group = body.starts_with(kGroup) ? parse_u32(body.substr(kGroup.size(), comma - kGroup.size())) : std::nullopt;
  if (!group) return std::nullopt;
  if (comma == std::string_view::npos) return Psample{*group, {}};
  body.remove_prefix(comma + 1);
  auto cookie = body.starts_with(kCookie) ? parse_hex(body.substr(kCookie.size())) : std::nullopt;
  if (!cookie || cookie->empty() || cookie->size() > kMaxPsampleCookie) return std::nullopt;
  return Psample{*group, std::move(*cookie)};
}

class Parser {
 public:
  explicit Parser(const PortNumber& port_number, unsigned depth = 0) : port_number_(port_number), depth_(depth) {}

  std::optional<ActionList> list(std::string_view text) const;
  std::optional<Action> action(std::string_view text) const;

 private:
  std::optional<Action> call(std::string_view name, std::string_view body) const;
  std::optional<Action> sample(std::string_view body) const;
  std::optional<Action> check_length(std::string_view body) const;
  std::optional<Action> dec_ttl(std::string_view body) const;
  std::optional<ActionList> list_or_drop(std::string_view text) const { return list(text == "drop" ? "" : text); }

  const PortNumber& port_number_;
  const unsigned depth_;
};

std::optional<ActionList> Parser::list(std::string_view text) const {
  const auto parts = split_actions(text, kSeparators);
  if (!parts || depth_ >= kMaxActionNesting) return std::nullopt;
  const Parser inside{port_number_, depth_ + 1};
  ActionList actions;
  for (std::string_view part : *parts) {
    auto parsed = inside.action(part);
    if (!parsed) return std::nullopt;
    actions.push_back(std::move(*parsed));
  }
  return actions;
}

// "sample=P%,actions(…)"
std::optional<Action> Parser::sample(std::string_view body) const {
  const size_t percent = body.find("%,");
  if (!body.starts_with("sample=") || percent == std::string_view::npos) return std::nullopt;
  const std::string number(trim(body.substr(7, percent - 7)));
  char* end = nullptr;
  const double share = std::strtod(number.c_str(), &end);
  if (number.empty() || *end || !(share >= 0.0 && share <= 100.0)) return std::nullopt;
  const auto inner = body_of(body.substr(percent + 2), "actions");
  auto actions = inner ? list_or_drop(*inner) : std::nullopt;
  if (!actions) return std::nullopt;
  return Sample{static_cast<uint32_t>(std::llround(share / 100.0 * UINT32_MAX)), std::move(*actions)};
}

// "size=N,gt(…),le(…)"
std::optional<Action> Parser::check_length(std::string_view body) const {
  const auto parts = split_actions(body, ",");
  if (!parts || parts->size() != 3 || !(*parts)[0].starts_with("size=")) return std::nullopt;
  const auto length = parse_u32((*parts)[0].substr(5));
  const auto greater = body_of((*parts)[1], "gt"), less = body_of((*parts)[2], "le");
  if (!length || *length > 0xffff || !greater || !less) return std::nullopt;
  auto if_greater = list_or_drop(*greater), if_not = list_or_drop(*less);
  if (!if_greater || !if_not) return std::nullopt;
  return CheckPacketLength{static_cast<uint16_t>(*length), PacketLengthBranches{std::move(*if_greater), std::move(*if_not)}};
}

// "le_1(…)"
std::optional<Action> Parser::dec_ttl(std::string_view body) const {
  const auto inner = body_of(body, "le_1");
  return inner ? wrap<DecrementTtl>(list_or_drop(*inner)) : std::nullopt;
}

std::optional<Action> Parser::call(std::string_view name, std::string_view body) const {
  if (name == "push_vlan") return parse_push_vlan(body);
  if (name == "push_mpls") return parse_push_mpls(body, true);
  if (name == "add_mpls") return parse_push_mpls(body, false);
  if (name == "push_eth") return parse_push_ethernet(body);
  if (name == "push_nsh") return parse_push_nsh(body);
  if (name == "pop_nsh") return body.empty() ? std::optional<Action>(PopNsh{}) : std::nullopt;
  if (name == "pop_mpls") return wrap<PopMpls>(parse_eth_type(body));
  if (name == "set") return parse_set(body);
  if (name == "ct") return wrap<TrackConnection>(parse_conntrack(body));
  if (name == "userspace") return parse_userspace(body);
  if (name == "hash") return parse_hash(body);
  if (name == "psample") return parse_psample(body);
  if (name == "tnl_push") return wrap<TunnelPush>(parse_tunnel_push(body));
  if (name == "sample") return sample(body);
  if (name == "check_pkt_len") return check_length(body);
  if (name == "dec_ttl") return dec_ttl(body);
  if (name == "clone") return wrap<Clone>(list_or_drop(body));
  const auto number = parse_u32(body);
  if (!number) return std::nullopt;
  if (name == "meter") return Meter{*number};
  if (name == "trunc") return Truncate{*number};
  if (name == "recirc") return Recirculate{*number};
  if (name == "drop") return Drop{*number};
  if (name == "lb_output") return BondOutput{*number};
  if (name == "tnl_pop") return TunnelPop{DpPort{*number}};
  return std::nullopt;
}

std::optional<Action> Parser::action(std::string_view text) const {
  if (text == "pop_vlan") return PopVlan{};
  if (text == "pop_eth") return PopEthernet{};
  if (text == "ct_clear") return ConntrackClear{};
  if (text == "ct") return TrackConnection{};
  if (const auto parts = as_call(text)) return call(parts->name, parts->body);
  if (const auto number = parse_u32(text)) return Output{DpPort{*number}};
  if (port_number_)
    if (const auto port = port_number_(text)) return Output{*port};
  return std::nullopt;
}

}  // namespace

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
  const auto parts = split_actions(text, kSeparators);
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
