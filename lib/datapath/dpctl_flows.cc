// The dpctl commands about flows and actions.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>

#include "lib/base/strings.h"
#include "lib/datapath/action_text.h"
#include "lib/datapath/dpctl_words.h"
#include "lib/datapath/key_text.h"
#include "lib/flow/text.h"

namespace turnout::datapath {
namespace {

using PortNames = std::map<uint32_t, std::string>;

PortNames names_of(const Datapath& datapath) {
  PortNames names;
  for (const PortInfo& port : datapath.ports()) names[port.number.value] = port.name;
  return names;
}

std::string tcp_flags_text(uint16_t flags) {
  static constexpr std::string_view kLetters = "FSRP.UECN";      // bit 0 first
  std::string text;
  for (size_t bit = 0; bit < kLetters.size(); ++bit)
    if (flags >> bit & 1) text += kLetters[bit];
  return text;
}

std::string stats_text(const FlowStats& stats, TimePoint now) {
  std::string text = fmt::format("packets:{}, bytes:{}, used:", stats.packets, stats.bytes);
  if (!stats.used_ns) text += "never";
  else text += fmt::format("{:.3f}s", static_cast<double>(std::max<int64_t>(0, now.ns - stats.used_ns)) / 1e9);
  if (stats.tcp_flags) text += ", flags:" + tcp_flags_text(stats.tcp_flags);
  return text;
}

std::string flow_line(const Datapath& datapath, const FlowEntry& flow, const DpctlContext& context, bool verbose,
                      const PortNames* names) {
  std::function<std::optional<std::string>(DpPort)> port_name;
  if (names)
    port_name = [names](DpPort port) -> std::optional<std::string> {
      auto it = names->find(port.value);
      if (it == names->end()) return std::nullopt;
      return it->second;
    };
  return fmt::format("{}{}, {},{} actions:{}\n", verbose && !flow.unnamed ? format_ufid(flow.ufid) + ", " : "",
                     format_flow(flow.key, flow.mask, {verbose, port_name, datapath.in_kernel()}),
                     stats_text(flow.stats, context.clock->now()), verbose ? " dp:ovs," : "",
                     format_actions(flow.actions, port_name));
}

// filter=, type= and pmd= of dump-flows.
struct DumpSelection {
  std::optional<flow::Match> filter;
  bool ours = true;                    // false: only flows that this datapath does not have (offloaded, other threads')
  bool main_thread_only = false;
};

// A flow is shown unless one of the bits that both it and the filter compare differs.
bool may_match(const FlowEntry& flow, const flow::Match& filter) {
  for (size_t i = 0; i < flow::kKeyWords; ++i) {
    const uint64_t both = flow::words(flow.mask)[i] & flow::words(filter.mask)[i];
    if ((flow::words(flow.key)[i] ^ flow::words(filter.key)[i]) & both) return false;
  }
  return true;
}

// False: not a type.
bool select_type(std::string_view text, DumpSelection& selection) {
  static constexpr std::string_view kOurs[] = {"ovs", "all", "non-offloaded"};
  static constexpr std::string_view kOthers[] = {"tc", "dpdk", "offloaded", "partially-offloaded"};
  selection.ours = false;
  for (std::string_view type : split_any(text, ", ")) {
    if (std::ranges::find(kOurs, type) != std::end(kOurs)) selection.ours = true;
    else if (std::ranges::find(kOthers, type) == std::end(kOthers)) return false;
  }
  return true;
}

// "WORD: unknown field NAME" for a word that names none.
std::string filter_error(std::string_view text, std::string_view message) {
  static constexpr std::string_view kUnknown = ": unknown field";
  if (!message.ends_with(kUnknown)) return fmt::format("{}: {}", text, message);
  const std::string_view word = message.substr(0, message.size() - kUnknown.size());
  return fmt::format("{}: unknown field {}", word, word.substr(0, word.find('=')));
}

bool select(DpctlOutput& out, const Datapath& datapath, std::string_view word, DumpSelection& selection) {
  if (word.starts_with("filter=")) {
    const std::string_view text = word.substr(7);
    auto match = flow::parse_match(text, [&](std::string_view name) -> std::optional<OfPort> {
      const auto port = port_by_name(datapath, name);
      if (!port || port->value >= kOfPortMax.value) return std::nullopt;
      return OfPort{static_cast<uint16_t>(port->value)};
    });
    if (match) selection.filter = std::move(*match);
    else out.warn(fmt::format("Failed to parse filter ({})", filter_error(text, match.error().message)));
    return static_cast<bool>(match);
  }
  if (word.starts_with("type=") && !out.context().daemon) {
    out.warn("Invalid argument 'type'. Use 'ovs-appctl dpctl/dump-flows' instead.");
    return false;
  }
  if (word.starts_with("type=")) {
    if (select_type(word.substr(5), selection)) return true;
    out.warn(fmt::format("Failed to parse type ({})", word.substr(5)), EINVAL);
    return false;
  }
  if (word.starts_with("pmd=")) {
    const auto core = parse_signed(word.substr(4));
    if (!core || *core < -1 || *core > INT32_MAX) return false;
    if (*core >= 0) selection.ours = false;
    selection.main_thread_only = true;
  }
  return true;
}

bool is_selection(std::string_view word) {
  return word.starts_with("filter=") || word.starts_with("type=") || word.starts_with("pmd=");
}

// A flow's words as users write them: "[ufid:…] key", where key bits that are not given are not compared.
Result<FlowEntry> parse_entry(const Datapath& datapath, std::string_view text) {
  FlowEntry entry;
  auto match = parse_flow(text, [&](std::string_view name) { return port_by_name(datapath, name); });
  if (!match) return fail(match);
  entry.key = match->key;
  entry.mask = match->mask;
  if (!datapath.in_kernel()) TURNOUT_MASK_ALL(entry.mask, recirc_id);
  text = trim(text);
  if (text.starts_with("ufid:"))
    if (const auto ufid = parse_ufid(text.substr(0, text.find_first_of(", \t")))) entry.ufid = *ufid;
  entry.unnamed = entry.ufid == Ufid{};
  if (entry.unnamed) entry.ufid = make_ufid(entry.key, entry.mask);
  return entry;
}

enum class PutMode { kAdd, kModify, kEither };
enum class LineMode { kAdd, kModify, kDelete };   // what a line of a file means that does not say

bool put_one(DpctlOutput& out, Datapath& datapath, std::string_view flow, std::string_view actions, PutMode mode,
             const DpctlOptions& options = {}) {
  auto entry = parse_entry(datapath, flow);
  if (!entry) {
    out.warn(fmt::format("parsing flow key ({})", entry.error().message), EINVAL);
    return false;
  }
  auto parsed = parse_actions(actions, [&](std::string_view name) { return port_by_name(datapath, name); });
  if (!parsed) {
    out.warn("parsing actions", EINVAL);
    return false;
  }
  entry->actions = std::move(*parsed);
  const auto standing = mode == PutMode::kAdd ? std::nullopt : datapath.find_flow(*entry);
  if (mode == PutMode::kModify && !standing) {
    out.warn("updating flow table", ENOENT);
    return false;
  }
  Status put = datapath.put_flow(*entry, mode != PutMode::kAdd);
  if (put && standing && options.clear) put = datapath.clear_flow_stats(*entry);
  if (!put) {
    // What the datapath cannot do is named.
    const bool unsupported = put.error().code == EOPNOTSUPP;
    out.warn(unsupported ? "updating flow table: " + put.error().message : "updating flow table", put.error().code);
    return false;
  }
  if (mode != PutMode::kAdd && options.statistics)
    out.print(stats_text(standing ? standing->stats : FlowStats{}, out.context().clock->now()) + "\n");
  return true;
}

DpctlAnswer put_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args, PutMode mode) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 3);
  if (!datapath || args.size() < 2) return out.failed();
  return put_one(out, *datapath, args[0], args[1], mode, options) ? out.done() : out.failed();
}

