// What the dpctl commands have in common: option words, the datapath argument, port names, errors. lib/datapath only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/datapath/dpctl.h"

namespace turnout::datapath {

using DpctlArgs = std::span<const std::string>;

// Collects the text of an answer: output and errors as they come.
class DpctlOutput {
 public:
  explicit DpctlOutput(const DpctlContext& context) : context_(context) {}
  void print(std::string_view text) {
    if (context_.print) context_.print(text, false);
    else answer_.text += text;
  }
  // "PROGRAM: MESSAGE (strerror)\n"; code 0: no parenthesis.
  void warn(std::string_view message, int code = 0);
  DpctlAnswer done() { return std::move(answer_); }
  DpctlAnswer failed() {
    answer_.ok = false;
    return std::move(answer_);
  }
  DpctlAnswer fail(std::string_view message, int code = 0) {
    warn(message, code);
    return failed();
  }
  const DpctlContext& context() const { return context_; }

 private:
  const DpctlContext& context_;
  DpctlAnswer answer_;
};

// The datapath that the first word names where the words may be `with` many, the only one there is otherwise. Takes the
// word off. nullptr: said so.
Datapath* take_datapath(DpctlOutput& out, DpctlArgs& words, size_t with);
Datapath* only_datapath(DpctlOutput& out);

// The datapath that the first word names if it names one that there is, the only one otherwise.
Datapath* take_known_datapath(DpctlOutput& out, DpctlArgs& words);
// The datapath's connection tracker. nullptr: said `message`, and that it is not supported.
Conntrack* tracker_of(DpctlOutput& out, Datapath& datapath, std::string_view message);

std::optional<DpPort> port_by_name(const Datapath& datapath, std::string_view name);

// The commands of dpctl_flows.cc.
DpctlAnswer dpctl_dump_flows(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_add_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_mod_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_get_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_del_flow(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_add_flows(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_mod_flows(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_del_flows(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_parse_actions(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
// The command of dpctl_normalize.cc.
DpctlAnswer dpctl_normalize_actions(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
// The commands of dpctl_ports.cc.
DpctlAnswer dpctl_add_dp(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_del_dp(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_cache_get_size(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_cache_set_size(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_offload_stats_show(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_show(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_add_if(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_del_if(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_set_if(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
// The commands of dpctl_conntrack.cc.
DpctlAnswer dpctl_dump_conntrack(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_dump_conntrack_exp(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_flush_conntrack(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_stats_show(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_bkts(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
// The commands of dpctl_conntrack_limits.cc and dpctl_conntrack_settings.cc.
DpctlAnswer dpctl_ct_set_maxconns(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_get_maxconns(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_get_nconns(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_enable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_disable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_get_tcp_seq_chk(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_set_limits(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_del_limits(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_get_limits(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_get_sweep_interval(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ct_set_sweep_interval(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ipf_set_enabled(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ipf_set_disabled(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ipf_set_min_frag(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ipf_set_max_nfrags(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);
DpctlAnswer dpctl_ipf_get_status(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args);

}  // namespace turnout::datapath
