// The dpctl commands about the settings that only a connection tracker of the switch's own has, and its reassembly of fragments.
#include <fmt/format.h>

#include <cerrno>

#include "lib/base/strings.h"
#include "lib/datapath/dpctl_words.h"

namespace turnout::datapath {
namespace {

// "[dp]": reads a setting; print: its text.
template <typename Print>
DpctlAnswer show(const DpctlContext& context, DpctlArgs args, CtSetting setting, std::string_view failed, Print print) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  Conntrack* conntrack = tracker_of(out, *datapath, failed);
  if (!conntrack) return out.failed();
  const auto value = conntrack->setting(setting);
  if (!value) return out.fail(failed, value.error().code);
  out.print(print(*value));
  return out.done();
}

DpctlAnswer show_number(const DpctlContext& context, DpctlArgs args, CtSetting setting, std::string_view failed) {
  return show(context, args, setting, failed, [](uint64_t value) { return fmt::format("{}\n", value); });
}

struct Change {
  CtSetting setting;
  uint64_t value;
  std::string failed, done;
};

Change turned(CtSetting setting, bool on, std::string_view what) {
  const char* verb = on ? "enabling" : "disabling";
  return {setting, on, fmt::format("{} {} failed", verb, what), fmt::format("{} {} successful", verb, what)};
}

// "[dp] WORDS": read(words) says what is wanted. Its error's code is the answer's.
template <typename Read>
DpctlAnswer change(const DpctlContext& context, DpctlArgs args, size_t words, Read read) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, words + 1);
  if (!datapath) return out.failed();
  const Result<Change> wanted = read(args);
  if (!wanted) return out.fail(wanted.error().message, wanted.error().code);
  Conntrack* conntrack = tracker_of(out, *datapath, wanted->failed);
  if (!conntrack) return out.failed();
  const Status changed = conntrack->change_setting(wanted->setting, wanted->value);
  if (!changed) return out.fail(wanted->failed, changed.error().code);
  out.print(fmt::format("{}\n", wanted->done));
  return out.done();
}

Result<uint64_t> parse_number(std::string_view word, std::string_view malformed) {
  const auto value = parse_unsigned(word);
  if (!value || *value > UINT32_MAX) return fail(std::string(malformed), EINVAL);
  return *value;
}

DpctlAnswer change_number(const DpctlContext& context, DpctlArgs args, CtSetting setting, std::string_view malformed,
                          std::string_view failed, std::string_view done) {
  return change(context, args, 1, [&](DpctlArgs words) -> Result<Change> {
    const auto value = parse_number(words[0], malformed);
    if (!value) return fail(value);
    return Change{setting, *value, std::string(failed), std::string(done)};
  });
}

DpctlAnswer switch_sequence_check(const DpctlContext& context, DpctlArgs args, bool on) {
  return change(context, args, 0, [on](DpctlArgs) -> Result<Change> {
    return turned(CtSetting::kTcpSequenceCheck, on, "TCP sequence checking");
  });
}

// Which of two settings "v4" or "v6" names.
Result<CtSetting> by_family(std::string_view word, CtSetting v4, CtSetting v6, std::string_view missing) {
  if (word == "v4") return v4;
  if (word == "v6") return v6;
  return fail(std::string(missing), EINVAL);
}

DpctlAnswer switch_fragments(const DpctlContext& context, DpctlArgs args, bool on) {
  return change(context, args, 1, [on](DpctlArgs words) -> Result<Change> {
    const auto setting = by_family(words[0], CtSetting::kFragmentsV4, CtSetting::kFragmentsV6,
                                   "parameter missing: 'v4' for IPv4 or 'v6' for IPv6");
    if (!setting) return fail(setting);
    return turned(*setting, on, "fragmentation reassembly");
  });
}

