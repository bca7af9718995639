// See conntrack_text.h.
#include "lib/datapath/conntrack_text.h"

#include <fmt/format.h>
#include <netinet/in.h>   // before the kernel's headers, which then leave its types alone
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_sctp.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "lib/base/strings.h"

namespace turnout::datapath {
namespace {

struct BitName { uint32_t bit; const char* name; };

constexpr BitName kStatusBits[] = {
    {IPS_EXPECTED, "EXPECTED"},         {IPS_SEEN_REPLY, "SEEN_REPLY"},     {IPS_ASSURED, "ASSURED"},
    {IPS_CONFIRMED, "CONFIRMED"},       {IPS_SRC_NAT, "SRC_NAT"},           {IPS_DST_NAT, "DST_NAT"},
    {IPS_SEQ_ADJUST, "SEQ_ADJUST"},     {IPS_SRC_NAT_DONE, "SRC_NAT_DONE"}, {IPS_DST_NAT_DONE, "DST_NAT_DONE"},
    {IPS_DYING, "DYING"},               {IPS_FIXED_TIMEOUT, "FIXED_TIMEOUT"}, {IPS_TEMPLATE, "TEMPLATE"},
    {IPS_UNTRACKED, "UNTRACKED"}};

constexpr BitName kTcpFlags[] = {{IP_CT_TCP_FLAG_WINDOW_SCALE, "WINDOW_SCALE"},
                                 {IP_CT_TCP_FLAG_SACK_PERM, "SACK_PERM"},
                                 {IP_CT_TCP_FLAG_CLOSE_INIT, "CLOSE_INIT"},
                                 {IP_CT_TCP_FLAG_BE_LIBERAL, "BE_LIBERAL"},
                                 {IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED, "DATA_UNACKNOWLEDGED"},
                                 {IP_CT_TCP_FLAG_MAXACK_SET, "MAXACK_SET"},
                                 {IP_CT_EXP_CHALLENGE_ACK, "CHALLENGE_ACK"},
                                 {IP_CT_TCP_SIMULTANEOUS_OPEN, "SIMULTANEOUS_OPEN"}};

constexpr const char* kTcpStates[] = {"CLOSED",     "LISTEN",     "SYN_SENT", "SYN_RECV", "ESTABLISHED", "CLOSE_WAIT",
                                      "FIN_WAIT_1", "CLOSING",    "LAST_ACK", "FIN_WAIT_2", "TIME_WAIT"};

// In the order of enum sctp_conntrack, whose first is NONE.
constexpr const char* kSctpStates[] = {"NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED",  "ESTABLISHED",
                                       "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED"};

// "A|B". Bits without a name are not told, as by the reference, whose list is this one.
std::string bits_text(uint32_t bits, std::span<const BitName> names) {
  std::string text;
  for (const BitName& one : names) {
    if (!(bits & one.bit)) continue;
    text += text.empty() ? one.name : std::string("|") + one.name;
  }
  return text.empty() ? "0" : text;
}

std::string tuple_text(const CtTuple& t) {
  std::string text = fmt::format("src={},dst={}", to_string(t.source), to_string(t.destination));
  if (t.is_icmp()) text += fmt::format(",id={},type={},code={}", t.icmp_id, t.icmp_type, t.icmp_code);
  else text += fmt::format(",sport={},dport={}", t.source_port, t.destination_port);
  return text;
}

std::string direction_text(const char* name, const CtTuple& tuple, const CtCounters& count, bool statistics) {
  std::string text = fmt::format(",{}=({}", name, tuple_text(tuple));
  if (statistics && (count.packets || count.bytes)) text += fmt::format(",packets={},bytes={}", count.packets, count.bytes);
  return text + ")";
}

std::string time_text(const char* name, int64_t ns) {
  const time_t seconds = ns / 1'000'000'000;
  tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format(",{}={}.{:03}", name, std::string_view(text, size), ns / 1'000'000 % 1000);
}

std::string labels_text(const CtLabels& labels) {
  std::string digits;
  for (size_t i = labels.size(); i-- > 0;) digits += fmt::format("{:02x}", labels[i]);
  const size_t first = digits.find_first_not_of('0');
  return "0x" + digits.substr(first == digits.npos ? digits.size() - 1 : first);
}

std::string protocol_info_text(const CtEntry& entry, bool more) {
  if (const auto* sctp = std::get_if<CtSctp>(&entry.protocol_info)) {
    const std::string state = sctp->state < std::size(kSctpStates) ? kSctpStates[sctp->state] : std::to_string(sctp->state);
    return fmt::format(",protoinfo=(state={},vtag_orig={},vtag_reply={})", state, sctp->vtag_orig, sctp->vtag_reply);
  }
  const auto* tcp = std::get_if<CtTcp>(&entry.protocol_info);
  if (!tcp) return "";
  if (!more) return fmt::format(",protoinfo=(state={})", ct_tcp_state_name(ct_tcp_state(*tcp)));
  std::string text = fmt::format(",protoinfo=(state_orig={},state_reply={}", ct_tcp_state_name(tcp->state_orig),
                                 ct_tcp_state_name(tcp->state_reply));
  if (tcp->wscale_orig || tcp->wscale_reply)
    text += fmt::format(",wscale_orig={},wscale_reply={}", tcp->wscale_orig, tcp->wscale_reply);
  text += ",flags_orig=" + bits_text(tcp->flags_orig, kTcpFlags);
  return text + ",flags_reply=" + bits_text(tcp->flags_reply, kTcpFlags) + ")";
}

template <typename T>
bool set_number(std::optional<T>& member, std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value > std::numeric_limits<T>::max()) return false;
  member = static_cast<T>(*value);
  return true;
}

bool set_ipv4(std::optional<CtAddress>& member, std::string_view text) {
  const auto address = net::parse_ipv4(text);
  if (address) member = *address;
  return address.has_value();
}

bool set_ipv6(std::optional<CtAddress>& member, std::string_view text) {
  const auto address = net::Ipv6::parse(text);
  if (address) member = *address;
  return address.has_value();
}

// Two words may set one member: those of the two families.
struct TupleWord {
  std::string_view name;
  bool (*set)(CtTupleMatch&, std::string_view);
  bool (*is_set)(const CtTupleMatch&);
};
using M = CtTupleMatch;
using V = std::string_view;
constexpr TupleWord kTupleWords[] = {
    {"ct_nw_src", [](M& m, V v) { return set_ipv4(m.source, v); }, [](const M& m) { return m.source.has_value(); }},
    {"ct_nw_dst", [](M& m, V v) { return set_ipv4(m.destination, v); }, [](const M& m) { return m.destination.has_value(); }},
    {"ct_ipv6_src", [](M& m, V v) { return set_ipv6(m.source, v); }, [](const M& m) { return m.source.has_value(); }},
    {"ct_ipv6_dst", [](M& m, V v) { return set_ipv6(m.destination, v); }, [](const M& m) { return m.destination.has_value(); }},
    {"ct_nw_proto", [](M& m, V v) { return set_number(m.protocol, v); }, [](const M& m) { return m.protocol.has_value(); }},
    {"ct_tp_src", [](M& m, V v) { return set_number(m.source_port, v); }, [](const M& m) { return m.source_port.has_value(); }},
    {"ct_tp_dst", [](M& m, V v) { return set_number(m.destination_port, v); },
     [](const M& m) { return m.destination_port.has_value(); }},
    {"icmp_id", [](M& m, V v) { return set_number(m.icmp_id, v); }, [](const M& m) { return m.icmp_id.has_value(); }},
    {"icmp_type", [](M& m, V v) { return set_number(m.icmp_type, v); }, [](const M& m) { return m.icmp_type.has_value(); }},
    {"icmp_code", [](M& m, V v) { return set_number(m.icmp_code, v); }, [](const M& m) { return m.icmp_code.has_value(); }}};

std::optional<size_t> family_of(const CtTupleMatch& m) {
  if (m.source) return m.source->index();
  return m.destination ? std::optional(m.destination->index()) : std::nullopt;
}

Status parse_tuple_word(std::string_view name, std::string_view value, CtTupleMatch& match) {
  const auto word = std::ranges::find(kTupleWords, name, &TupleWord::name);
  if (word == std::end(kTupleWords)) return fail(fmt::format("invalid conntrack tuple field: {}", name), EINVAL);
  CtTupleMatch alone;
  if (!word->set(alone, value)) return fail(fmt::format("failed to parse field {}", name), EINVAL);
  const auto before = family_of(match), now = family_of(alone);
  if (before && now && *before != *now) return fail(fmt::format("the L3 protocol does not match {}", value), EINVAL);
  if (word->is_set(match)) return fail(fmt::format("{} is set multiple times", name), EINVAL);
  word->set(match, value);
  return {};
}

// Up to 128 bits in decimal (64 of them), octal or hexadecimal.
std::optional<CtLabels> parse_u128(std::string_view text) {
  CtLabels value{};
  if (const auto small = parse_unsigned(text)) {
    for (size_t i = 0; i < 8; ++i) value[i] = static_cast<uint8_t>(*small >> 8 * i);
    return value;
  }
  if (!text.starts_with("0x") || text.size() < 3) return std::nullopt;
  text.remove_prefix(2);
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  if (text.size() > 32) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const int digit = hex_digit(text[text.size() - 1 - i]);
    if (digit < 0) return std::nullopt;
    value[i / 2] |= static_cast<uint8_t>(digit << (i % 2 * 4));
  }
  return value;
}

}  // namespace