bool del_one(DpctlOutput& out, Datapath& datapath, std::string_view text, bool statistics = false) {
  FlowEntry like;
  if (const auto given = parse_ufid(trim(text)); given && trim(text).starts_with("ufid:")) {
    like.ufid = *given;
  } else {
    auto entry = parse_entry(datapath, text);
    if (!entry) {
      out.warn(entry.error().message, EINVAL);
      return false;
    }
    like = std::move(*entry);
  }
  if (const auto last = datapath.remove_flow(like)) {
    if (statistics) out.print(stats_text(*last, out.context().clock->now()) + "\n");
    return true;
  }
  out.warn("deleting flow", ENOENT);
  out.print("Perhaps you need to specify a UFID?\n");
  return false;
}

// One line of a file: "[add|modify|delete] flow [actions]". False: it has not the form.
bool run_line(DpctlOutput& out, Datapath& datapath, std::string_view line, LineMode mode) {
  const auto take = [&](std::string_view word) {
    if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ') return false;
    line = trim(line.substr(word.size()));
    return true;
  };
  if (take("add")) mode = LineMode::kAdd;
  else if (take("modify")) mode = LineMode::kModify;
  else if (take("delete")) mode = LineMode::kDelete;
  const size_t space = line.find_last_of(" \t");
  const bool has_actions = space != line.npos && line[space - 1] != ',' && line.find('(', space) != space + 1;
  if (mode == LineMode::kDelete) {
    if (has_actions && !line.starts_with("ufid:")) return false;
    del_one(out, datapath, line);
    return true;
  }
  if (!has_actions) return false;
  put_one(out, datapath, line.substr(0, space), line.substr(space + 1),
          mode == LineMode::kAdd ? PutMode::kAdd : PutMode::kModify);
  return true;
}

