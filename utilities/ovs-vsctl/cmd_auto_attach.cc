// Commands on the Auto-Attach mappings of a bridge, from I-SID to VLAN. ovs-vsctl(8), "Auto-Attach Commands".
#include <fmt/format.h>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {
namespace {

using vswitch::AutoAttach;

// "I-SID VLAN" of a command line, within what the column takes.
Result<std::pair<int64_t, int64_t>> mapping_words(Context& ctx) {
  const ovsdb::ColumnType& type = ctx.idl.column(AutoAttach::kMappings).type;
  auto number = [&](const ovsdb::BaseType& base, const std::string& word) -> Result<int64_t> {
    ovsdb::BaseType any = base;
    any.min_integer = INT64_MIN;
    any.max_integer = INT64_MAX;
    auto atom = ovsdb::atom_from_text(any, word);
    if (!atom) return fail(fmt::format("Invalid argument {}", word));
    if (auto s = base.check(*atom); !s) return fail(s.error().to_string());
    return atom->integer();
  };
  auto isid = number(type.key, ctx.arg(1));
  if (!isid) return fail(isid);
  auto vlan = number(type.value, ctx.arg(2));
  if (!vlan) return fail(vlan);
  return std::pair(*isid, *vlan);
}

Status add_aa_mapping(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  auto mapping = mapping_words(ctx);
  if (!mapping) return fail(mapping);
  vswitch::Bridge& row = *(*bridge)->row;
  AutoAttach* attach = row.auto_attach();
  if (!attach) {
    attach = &ctx.txn.insert<AutoAttach>();
    row.set_auto_attach(attach);
  }
  if (!attach->mappings().contains(mapping->first)) attach->put_mappings(mapping->first, mapping->second);
  return {};
}

Status del_aa_mapping(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  auto mapping = mapping_words(ctx);
  if (!mapping) return fail(mapping);
  AutoAttach* attach = (*bridge)->row->auto_attach();
  if (attach && attach->mappings().get(mapping->first) == mapping->second) attach->remove_mappings(mapping->first);
  return {};
}

Status get_aa_mapping(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  if (AutoAttach* attach = (*bridge)->row->auto_attach())
    for (auto [isid, vlan] : attach->mappings()) ctx.print(fmt::format("{} {}", isid, vlan));
  return {};
}

Status read_mappings(vswitch::Idl& idl, const Command&) {
  monitor_topology(idl);
  idl.monitor(vswitch::Bridge::kAutoAttach);
  idl.monitor(AutoAttach::kMappings);
  return {};
}

constexpr CommandInfo kCommands[] = {
    {"add-aa-mapping", 3, 3, "", "!BRIDGE !I-SID !VLAN", read_mappings, add_aa_mapping, nullptr, true},
    {"del-aa-mapping", 3, 3, "", "!BRIDGE !I-SID !VLAN", read_mappings, del_aa_mapping, nullptr, true},
    {"get-aa-mapping", 1, 1, "", "!BRIDGE", read_mappings, get_aa_mapping},
};

}  // namespace

std::span<const CommandInfo> auto_attach_commands() { return kCommands; }

}  // namespace turnout::vsctl
