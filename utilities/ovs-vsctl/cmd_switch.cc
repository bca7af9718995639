// Commands on the switch as a whole: init, show, emer-reset. ovs-vsctl(8), "Open vSwitch Commands".
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {
namespace {

Status init(Context&) { return {}; }   // every run initialises an empty database

// What `show` prints of a table: the line that names a record, then these columns where they hold something, then the
// records that it refers to, indented. A column of references is a nested table.
struct ShowTable {
  const char* table;
  const char* name_column;                 // null: the UUID
  std::vector<const char*> columns;
};
const std::vector<ShowTable>& show_tables() {
  static const std::vector<ShowTable> tables = {
      {"Open_vSwitch", nullptr, {"manager_options", "bridges", "ovs_version"}},
      {"Bridge", "name", {"controller", "fail_mode", "datapath_type", "ports"}},
      {"Port", "name", {"tag", "trunks", "interfaces"}},
      {"Interface", "name", {"type", "options", "error"}},
      {"Controller", "target", {"is_connected"}},
      {"Manager", "target", {"is_connected"}},
  };
  return tables;
}
const ShowTable* show_table(std::string_view name) {
  for (const ShowTable& t : show_tables())
    if (name == t.table) return &t;
  return nullptr;
}

Status read_show(vswitch::Idl& idl, const Command&) {
  for (const ShowTable& show : show_tables()) {
    const ovsdb::TableSchema& table = *idl.schema().find(show.table);
    idl.monitor(table);
    if (show.name_column) idl.monitor(table, *table.find(show.name_column));
    for (const char* column : show.columns) idl.monitor(table, *table.find(column));
  }
  return {};
}

// --filter="TABLE RECORD-TEXT|…": prints a record of TABLE only if its name line contains the text, with all below it.
struct Filter {
  std::vector<std::pair<std::string, std::string>> wanted;   // table in lower case, text
};

class Show {
 public:
  Show(Context& ctx, Filter filter) : ctx_(ctx), filter_(std::move(filter)) {}
  void print(const ovsdb::IdlRow& row, int level) {
    const ShowTable& show = *show_table(row.table().name());
    if (!passes(show, row)) return;
    print_name(show, row, level);
    for (const char* name : show.columns) print_column(row, *row.table().schema().find(name), level + 1);
  }

 private:
  bool passes(const ShowTable& show, const ovsdb::IdlRow& row) const {
    bool concerned = false;
    for (const auto& [table, text] : filter_.wanted) {
      if (!starts_with_ignore_case(show.table, table)) continue;
      concerned = true;
      std::string_view name = show.name_column ? row.get(*row.table().schema().find(show.name_column)).string_at() : "";
      if (name.find(text) != std::string_view::npos) return true;
    }
    return !concerned;
  }

  void print_name(const ShowTable& show, const ovsdb::IdlRow& row, int level) {
    std::string& out = ctx_.command.output;
    if (level == 0) {
      out += row.uuid().to_string() + "\n";
      return;
    }
    const ovsdb::ColumnSchema& column = *row.table().schema().find(show.name_column);
    out += fmt::format("{}{} {}\n", std::string(level * 4, ' '), show.table, ovsdb::datum_to_text(row.get(column), column.type));
  }

  void print_column(const ovsdb::IdlRow& row, const ovsdb::ColumnSchema& column, int level) {
    const ovsdb::Datum& datum = row.get(column);
    if (column.type.key.is_reference() && show_table(column.type.key.ref_table)) {
      ovsdb::IdlTable& table = *ctx_.idl.table(column.type.key.ref_table);
      for (size_t i = 0; i < datum.size(); ++i)
        if (ovsdb::IdlRow* below = table.find(datum.uuid_at(i))) print(*below, level);
      return;
    }
    if (column.type.is_default(datum)) return;
    ctx_.command.output += fmt::format("{}{}: {}\n", std::string(level * 4, ' '), column.name, ovsdb::datum_to_text(datum, column.type));
  }

  Context& ctx_;
  Filter filter_;
};

Result<Filter> parse_filter(const Context& ctx) {
  Filter filter;
  auto option = ctx.command.options.find("--filter");
  if (option == ctx.command.options.end()) return filter;
  for (std::string_view part : split_any(option->second, "|")) {
    part = trim(part);
    size_t space = part.find(' ');
    auto table = find_table(ctx.idl.schema(), part.substr(0, space));
    if (!table) return fail(table);
    if (!show_table((*table)->name)) return fail(fmt::format("table {} is not shown by \"show\"", (*table)->name));
    filter.wanted.emplace_back(to_lower((*table)->name), space == std::string_view::npos ? "" : std::string(trim(part.substr(space))));
  }
  return filter;
}

Status show(Context& ctx) {
  auto filter = parse_filter(ctx);
  if (!filter) return fail(filter);
  Show(ctx, std::move(*filter)).print(ctx.root, 0);
  return {};
}

Status read_emer_reset(vswitch::Idl& idl, const Command&) {
  using namespace vswitch;
  for (ovsdb::ColumnId column :
       {OpenVSwitch::kManagerOptions, OpenVSwitch::kSsl, OpenVSwitch::kOtherConfig, OpenVSwitch::kBridges, Bridge::kController,
        Bridge::kFailMode, Bridge::kMirrors, Bridge::kNetflow, Bridge::kSflow, Bridge::kIpfix, Bridge::kFloodVlans,
        Bridge::kOtherConfig, Port::kOtherConfig, Interface::kOtherConfig, Interface::kIngressPolicingRate,
        Interface::kIngressPolicingBurst})
    idl.monitor(column);
  idl.monitor(*idl.schema().find("Controller"));
  idl.monitor(*idl.schema().find("Manager"));
  idl.monitor(*idl.schema().find("SSL"));
  idl.monitor(*idl.schema().find("Mirror"));
  idl.monitor(*idl.schema().find("NetFlow"));
  idl.monitor(*idl.schema().find("sFlow"));
  idl.monitor(*idl.schema().find("IPFIX"));
  return {};
}

void reset_bridge(vswitch::Bridge& bridge) {
  bridge.set_controller({});
  bridge.set_fail_mode(std::nullopt);
  bridge.set_mirrors({});
  bridge.set_netflow(nullptr);
  bridge.set_sflow(nullptr);
  bridge.set_ipfix(nullptr);
  bridge.set_flood_vlans({});
  // The Ethernet address is part of the bridge's identity and stays.
  std::vector<std::pair<std::string, std::string>> kept;
  if (auto hwaddr = bridge.other_config().get("hwaddr")) kept.emplace_back("hwaddr", *hwaddr);
  bridge.set_other_config(kept);
}

Status emer_reset(Context& ctx) {
  ctx.root.set_manager_options({});
  for (vswitch::Bridge& bridge : ctx.idl.bridges()) reset_bridge(bridge);
  for (vswitch::Port& port : ctx.idl.ports()) port.set_other_config({});
  for (vswitch::Interface& interface : ctx.idl.interfaces()) {
    interface.set_other_config({});
    interface.set_ingress_policing_rate(0);
    interface.set_ingress_policing_burst(0);
  }
  for (const char* table : {"Mirror", "Controller", "NetFlow", "sFlow", "IPFIX", "Manager", "SSL"})
    for (ovsdb::IdlRow& row : *ctx.idl.table(table)) row.erase();
  ctx.root.set_ssl(nullptr);
  ctx.root.set_other_config({});
  return {};
}

const CommandInfo kCommands[] = {
    {"init", 0, 0, "", "", nullptr, init, nullptr, true},
    {"show", 0, 0, "--filter=", "", read_show, show},
    {"emer-reset", 0, 0, "", "", read_emer_reset, emer_reset, nullptr, true},
};

}  // namespace

std::span<const CommandInfo> switch_commands() { return kCommands; }

}  // namespace turnout::vsctl
