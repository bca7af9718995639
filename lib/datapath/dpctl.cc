// The table of dpctl commands, their registration, and what they share.
#include "lib/datapath/dpctl.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "lib/datapath/dpctl_words.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::datapath {
namespace {

DpctlAnswer dump_dps(const DpctlContext& context, const DpctlOptions&, DpctlArgs) {
  DpctlOutput out(context);
  for (const Datapath* d : context.registry->all()) out.print(full_name(*d) + "\n");
  return out.done();
}

DpctlAnswer list_commands(const DpctlContext& context, const DpctlOptions&, DpctlArgs) {
  DpctlOutput out(context);
  out.print("The available commands are:\n");
  const char* prefix = context.daemon ? "dpctl/" : "";
  for (const DpctlCommand& c : dpctl_commands()) out.print(fmt::format("  {}{:<23} {}\n", prefix, c.name, c.usage));
  return out.done();
}

using enum DpctlAccess;
constexpr DpctlCommand kCommands[] = {
    {"add-dp", "dp [iface...]", 1, -1, kChanges, dpctl_add_dp},
    {"del-dp", "dp", 1, 1, kChanges, dpctl_del_dp},
    {"add-if", "dp iface...", 2, -1, kChanges, dpctl_add_if},
    {"del-if", "dp iface...", 2, -1, kChanges, dpctl_del_if},
    {"set-if", "dp iface...", 2, -1, kChanges, dpctl_set_if},
    {"dump-dps", "", 0, 0, kReads, dump_dps},
    {"show", "[-s] [dp...]", 0, -1, kReads, dpctl_show},
    {"dump-flows", "[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]", 0, 6, kReads, dpctl_dump_flows},
    {"add-flow", "[dp] flow actions", 2, 3, kChanges, dpctl_add_flow},
    {"mod-flow", "[dp] flow actions", 2, 3, kChanges, dpctl_mod_flow},
    {"get-flow", "[dp] ufid", 1, 2, kReads, dpctl_get_flow},
    {"del-flow", "[dp] flow", 1, 2, kChanges, dpctl_del_flow},
    {"add-flows", "[dp] file", 1, 2, kChanges, dpctl_add_flows},
    {"mod-flows", "[dp] file", 1, 2, kChanges, dpctl_mod_flows},
    {"del-flows", "[dp] [file]", 0, 2, kChanges, dpctl_del_flows},
    {"cache-get-size", "[dp]", 0, 1, kReads, dpctl_cache_get_size},
    {"cache-set-size", "dp cache <size>", 3, 3, kChanges, dpctl_cache_set_size},
    {"offload-stats-show", "[dp]", 0, 1, kReads, dpctl_offload_stats_show},
    {"dump-conntrack", "[-m] [-s] [dp] [zone=N]", 0, 2, kReads, dpctl_dump_conntrack},
    {"dump-conntrack-exp", "[-s] [dp] [zone=N]", 0, 2, kReads, dpctl_dump_conntrack_exp},
    {"flush-conntrack", "[dp] [zone=N] [mark=X[/M]] [labels=Y[/N]] [ct-orig-tuple [ct-reply-tuple]]", 0, 6, kChanges,
     dpctl_flush_conntrack},
    {"ct-stats-show", "[-m] [dp] [zone=N]", 0, 3, kReads, dpctl_ct_stats_show},
    {"ct-bkts", "[dp] [gt=N]", 0, 2, kReads, dpctl_ct_bkts},
    {"ct-set-maxconns", "[dp] maxconns", 1, 2, kChanges, dpctl_ct_set_maxconns},
    {"ct-get-maxconns", "[dp]", 0, 1, kReads, dpctl_ct_get_maxconns},
    {"ct-get-nconns", "[dp]", 0, 1, kReads, dpctl_ct_get_nconns},
    {"ct-enable-tcp-seq-chk", "[dp]", 0, 1, kChanges, dpctl_ct_enable_tcp_seq_chk},
    {"ct-disable-tcp-seq-chk", "[dp]", 0, 1, kChanges, dpctl_ct_disable_tcp_seq_chk},
    {"ct-get-tcp-seq-chk", "[dp]", 0, 1, kReads, dpctl_ct_get_tcp_seq_chk},
    {"ct-set-limits", "[dp] [default=L] [zone=N,limit=L]...", 1, -1, kChanges, dpctl_ct_set_limits},
    {"ct-del-limits", "[dp] [default] [zone=N1[,N2]...]", 1, 3, kChanges, dpctl_ct_del_limits},
    {"ct-get-limits", "[dp] [zone=N1[,N2]...]", 0, 2, kReads, dpctl_ct_get_limits},
    {"ct-get-sweep-interval", "[dp]", 0, 1, kReads, dpctl_ct_get_sweep_interval},
    {"ct-set-sweep-interval", "[dp] ms", 1, 2, kChanges, dpctl_ct_set_sweep_interval},
    {"ipf-set-enabled", "[dp] v4|v6", 1, 2, kChanges, dpctl_ipf_set_enabled},
    {"ipf-set-disabled", "[dp] v4|v6", 1, 2, kChanges, dpctl_ipf_set_disabled},
    {"ipf-set-min-frag", "[dp] v4|v6 minfragment", 2, 3, kChanges, dpctl_ipf_set_min_frag},
    {"ipf-set-max-nfrags", "[dp] maxfrags", 1, 2, kChanges, dpctl_ipf_set_max_nfrags},
    {"ipf-get-status", "[-m] [dp]", 0, 1, kReads, dpctl_ipf_get_status},
    {"list-commands", "", 0, -1, kNoDatapath, list_commands},
    {"parse-actions", "actions", 1, -1, kNoDatapath, dpctl_parse_actions},
    {"normalize-actions", "actions", 2, -1, kNoDatapath, dpctl_normalize_actions},
};

// In front of the words or behind them. The error is the whole answer.
Result<DpctlOptions> take_options(DpctlArgs& words) {
  DpctlOptions options;
  while (!words.empty() && take_dpctl_option(words.back(), options)) words = words.first(words.size() - 1);
  while (!words.empty() && words[0].size() > 1 && words[0][0] == '-') {
    const std::string& word = words[0];
    words = words.subspan(1);
    if (word == "--") break;
    if (!take_dpctl_option(word, options)) return fail("Unrecognized option " + word);
  }
  return options;
}

}  // namespace