std::string_view ct_tcp_state_name(CtTcpState state) { return kTcpStates[static_cast<size_t>(state)]; }

// What either side has reached further. Halfway through its opening a connection counts as open.
CtTcpState ct_tcp_state(const CtTcp& tcp) {
  const CtTcpState state = std::max(tcp.state_orig, tcp.state_reply);
  return state == CtTcpState::kSynRecv ? CtTcpState::kEstablished : state;
}

std::string ct_protocol_name(uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP: return "tcp";
    case IPPROTO_UDP: return "udp";
    case IPPROTO_UDPLITE: return "udplite";
    case IPPROTO_SCTP: return "sctp";
    case IPPROTO_ICMP: return "icmp";
    case IPPROTO_ICMPV6: return "icmpv6";
    case IPPROTO_DCCP: return "dccp";
    case IPPROTO_IGMP: return "igmp";
    default: return std::to_string(protocol);
  }
}

std::string format_connection(const CtEntry& entry, const CtTextOptions& options) {
  std::string text = ct_protocol_name(entry.orig.protocol);
  text += direction_text("orig", entry.orig, entry.count_orig, options.statistics);
  text += direction_text("reply", entry.reply, entry.count_reply, options.statistics);
  if (options.statistics && entry.start_ns) text += time_text("start", entry.start_ns);
  if (options.statistics && entry.stop_ns) text += time_text("stop", entry.stop_ns);
  if (options.more) text += fmt::format(",id={}", entry.id.value_or(0));
  if (entry.zone) text += fmt::format(",zone={}", entry.zone);
  if (options.more) text += ",status=" + bits_text(entry.status, kStatusBits);
  if (options.statistics) text += fmt::format(",timeout={}", entry.timeout_s);
  if (entry.mark) text += fmt::format(",mark={}", entry.mark);
  if (entry.labels && *entry.labels != CtLabels{}) text += ",labels=" + labels_text(*entry.labels);
  text += protocol_info_text(entry, options.more);
  if (!entry.helper.empty()) text += ",helper=" + entry.helper;
  if (options.more && entry.parent) text += fmt::format(",parent=({})", tuple_text(*entry.parent));
  return text;
}