DpctlAnswer run_file(DpctlOutput& out, Datapath& datapath, const std::string& path, LineMode mode) {
  errno = 0;
  std::ifstream file;
  std::istream* input = path == "-" ? out.context().input : &file;
  if (input == &file) file.open(path);
  if (!input || !*input) {
    out.warn(fmt::format("Opening file \"{}\" failed", path), errno ? errno : ENOENT);
    return out.done();
  }
  std::string line;
  for (unsigned number = 1; std::getline(*input, line); ++number) {
    std::string_view text = line;
    if (const size_t hash = text.find('#'); hash != text.npos) text = text.substr(0, hash);
    text = trim(text);
    if (!text.empty() && !run_line(out, datapath, text, mode))
      out.warn(fmt::format("Failed parsing line number {}, skipped!", number));
  }
  return out.done();
}

}  // namespace

DpctlAnswer dpctl_dump_flows(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  const bool named = !args.empty() && !is_selection(args[0]);
  Datapath* datapath = named ? take_datapath(out, args, 1) : only_datapath(out);
  if (!datapath) return out.failed();
  DumpSelection selection;
  for (const std::string& word : args)
    if (!select(out, *datapath, word, selection)) return out.failed();
  if (!selection.ours) return out.done();
  const PortNames names = names_of(*datapath);
  const PortNames* shown = options.names.value_or(options.more) ? &names : nullptr;
  bool header = datapath->shown_as_userspace() && !selection.main_thread_only;
  datapath->each_flow([&](const FlowEntry& flow) {
    if (selection.filter && !may_match(flow, *selection.filter)) return;
    if (std::exchange(header, false)) out.print("flow-dump from the main thread:\n");
    out.print(flow_line(*datapath, flow, context, options.more, shown));
  });
  return out.done();
}

DpctlAnswer dpctl_add_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  return put_flow(context, options, args, PutMode::kAdd);
}
DpctlAnswer dpctl_mod_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  return put_flow(context, options, args, options.may_create ? PutMode::kEither : PutMode::kModify);
}

DpctlAnswer dpctl_get_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  if (!datapath || args.empty()) return out.failed();
  const auto ufid = args[0].starts_with("ufid:") ? parse_ufid(args[0]) : std::nullopt;
  if (!ufid) {
    out.warn("parsing flow ufid", args[0].starts_with("ufid:") ? EINVAL : 0);
    return out.done();
  }
  const auto flow = datapath->get_flow(*ufid);
  if (!flow) return out.fail("getting flow", ENOENT);
  const PortNames names = names_of(*datapath);
  const bool with_names = options.names.value_or(options.more);
  out.print(flow_line(*datapath, *flow, context, options.more, with_names ? &names : nullptr));
  return out.done();
}

DpctlAnswer dpctl_del_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  if (!datapath || args.empty()) return out.failed();
  return del_one(out, *datapath, args[0], options.statistics) ? out.done() : out.failed();
}

DpctlAnswer dpctl_add_flows(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  return datapath ? run_file(out, *datapath, args[0], LineMode::kAdd) : out.failed();
}

DpctlAnswer dpctl_mod_flows(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 2);
  return datapath ? run_file(out, *datapath, args[0], LineMode::kModify) : out.failed();
}

DpctlAnswer dpctl_del_flows(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  const bool named = args.size() == 2 || (args.size() == 1 && context.registry->find(args[0]));
  Datapath* datapath = named ? take_datapath(out, args, 1) : only_datapath(out);
  if (!datapath) return out.failed();
  if (!args.empty()) return run_file(out, *datapath, args[0], LineMode::kDelete);
  datapath->flush_flows();
  return out.done();
}

DpctlAnswer dpctl_parse_actions(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  DpctlOutput out(context);
  for (const std::string& text : args) {
    const auto actions = parse_actions(text);
    if (!actions) return out.fail("odp_actions_from_string", EINVAL);
    out.print(format_actions(*actions) + "\n");
  }
  return out.done();
}

}  // namespace turnout::datapath