void print_fragments(DpctlOutput& out, std::string_view family, const CtFragmentStatus::Family& f) {
  out.print(fmt::format("\tmin {} frag size: {}\n", family, f.min_size));
  const std::pair<const char*, uint64_t> counted[] = {{"accepted", f.accepted}, {"completed", f.completed}, {"expired", f.expired},
                                                      {"too small", f.too_small}, {"overlapped", f.overlapped}, {"purged", f.purged}};
  for (const auto& [what, count] : counted) out.print(fmt::format("\t{} frags {}: {}\n", family, what, count));
}

}  // namespace

DpctlAnswer dpctl_ct_set_maxconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kMaxConnections, "maxconns missing or malformed", "ct set maxconns failed",
                       "setting maxconns successful");
}
DpctlAnswer dpctl_ct_get_maxconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kMaxConnections, "maxconns could not be retrieved");
}
DpctlAnswer dpctl_ct_get_nconns(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kConnections, "nconns could not be retrieved");
}
DpctlAnswer dpctl_ct_set_sweep_interval(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kSweepIntervalMs, "invalid interval value", "failed to set the sweep interval",
                       "setting sweep interval successful");
}
DpctlAnswer dpctl_ct_get_sweep_interval(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show_number(context, args, CtSetting::kSweepIntervalMs, "sweep interval could not be retrieved");
}

DpctlAnswer dpctl_ct_enable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_sequence_check(context, args, true);
}
DpctlAnswer dpctl_ct_disable_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_sequence_check(context, args, false);
}
DpctlAnswer dpctl_ct_get_tcp_seq_chk(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return show(context, args, CtSetting::kTcpSequenceCheck, "TCP sequence checking query failed",
              [](uint64_t on) { return fmt::format("TCP sequence checking: {}\n", on ? "enabled" : "disabled"); });
}

DpctlAnswer dpctl_ipf_set_min_frag(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change(context, args, 2, [](DpctlArgs words) -> Result<Change> {
    const auto setting = by_family(words[0], CtSetting::kMinFragmentV4, CtSetting::kMinFragmentV6,
                                   "parameter missing: v4 for IPv4 or v6 for IPv6");
    if (!setting) return fail(setting);
    const auto size = parse_number(words[1], "parameter missing for minimum fragment size");
    if (!size) return fail(size);
    return Change{*setting, *size, "requested minimum fragment size too small; see documentation",
                  "setting minimum fragment size successful"};
  });
}
DpctlAnswer dpctl_ipf_set_enabled(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_fragments(context, args, true);
}
DpctlAnswer dpctl_ipf_set_disabled(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return switch_fragments(context, args, false);
}
DpctlAnswer dpctl_ipf_set_max_nfrags(const DpctlContext& context, const DpctlOptions&, DpctlArgs args) {
  return change_number(context, args, CtSetting::kMaxFragments, "parameter missing for maximum fragments",
                       "setting maximum fragments failed", "setting maximum fragments successful");
}

DpctlAnswer dpctl_ipf_get_status(const DpctlContext& context, const DpctlOptions& options, DpctlArgs args) {
  DpctlOutput out(context);
  Datapath* datapath = take_datapath(out, args, 1);
  if (!datapath) return out.failed();
  Conntrack* conntrack = tracker_of(out, *datapath, "ipf status could not be retrieved");
  if (!conntrack) return out.failed();
  const auto status = conntrack->fragments();
  if (!status) return out.fail("ipf status could not be retrieved", status.error().code);
  out.print(fmt::format("\tFragmentation Module Status\n\t---------------------------\n\tv4 enabled: {:d}\n\tv6 enabled: {:d}\n"
                        "\tmax num frags (v4/v6): {}\n\tnum frag: {}\n",
                        status->v4.enabled, status->v6.enabled, status->max, status->now));
  print_fragments(out, "v4", status->v4);
  print_fragments(out, "v6", status->v6);
  if (!options.more) return out.done();
  out.print("\n\tFragment Lists:\n\n");
  for (const std::string& line : status->lists) out.print(line + "\n");
  return out.done();
}

}  // namespace turnout::datapath