std::string format_expectation(const CtExpectation& expectation, const CtTextOptions& options) {
  std::string text = ct_protocol_name(expectation.tuple.protocol) + direction_text("orig", expectation.tuple, {}, false);
  if (expectation.zone) text += fmt::format(",zone={}", expectation.zone);
  if (options.statistics) text += fmt::format(",timeout={}", expectation.timeout_s);
  if (!expectation.helper.empty()) text += ",helper=" + expectation.helper;
  return text + fmt::format(",parent=({})", tuple_text(expectation.parent));
}

Result<CtTupleMatch> parse_ct_tuple(std::string_view text) {
  CtTupleMatch match;
  for (const std::string_view part : split_any(text, ", ")) {
    const size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (equals == part.npos || equals + 1 == part.size()) return fail(fmt::format("field {} missing value", name), EINVAL);
    if (Status parsed = parse_tuple_word(name, part.substr(equals + 1), match); !parsed) return fail(parsed);
  }
  const bool icmp = match.protocol == IPPROTO_ICMP || match.protocol == IPPROTO_ICMPV6;
  const bool ports = match.source_port || match.destination_port;
  if (!icmp && (match.icmp_id || match.icmp_type || match.icmp_code)) return fail("invalid L4 fields", EINVAL);
  if (icmp && ports) return fail("invalid L4 fields", EINVAL);
  if (ports && !match.protocol) return fail("port is set without protocol", EINVAL);
  return match;
}

std::optional<CtLabelsMatch> parse_ct_labels(std::string_view text) {
  const size_t slash = text.find('/');
  const auto value = parse_u128(text.substr(0, slash));
  if (!value) return std::nullopt;
  CtLabelsMatch match{*value, {}};
  match.mask.fill(0xff);
  if (slash == text.npos) return match;
  const auto mask = parse_u128(text.substr(slash + 1));
  if (!mask) return std::nullopt;
  match.mask = *mask;
  return match;
}

}  // namespace turnout::datapath
