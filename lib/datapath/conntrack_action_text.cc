// See conntrack_action_text.h.
#include "lib/datapath/conntrack_action_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/datapath/sub_field_text.h"

namespace turnout::datapath {
namespace {

using namespace text;

constexpr size_t kMaxHelperName = 15, kMaxTimeoutName = 31;   // what the kernel takes

std::string address_range(const Nat& nat) {
  if (nat.family == Nat::Family::kIpv4) {
    const std::string first = net::ipv4_to_string(nat.ipv4_min);
    return nat.ipv4_max ? first + "-" + net::ipv4_to_string(nat.ipv4_max) : first;
  }
  // A port behind an address of this family needs brackets around it.
  const auto shown = [&](const net::Ipv6& a) { return nat.port_min || nat.port_max ? "[" + a.to_string() + "]" : a.to_string(); };
  return nat.ipv6_max.is_zero() ? shown(nat.ipv6_min) : shown(nat.ipv6_min) + "-" + shown(nat.ipv6_max);
}

std::string nat_text(const Nat& nat) {
  if (nat.kind == Nat::Kind::kCommitted) return "nat";
  std::string text = nat.kind == Nat::Kind::kSource ? "nat(src" : "nat(dst";
  if (nat.family != Nat::Family::kNone) {
    text += "=" + address_range(nat);
    if (nat.port_min || nat.port_max) text += fmt::format(":{}", nat.port_min);
    if (nat.port_max) text += fmt::format("-{}", nat.port_max);
    if (nat.persistent) text += ",persistent";
    if (nat.hash) text += ",hash";
    if (nat.random) text += ",random";
  }
  return text + ")";
}

// "MIN[-MAX]" of 16 bits; MAX not below MIN.
bool parse_ports(std::string_view text, Nat& nat) {
  const size_t dash = text.find('-');
  const auto first = parse_unsigned(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_unsigned(text.substr(dash + 1));
  if (!first || !last || *last > 0xffff || *last < *first) return false;
  nat.port_min = static_cast<uint16_t>(*first);
  nat.port_max = *last == *first ? 0 : static_cast<uint16_t>(*last);
  return true;
}

bool parse_ipv4_range(std::string_view text, Nat& nat) {
  const size_t dash = text.find('-');
  const auto first = net::parse_ipv4(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : net::parse_ipv4(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  nat.family = Nat::Family::kIpv4;
  nat.ipv4_min = *first;
  nat.ipv4_max = *last == *first ? Be32{} : *last;
  return true;
}

std::optional<net::Ipv6> parse_ipv6_maybe_in_brackets(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  return net::Ipv6::parse(text);
}

bool parse_ipv6_range(std::string_view text, Nat& nat) {
  const size_t dash = text.find('-');
  const auto first = parse_ipv6_maybe_in_brackets(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_ipv6_maybe_in_brackets(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  nat.family = Nat::Family::kIpv6;
  nat.ipv6_min = *first;
  nat.ipv6_max = *last == *first ? net::Ipv6{} : *last;
  return true;
}

// "ADDRESS[-ADDRESS][:PORT[-PORT]]"
bool parse_range(std::string_view text, Nat& nat) {
  const bool ipv6 = text.starts_with('[') || std::ranges::count(text, ':') > 1;
  size_t colon = std::string_view::npos;
  if (!ipv6) colon = text.find(':');
  else if (const size_t bracket = text.rfind("]:"); bracket != std::string_view::npos) colon = bracket + 1;
  if (colon != std::string_view::npos && !parse_ports(text.substr(colon + 1), nat)) return false;
  return ipv6 ? parse_ipv6_range(text.substr(0, colon), nat) : parse_ipv4_range(text.substr(0, colon), nat);
}

bool parse_nat_item(std::string_view item, Nat& nat) {
  if (item == "persistent") return nat.persistent = true;
  if (item == "hash") return nat.hash = true;
  if (item == "random") return nat.random = true;
  const std::string_view name = item.substr(0, 3);
  if (nat.kind != Nat::Kind::kCommitted || (name != "src" && name != "dst")) return false;
  nat.kind = name == "src" ? Nat::Kind::kSource : Nat::Kind::kDestination;
  return item.size() == 3 || (item[3] == '=' && parse_range(item.substr(4), nat));
}

std::optional<Nat> parse_nat(std::string_view body) {
  Nat nat;
  if (!body.empty())
    for (std::string_view item : split(body, ','))
      if (!parse_nat_item(item, nat)) return std::nullopt;
  if (nat.hash && nat.random) return std::nullopt;
  // What says how to choose an address has nothing to choose from without a range.
  if (nat.family == Nat::Family::kNone) nat.persistent = nat.hash = nat.random = false;
  return nat;
}

bool parse_label(std::string_view text, ConntrackSpec& spec) {
  const size_t slash = text.find('/');
  if (!parse_wide(text.substr(0, slash), spec.label)) return false;
  if (slash != std::string_view::npos) return parse_wide(text.substr(slash + 1), spec.label_mask);
  spec.label_mask.fill(0xff);
  return true;
}

bool parse_name(std::string_view text, size_t longest, std::string& to) {
  to = text;
  return !text.empty() && text.size() <= longest;
}

bool parse_item(std::string_view item, ConntrackSpec& spec) {
  if (item == "commit") return spec.commit = true;
  if (item == "force_commit") return spec.force = spec.commit = true;
  if (item == "nat") return spec.nat.emplace(), true;
  if (item.starts_with("nat(") && item.ends_with(")"))
    return (spec.nat = parse_nat(item.substr(4, item.size() - 5))).has_value();
  if (item.starts_with("helper=")) return parse_name(item.substr(7), kMaxHelperName, spec.helper);
  if (item.starts_with("timeout=")) return parse_name(item.substr(8), kMaxTimeoutName, spec.timeout);
  if (item.starts_with("mark=")) return parse_number(item.substr(5), spec.mark, spec.mark_mask);
  if (item.starts_with("label=")) return parse_label(item.substr(6), spec);
  uint16_t all = 0;
  return item.starts_with("zone=") && parse_number(item.substr(5), spec.zone, all) && all == 0xffff;
}

}  // namespace

std::string format_conntrack(const ConntrackSpec& spec) {
  std::string items;
  const auto add = [&](std::string_view item) {
    if (!items.empty()) items += ',';
    items += item;
  };
  if (spec.commit) add(spec.force ? "force_commit" : "commit");
  if (spec.zone) add(fmt::format("zone={}", spec.zone));
  if (spec.mark_mask) add("mark=" + alternate_hex(spec.mark) + "/" + alternate_hex(spec.mark_mask));
  if (std::ranges::any_of(spec.label_mask, [](uint8_t b) { return b != 0; })) {
    const bool full = std::ranges::all_of(spec.label_mask, [](uint8_t b) { return b == 0xff; });
    add("label=" + hex_number(spec.label) + (full ? "" : "/" + hex_number(spec.label_mask)));
  }
  if (!spec.helper.empty()) add("helper=" + spec.helper);
  if (!spec.timeout.empty()) add("timeout=" + spec.timeout);
  if (spec.nat) add(nat_text(*spec.nat));
  return items.empty() ? "ct" : "ct(" + items + ")";
}

std::optional<ConntrackSpec> parse_conntrack(std::string_view body) {
  ConntrackSpec spec;
  bool plain = false, forced = false;
  while (!(body = trim(body)).empty()) {
    size_t end = 0;
    for (int depth = 0; end < body.size() && (depth || std::string_view(", \t\r\n").find(body[end]) == std::string_view::npos); ++end)
      depth += (body[end] == '(') - (body[end] == ')');
    if (end) {
      const std::string_view item = body.substr(0, end);
      plain |= item == "commit";
      forced |= item == "force_commit";
      if (!parse_item(item, spec)) return std::nullopt;
    }
    body.remove_prefix(std::min(body.size(), end + 1));
  }
  if (plain && forced) return std::nullopt;
  return spec;
}

}  // namespace turnout::datapath