bool take_dpctl_option(std::string_view word, DpctlOptions& options) {
  if (word == "-m" || word == "--more") options.more = true;
  else if (word == "-s" || word == "--statistics") options.statistics = true;
  else if (word == "--names") options.names = true;
  else if (word == "--no-names") options.names = false;
  else if (word == "--may-create") options.may_create = true;
  else if (word == "--read-only") options.read_only = true;
  else if (word == "--clear") options.clear = true;
  else return false;
  return true;
}

std::span<const DpctlCommand> dpctl_commands() { return kCommands; }

void DpctlOutput::warn(std::string_view message, int code) {
  std::string line = fmt::format("{}: {}", context_.program, message);
  if (code) line += fmt::format(" ({})", std::strerror(code));
  line += "\n";
  if (context_.print) context_.print(line, true);
  else answer_.text += line;
}

DpctlAnswer DpctlCommand::run(const DpctlContext& context, DpctlArgs args) const {
  const auto options = take_options(args);
  if (!options) return {false, options.error().message};
  const int given = static_cast<int>(args.size());
  if (given < min_args) return {false, fmt::format("\"dpctl/{}\" command requires at least {} arguments", name, min_args)};
  if (max_args >= 0 && given > max_args)
    return {false, fmt::format("\"dpctl/{}\" command takes at most {} arguments", name, max_args)};
  if (options->read_only && access == kChanges)
    return DpctlOutput(context).fail(fmt::format("'{}' command does not work in read only mode", name));
  return execute(context, *options, args);
}

Datapath* only_datapath(DpctlOutput& out) {
  auto only = out.context().registry->only();
  if (only) return *only;
  out.warn(only.error().message);
  out.warn("datapath not found", EINVAL);
  return nullptr;
}

Datapath* take_datapath(DpctlOutput& out, DpctlArgs& words, size_t with) {
  if (words.size() < with) return only_datapath(out);
  auto found = out.context().registry->find(words[0]);
  words = words.subspan(1);
  if (found) return *found;
  out.warn("datapath not found", EINVAL);
  return nullptr;
}

std::optional<DpPort> port_by_name(const Datapath& datapath, std::string_view name) {
  for (const PortInfo& port : datapath.ports())
    if (port.name == name) return port.number;
  return std::nullopt;
}

void add_dpctl_commands(unixctl::Server& server, DpctlContext context) {
  for (const DpctlCommand& command : kCommands)
    server.add(std::string("dpctl/") + command.name, command.usage, 0, -1,       // options do not count: run() does
               [&command, context](unixctl::Args args, const unixctl::Reply& reply) {
                 DpctlAnswer answer = command.run(context, args);
                 if (answer.ok) reply.ok(std::move(answer.text));
                 else reply.error(std::move(answer.text));
               });
}

}  // namespace turnout::datapath
