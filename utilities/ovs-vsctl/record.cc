// Records by what a user calls them: UUID or a prefix of it, @NAME, a name column, "." or a row that refers to them.
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {
namespace {

// How records of a table are named. `via` empty: `column` of the table itself holds the name; otherwise a row of table
// `via` is found by its `column`, and refers to the record by `reference`. column empty: "." names the only row.
struct Naming { const char *table, *column, *via, *reference; };
constexpr std::array<Naming, 16> kNamings = {{
    {"AutoAttach", "name", "Bridge", "auto_attach"},
    {"Bridge", "name", "", ""},
    {"Controller", "name", "Bridge", "controller"},
    {"Flow_Sample_Collector_Set", "id", "", ""},
    {"Flow_Table", "name", "", ""},
    {"IPFIX", "name", "Bridge", "ipfix"},
    {"Interface", "name", "", ""},
    {"Manager", "target", "", ""},
    {"Mirror", "name", "", ""},
    {"NetFlow", "name", "Bridge", "netflow"},
    {"Open_vSwitch", "", "", ""},
    {"Port", "name", "", ""},
    {"QoS", "name", "Port", "qos"},
    {"SSL", "", "", ""},
    {"sFlow", "name", "Bridge", "sflow"},
}};

const Naming* naming_of(const ovsdb::TableSchema& table) {
  for (const Naming& n : kNamings)
    if (n.table && table.name == n.table) return &n;
  return nullptr;
}

std::string naming_text(const Naming& naming) {
  if (!*naming.column) return "as \".\"";
  if (!*naming.via) return fmt::format("by \"{}\"", naming.column);
  return fmt::format("via \"{}\" of {} with matching \"{}\"", naming.reference, naming.via, naming.column);
}

bool is_uuid_prefix(std::string_view text) {
  if (text.size() < 4) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return text.size() <= 36;
}

bool names(const ovsdb::IdlRow& row, const ovsdb::ColumnSchema& column, std::string_view name) {
  const ovsdb::Datum& datum = row.get(column);
  if (datum.size() != 1) return false;
  if (column.type.key.type == ovsdb::AtomType::kString) return datum.string_at() == name;
  return ovsdb::atom_to_bare(datum.key(0)) == name;
}

Result<ovsdb::IdlRow*> find_in_column(ovsdb::IdlTable& rows, const ovsdb::ColumnSchema& column, std::string_view name) {
  ovsdb::IdlRow* found = nullptr;
  for (ovsdb::IdlRow& row : rows) {
    if (!names(row, column, name)) continue;
    if (found) return fail(fmt::format("multiple rows in {} match \"{}\"", rows.name(), name));
    found = &row;
  }
  return found;
}

Result<ovsdb::IdlRow*> find_by_name(Context& ctx, const Naming& naming, ovsdb::IdlTable& rows, std::string_view name) {
  if (!*naming.column) {
    if (name != "." || rows.begin() == rows.end()) return nullptr;
    return &*rows.begin();
  }
  if (!*naming.via) return find_in_column(rows, *rows.schema().find(naming.column), name);
  ovsdb::IdlTable& via = *ctx.idl.table(naming.via);
  auto referrer = find_in_column(via, *via.schema().find(naming.column), name);
  if (!referrer || !*referrer) return referrer;
  const ovsdb::Datum& reference = (*referrer)->get(*via.schema().find(naming.reference));
  if (reference.size() != 1) return nullptr;   // of several, none is meant
  return rows.find(reference.uuid_at());
}

Result<ovsdb::IdlRow*> find_by_prefix(ovsdb::IdlTable& rows, std::string_view prefix) {
  std::string wanted = to_lower(prefix);
  ovsdb::IdlRow* found = nullptr;
  for (ovsdb::IdlRow& row : rows) {
    if (!row.uuid().to_string().starts_with(wanted)) continue;
    if (found) return fail(fmt::format("{} contains 2 or more rows whose UUIDs begin with {}", rows.name(), prefix));
    found = &row;
  }
  return found;
}

}  // namespace

void monitor_row_names(vswitch::Idl& idl, const ovsdb::TableSchema& table) {
  idl.monitor(table);
  const Naming* naming = naming_of(table);
  if (!naming || !*naming->column) return;
  const ovsdb::TableSchema& holder = *naming->via ? *idl.schema().find(naming->via) : table;
  idl.monitor(holder, *holder.find(naming->column));
  if (*naming->via) idl.monitor(holder, *holder.find(naming->reference));
}

std::string record_names_text() {
  std::string out = "Database commands may reference a row in each table in the following ways:\n";
  for (const auto& table : vswitch::Idl::built_in_schema()->tables()) {
    out += fmt::format("  {}:\n    by UUID\n", table->name);
    if (const Naming* naming = naming_of(*table)) out += fmt::format("    {}\n", naming_text(*naming));
  }
  return out;
}

Result<ovsdb::IdlRow*> find_row(Context& ctx, const ovsdb::TableSchema& table, std::string_view name, bool must_exist) {
  ovsdb::IdlTable& rows = ctx.idl.table(table);
  ovsdb::IdlRow* row = nullptr;
  if (auto uuid = Uuid::parse(name)) row = rows.find(*uuid);
  if (!row && name.starts_with('@')) {
    ovsdb::Symbol* symbol = ctx.symbols.find(name);
    if (!symbol || !symbol->created)
      return fail(fmt::format("row id \"{0}\" is referenced but never created (e.g. with \"-- --id={0} create ...\")", name));
    row = rows.find(symbol->uuid);
  }
  if (!row)
    if (const Naming* naming = naming_of(table)) {
      auto found = find_by_name(ctx, *naming, rows, name);
      if (!found) return fail(found);
      row = *found;
    }
  if (!row && is_uuid_prefix(name)) {
    auto found = find_by_prefix(rows, name);
    if (!found) return fail(found);
    row = *found;
  }
  if (!row && must_exist) return fail(fmt::format("no row \"{}\" in table {}", name, table.name));
  return row;
}

}  // namespace turnout::vsctl
