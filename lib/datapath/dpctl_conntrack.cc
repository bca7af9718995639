// The dpctl commands about the connections that a datapath tracks.
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "lib/base/strings.h"
#include "lib/datapath/conntrack_text.h"
#include "lib/datapath/dpctl_words.h"

namespace turnout::datapath {
namespace {

// "zone=5"; the error says what is wrong with another.
Result<uint16_t> parse_zone(std::string_view word) {
  const auto zone = parse_unsigned(word.substr(word.find('=') + 1));
  if (!zone || *zone > UINT16_MAX) return fail("failed to parse zone", EINVAL);
  return static_cast<uint16_t>(*zone);
}

// [dp] [zone=N]: what several commands take.
struct TableWords {
  Datapath* datapath = nullptr;
  std::optional<uint16_t> zone;
};
std::optional<TableWords> take_table_words(DpctlOutput& out, DpctlArgs args) {
  TableWords words;
  const bool named = !args.empty() && !args[0].starts_with("zone=");
  if (!(words.datapath = named ? take_datapath(out, args, 1) : only_datapath(out))) return std::nullopt;
  if (args.empty()) return words;
  if (args.size() > 1 || !args[0].starts_with("zone=")) {
    out.warn("invalid argument " + args.back(), EINVAL);
    return std::nullopt;
  }
  const auto zone = parse_zone(args[0]);
  if (!zone) {
    out.warn(zone.error().message, zone.error().code);
    return std::nullopt;
  }
  words.zone = *zone;
  return words;
}

constexpr std::string_view kDumpFailed = "dumping conntrack entries failed";

// Connections by protocol, in the order of the text. Each name counts one protocol.
struct ProtocolName { uint8_t protocol; const char* name; };
constexpr ProtocolName kCounted[] = {{IPPROTO_TCP, "TCP"},   {IPPROTO_UDP, "UDP"},       {IPPROTO_UDPLITE, "UDPLITE"},
                                     {IPPROTO_SCTP, "SCTP"}, {IPPROTO_ICMP, "ICMP"},     {IPPROTO_ICMPV6, "ICMPV6"},
                                     {IPPROTO_DCCP, "DCCP"}, {IPPROTO_IGMP, "IGMP"}};
struct Census {
  uint64_t total = 0, others = 0;
  std::map<uint8_t, uint64_t> by_protocol;
  std::map<CtTcpState, uint64_t> tcp_states;
  void add(const CtEntry& entry) {
    ++total;
    const auto counted = [&](const ProtocolName& one) { return one.protocol == entry.orig.protocol; };
    if (std::ranges::none_of(kCounted, counted)) ++others;
    else ++by_protocol[entry.orig.protocol];
    if (const auto* tcp = std::get_if<CtTcp>(&entry.protocol_info)) ++tcp_states[ct_tcp_state(*tcp)];
  }
};

void print_census(DpctlOutput& out, const Census& census, bool states) {
  out.print(fmt::format("Connections Stats:\n    Total: {}\n", census.total));
  for (const auto& [protocol, name] : kCounted) {
    const auto at = census.by_protocol.find(protocol);
    if (at == census.by_protocol.end()) continue;
    out.print(fmt::format("  {}: {}\n", name, at->second));
    if (protocol != IPPROTO_TCP || !states) continue;
    out.print("    Conn per TCP states:\n");
    for (const auto& [state, count] : census.tcp_states)
      out.print(fmt::format("\t  [{}]={}\n", ct_tcp_state_name(state), count));
  }
  if (census.others) out.print(fmt::format("  Other: {}\n", census.others));
}

// One word of flush-conntrack into the selection; tuples come in their order.
Status parse_flush_word(std::string_view word, CtSelection& selection, unsigned& tuples) {
  if (word.starts_with("zone=")) {
    const auto zone = parse_zone(word);
    if (!zone) return fail(zone);
    selection.zone = *zone;
    return {};
  }
  if (word.starts_with("mark=")) {
    const auto parts = split(word.substr(5), '/');
    const auto mark = parse_unsigned(parts[0]);
    const auto mask = parts.size() == 2 ? parse_unsigned(parts[1]) : std::optional<uint64_t>(UINT32_MAX);
    if (parts.size() > 2 || !mark || !mask || *mark > UINT32_MAX || *mask > UINT32_MAX)
      return fail("failed to parse mark", EINVAL);
    selection.mark = static_cast<uint32_t>(*mark);
    selection.mark_mask = static_cast<uint32_t>(*mask);
    return {};
  }
  if (word.starts_with("labels=")) {
    const auto labels = parse_ct_labels(word.substr(7));
    if (!labels) return fail("failed to parse labels", EINVAL);
    selection.labels = labels->value;
    selection.labels_mask = labels->mask;
    return {};
  }
  if (tuples == 2) return fail(fmt::format("invalid argument {}", word), EINVAL);
  auto tuple = parse_ct_tuple(word);
  if (!tuple) return fail(tuple);
  (tuples++ ? selection.reply : selection.orig) = *tuple;
  return {};
}

}  // namespace

Conntrack* tracker_of(DpctlOutput& out, Datapath& datapath, std::string_view message) {
  if (Conntrack* conntrack = datapath.conntrack()) return conntrack;
  out.warn(message, EOPNOTSUPP);
  return nullptr;
}

Datapath* take_known_datapath(DpctlOutput& out, DpctlArgs& words) {
  const bool named = !words.empty() && out.context().registry->find(words[0]);
  return named ? take_datapath(out, words, 1) : only_datapath(out);
}

DpctlAnswer dpctl_dump_conntrack(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  const auto words = take_table_words(out, args);
  if (!words) return out.failed();
  Conntrack* conntrack = tracker_of(out, *words->datapath, kDumpFailed);
  if (!conntrack) return out.failed();
  const Status walked = conntrack->each(words->zone, [&](const CtEntry& entry) {
    out.print(format_connection(entry, {options.more, options.statistics}) + "\n");
  });
  return walked ? out.done() : out.fail(kDumpFailed, walked.error().code);
}

DpctlAnswer dpctl_dump_conntrack_exp(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  constexpr std::string_view kFailed = "dumping conntrack expectations failed";
  const auto words = take_table_words(out, args);
  if (!words) return out.failed();
  Conntrack* conntrack = tracker_of(out, *words->datapath, kFailed);
  if (!conntrack) return out.failed();
  const Status walked = conntrack->each_expectation(words->zone, [&](const CtExpectation& expectation) {
    out.print(format_expectation(expectation, {options.more, options.statistics}) + "\n");
  });
  return walked ? out.done() : out.fail(kFailed, walked.error().code);
}

DpctlAnswer dpctl_flush_conntrack(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_known_datapath(out, args);
  if (!datapath) return out.fail("Cannot open dpif", EINVAL);
  CtSelection selection;
  unsigned tuples = 0;
  for (const std::string& word : args)
    if (Status parsed = parse_flush_word(word, selection, tuples); !parsed)
      return out.fail(parsed.error().message, parsed.error().code);
  Conntrack* conntrack = tracker_of(out, *datapath, "failed to flush conntrack");
  if (!conntrack) return out.failed();
  const Status flushed = conntrack->flush(selection);
  return flushed ? out.done() : out.fail("failed to flush conntrack", flushed.error().code);
}

DpctlAnswer dpctl_ct_stats_show(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  const bool verbose = !args.empty() && args.back() == "verbose";     // an older form of -m
  if (verbose) args = args.first(args.size() - 1);
  const auto words = take_table_words(out, args);
  if (!words) return out.failed();
  Conntrack* conntrack = tracker_of(out, *words->datapath, kDumpFailed);
  if (!conntrack) return out.failed();
  Census census;
  const Status walked = conntrack->each(words->zone, [&](const CtEntry& entry) { census.add(entry); });
  if (!walked) return out.fail(kDumpFailed, walked.error().code);
  print_census(out, census, options.more || verbose);
  return out.done();
}

// A kernel keeps its buckets to itself, and no tracker of ours shows any.
DpctlAnswer dpctl_ct_bkts(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const bool named = !args.empty() && !args[0].starts_with("gt=");
  Datapath* datapath = named ? take_datapath(out, args, 1) : only_datapath(out);
  if (!datapath) return out.failed();
  if (args.size() > 1 || (!args.empty() && (!args[0].starts_with("gt=") || !parse_unsigned(args[0].substr(3)))))
    return out.fail("invalid argument " + args.back(), EINVAL);
  if (!tracker_of(out, *datapath, kDumpFailed)) return out.failed();
  out.print("Command is available for UserSpace ConnTracker only.\n");
  return out.done();
}

}  // namespace turnout::datapath
