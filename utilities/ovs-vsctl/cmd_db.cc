// Commands on any table: list find get set add remove clear create destroy wait-until comment. ovs-vsctl(8), "Database Commands".
#include <fmt/format.h>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/columns.h"

namespace turnout::vsctl {
namespace {

using ovsdb::ColumnSchema;
using ovsdb::Datum;
using ovsdb::IdlRow;
using ovsdb::TableSchema;

std::string list_columns;   // --columns, global or of the command

Result<const TableSchema*> table_of(vswitch::Idl& idl, const Command& command) { return find_table(idl.schema(), command.args[0]); }

Result<std::vector<const ColumnSchema*>> shown_columns(const TableSchema& table, const Command& command) {
  std::string_view wanted = list_columns;
  if (auto own = command.options.find("--columns"); own != command.options.end()) wanted = own->second;
  std::vector<const ColumnSchema*> columns;
  for (std::string_view name : split_any(wanted, ", ")) {
    auto column = find_column(table, name);
    if (!column) return fail(column);
    columns.push_back(*column);
  }
  if (columns.empty()) {
    columns.push_back(&ovsdb::uuid_column());
    for (const ColumnSchema& c : table.columns) columns.push_back(&c);
  }
  return columns;
}

cli::Cell cell_of(const Datum& datum, const ColumnSchema& column) {
  return {ovsdb::datum_to_text(datum, column.type), ovsdb::datum_to_bare(datum), ovsdb::datum_to_json(datum)};
}

void start_table(Context& ctx, const std::vector<const ColumnSchema*>& columns) {
  ctx.command.table = std::make_unique<cli::Table>();
  for (const ColumnSchema* c : columns) ctx.command.table->add_column(c->name);
}

void add_row(Context& ctx, const IdlRow& row, const std::vector<const ColumnSchema*>& columns) {
  std::vector<cli::Cell> cells;
  for (const ColumnSchema* c : columns) cells.push_back(cell_of(row.get(*c), *c));
  ctx.command.table->add_row(std::move(cells));
}

// The table that list or find names, and the columns it shows.
struct Shown {
  const TableSchema& table;
  std::vector<const ColumnSchema*> columns;
};
Result<Shown> choose(vswitch::Idl& idl, const Command& command) {
  auto table = table_of(idl, command);
  if (!table) return fail(table);
  auto columns = shown_columns(**table, command);
  if (!columns) return fail(columns);
  return Shown{**table, std::move(*columns)};
}

Status read_list(vswitch::Idl& idl, const Command& command) {
  auto shown = choose(idl, command);
  if (!shown) return fail(shown);
  idl.monitor(shown->table);
  for (const ColumnSchema* c : shown->columns)
    if (!c->is_synthetic()) idl.monitor(shown->table, *c);
  monitor_row_names(idl, shown->table);
  return {};
}

Status list(Context& ctx) {
  auto shown = choose(ctx.idl, ctx.command);
  if (!shown) return fail(shown);
  start_table(ctx, shown->columns);
  if (ctx.n_args() == 1)
    for (IdlRow& row : ctx.idl.table(shown->table)) add_row(ctx, row, shown->columns);
  for (size_t i = 1; i < ctx.n_args(); ++i) {
    auto row = find_row(ctx, shown->table, ctx.arg(i), !ctx.command.has("--if-exists"));
    if (!row) return fail(row);
    if (*row) add_row(ctx, **row, shown->columns);
  }
  return {};
}

Status read_find(vswitch::Idl& idl, const Command& command) {
  if (Status s = read_list(idl, command); !s) return s;
  auto table = table_of(idl, command);
  for (size_t i = 1; i < command.args.size(); ++i)
    if (Status s = monitor_named_column(idl, **table, command.args[i]); !s) return s;
  return {};
}

Status find(Context& ctx) {
  auto shown = choose(ctx.idl, ctx.command);
  if (!shown) return fail(shown);
  start_table(ctx, shown->columns);
  for (IdlRow& row : ctx.idl.table(shown->table)) {
    bool all = true;
    for (size_t i = 1; all && i < ctx.n_args(); ++i) {
      auto holds = condition_holds(ctx, row, ctx.arg(i));
      if (!holds) return fail(holds);
      all = *holds;
    }
    if (all) add_row(ctx, row, shown->columns);
  }
  return {};
}

// TABLE RECORD COLUMN…: what the named columns need.
Status read_record(vswitch::Idl& idl, const Command& command, size_t first_column, size_t last_column) {
  auto table = table_of(idl, command);
  if (!table) return fail(table);
  monitor_row_names(idl, **table);
  for (size_t i = first_column; i < std::min(command.args.size(), last_column); ++i)
    if (Status s = monitor_named_column(idl, **table, command.args[i]); !s) return s;
  return {};
}
Status read_columns_after_record(vswitch::Idl& idl, const Command& command) { return read_record(idl, command, 2, SIZE_MAX); }
Status read_one_column(vswitch::Idl& idl, const Command& command) { return read_record(idl, command, 2, 3); }

// --id=UUID of create: the row's own for good.
Result<std::optional<Uuid>> take_uuid(Context& ctx, const TableSchema& table) {
  auto id = ctx.command.options.find("--id");
  std::optional<Uuid> uuid = id == ctx.command.options.end() ? std::nullopt : Uuid::parse(id->second);
  if (uuid && ctx.idl.table(table).find(*uuid)) return fail(fmt::format("table {} has a row {} already", table.name, id->second));
  return uuid;
}

// --id=@NAME of get and create: gives the row that name for later (and earlier) commands.
Result<ovsdb::Symbol*> take_id(Context& ctx, const TableSchema& table) {
  auto id = ctx.command.options.find("--id");
  if (id == ctx.command.options.end()) return nullptr;
  if (!id->second.starts_with('@')) return fail(fmt::format("row id \"{}\" does not begin with \"@\"", id->second));
  ovsdb::Symbol& symbol = ctx.symbols.get(id->second);
  if (symbol.created) return fail(fmt::format("row id \"{}\" may only be specified on one --id option", id->second));
  symbol.created = true;
  symbol.table = table.name;
  return &symbol;
}

Status print_value(Context& ctx, const TableSchema& table, const IdlRow& row, const std::string& word) {
  auto parsed = parse_column_key(ctx, table, word);
  if (!parsed) return fail(parsed);
  const ColumnSchema& column = *parsed->column;
  const Datum& datum = row.get(column);
  if (!parsed->key) {
    ctx.print(ovsdb::datum_to_text(datum, column.type));
    return {};
  }
  size_t at = datum.find(*parsed->key);
  if (at == Datum::kNotFound) {
    if (ctx.command.has("--if-exists")) {
      ctx.print("");
      return {};
    }
    return fail(fmt::format("no key {} in {} record \"{}\" column {}",
                            column.type.key.type == ovsdb::AtomType::kString ? fmt::format("\"{}\"", parsed->key->string()) : ovsdb::atom_to_text(*parsed->key),
                            table.name, ctx.arg(1), column.name));
  }
  ctx.print(ovsdb::atom_to_text(datum.value(at)));
  return {};
}

Status get(Context& ctx) {
  bool optional = ctx.command.has("--if-exists");
  if (optional && ctx.command.has("--id")) return fail("--if-exists and --id may not be specified together");
  auto table = table_of(ctx.idl, ctx.command);
  if (!table) return fail(table);
  auto row = find_row(ctx, **table, ctx.arg(1), !optional);
  if (!row) return fail(row);
  if (!*row) return {};
  auto symbol = take_id(ctx, **table);
  if (!symbol) return fail(symbol);
  if (*symbol) (*symbol)->uuid = (*row)->uuid(), (*symbol)->strong_ref = true;
  if (ctx.n_args() < 3 && !*symbol)
    ctx.warnings->push_back("'get' command without any arguments except for table and record names");
  for (size_t i = 2; i < ctx.n_args(); ++i)
    if (Status s = print_value(ctx, **table, **row, ctx.arg(i)); !s) return s;
  return {};
}

// The row of TABLE RECORD that a command is to change; null where --if-exists excuses its absence.
Result<IdlRow*> row_to_change(Context& ctx) {
  auto table = table_of(ctx.idl, ctx.command);
  if (!table) return fail(table);
  ctx.topology.invalidate();
  return find_row(ctx, **table, ctx.arg(1), !ctx.command.has("--if-exists"));
}

Status set(Context& ctx) {
  auto row = row_to_change(ctx);
  if (!row) return fail(row);
  if (!*row) return {};
  for (size_t i = 2; i < ctx.n_args(); ++i)
    if (Status s = set_column(ctx, **row, ctx.arg(i)); !s) return s;
  return {};
}

// The elements typed as "VALUE…" or "KEY=VALUE…" of any of the arguments from `first`.
Result<Datum> elements(Context& ctx, const ovsdb::ColumnType& type, size_t first) {
  Datum all(type.key.type, type.value.type);
  for (size_t i = first; i < ctx.n_args(); ++i) {
    auto one = ovsdb::datum_from_text(type, ctx.arg(i), &ctx.symbols);
    if (!one) return fail(one);
    for (size_t e = 0; e < one->size(); ++e) {
      if (type.is_map()) all.insert(one->key(e), one->value(e));
      else all.insert(one->key(e));
    }
  }
  return all;
}

ovsdb::ColumnType any_number(const ovsdb::ColumnType& type) {
  ovsdb::ColumnType wide = type;
  wide.min = 0;
  wide.max = ovsdb::kUnlimited;
  return wide;
}

Status add(Context& ctx) {
  auto row = row_to_change(ctx);
  if (!row) return fail(row);
  if (!*row) return {};
  auto column = find_mutable_column((*row)->table().schema(), ctx.arg(2));
  if (!column) return fail(column);
  const ovsdb::ColumnType& type = (*column)->type;
  auto more = elements(ctx, any_number(type), 3);
  if (!more) return fail(more);
  Datum sum = (*row)->get(**column);
  sum.unite(*more);
  if (sum.size() > type.max)
    return fail(fmt::format("\"add\" operation would put {} {} in column {} of table {} but the maximum number is {}", sum.size(),
                            type.is_map() ? "pairs" : "values", (*column)->name, (*row)->table().name(), type.max));
  if (type.max == 1) {
    (*row)->set(**column, std::move(sum));
    return {};
  }
  // Pairs whose key is there stay as they are: only what is new goes into the mutation.
  Datum fresh = std::move(*more);
  const Datum& have = (*row)->get(**column);
  for (size_t i = fresh.size(); i-- > 0;)
    if (have.contains(fresh.key(i)) && !type.is_map()) fresh.erase_at(i);
  (*row)->insert_into(**column, fresh);
  return {};
}

// Of a map also bare keys may be named.
Result<Datum> elements_to_remove(Context& ctx, const ovsdb::ColumnType& type) {
  bool pairs = type.is_map();
  for (size_t i = 3; pairs && i < ctx.n_args(); ++i) {
    auto pair = ovsdb::datum_from_text(any_number(type), ctx.arg(i), &ctx.symbols);
    if (!pair) pairs = false;
  }
  ovsdb::ColumnType wanted = any_number(type);
  if (!pairs) wanted.value = ovsdb::BaseType{};
  return elements(ctx, wanted, 3);
}

Status remove(Context& ctx) {
  auto row = row_to_change(ctx);
  if (!row) return fail(row);
  if (!*row) return {};
  auto column = find_mutable_column((*row)->table().schema(), ctx.arg(2));
  if (!column) return fail(column);
  const ovsdb::ColumnType& type = (*column)->type;
  auto less = elements_to_remove(ctx, type);
  if (!less) return fail(less);
  Datum rest = (*row)->get(**column);
  rest.subtract(*less);
  if (rest.size() < type.min)
    return fail(fmt::format("\"remove\" operation would put {} {} in column {} of table {} but the minimum number is {}", rest.size(),
                            type.is_map() ? "pairs" : "values", (*column)->name, (*row)->table().name(), type.min));
  if (type.max == 1) (*row)->set(**column, std::move(rest));
  else (*row)->remove_from(**column, *less);
  return {};
}

Status clear(Context& ctx) {
  auto row = row_to_change(ctx);
  if (!row) return fail(row);
  if (!*row) return {};
  for (size_t i = 2; i < ctx.n_args(); ++i) {
    auto column = find_mutable_column((*row)->table().schema(), ctx.arg(i));
    if (!column) return fail(column);
    const ovsdb::ColumnType& type = (*column)->type;
    if (type.min > 0)
      return fail(fmt::format("\"clear\" operation cannot be applied to column {} of table {}, which is not allowed to be empty",
                              (*column)->name, (*row)->table().name()));
    (*row)->set(**column, Datum(type.key.type, type.value.type));
  }
  return {};
}

Status read_create(vswitch::Idl& idl, const Command& command) {
  auto table = table_of(idl, command);
  if (!table) return fail(table);
  idl.monitor(**table);
  for (size_t i = 1; i < command.args.size(); ++i)
    if (Status s = monitor_named_column(idl, **table, command.args[i]); !s) return s;
  return {};
}

Status create(Context& ctx) {
  auto table = table_of(ctx.idl, ctx.command);
  if (!table) return fail(table);
  ctx.topology.invalidate();
  auto uuid = take_uuid(ctx, **table);
  if (!uuid) return fail(uuid);
  auto symbol = *uuid ? Result<ovsdb::Symbol*>(nullptr) : take_id(ctx, **table);
  if (!symbol) return fail(symbol);
  if (!*uuid && !*symbol && !(*table)->is_root)
    ctx.warnings->push_back(fmt::format("applying \"create\" command to table {} without --id option will have no effect", (*table)->name));
  // A row that others already name must get the identity they used.
  IdlRow& row = *uuid     ? ctx.txn.insert_as(**table, **uuid)
                : *symbol ? ctx.txn.insert(**table, (*symbol)->uuid)
                          : ctx.txn.insert(**table);
  for (size_t i = 1; i < ctx.n_args(); ++i)
    if (Status s = set_column(ctx, row, ctx.arg(i)); !s) return s;
  ctx.command.output = row.uuid().to_string() + "\n";
  return {};
}

// The UUID printed by create() was ours; the server chose the one to show.
void finish_create(Context& ctx) {
  auto local = Uuid::parse(trim(ctx.command.output));
  if (!local) return;
  if (auto real = ctx.txn.inserted_uuid(*local)) ctx.command.output = real->to_string() + "\n";
}

Status read_names(vswitch::Idl& idl, const Command& command) {
  auto table = table_of(idl, command);
  if (!table) return fail(table);
  monitor_row_names(idl, **table);
  return {};
}

// Other than of a root table, the server itself deletes the rows that nothing refers to; destroying one that something
// refers to is ignored, as the manual says.
void erase(IdlRow& row) {
  if (row.table().schema().is_root) row.erase();
}

Status destroy(Context& ctx) {
  auto table = table_of(ctx.idl, ctx.command);
  if (!table) return fail(table);
  ctx.topology.invalidate();
  bool all = ctx.command.has("--all"), optional = ctx.command.has("--if-exists");
  if (all && ctx.n_args() > 1) return fail("--all and records argument should not be specified together");
  if (all && optional) return fail("--all and --if-exists should not be specified together");
  if (!all && ctx.n_args() == 1) ctx.warnings->push_back("either --all or records argument should be specified");
  if (all)
    for (IdlRow& row : ctx.idl.table(**table)) erase(row);
  for (size_t i = 1; i < ctx.n_args(); ++i) {
    auto row = find_row(ctx, **table, ctx.arg(i), !optional);
    if (!row) return fail(row);
    if (*row) erase(**row);
  }
  return {};
}

Status wait_until(Context& ctx) {
  auto table = table_of(ctx.idl, ctx.command);
  if (!table) return fail(table);
  auto row = find_row(ctx, **table, ctx.arg(1), false);
  if (!row) return fail(row);
  if (!*row) {
    ctx.try_again = true;
    return {};
  }
  for (size_t i = 2; i < ctx.n_args(); ++i) {
    auto holds = condition_holds(ctx, **row, ctx.arg(i));
    if (!holds) return fail(holds);
    if (!*holds) ctx.try_again = true;
  }
  return {};
}

Status comment(Context& ctx) {
  ctx.txn.comment(join(ctx.command.args, " "));
  return {};
}

constexpr CommandInfo kCommands[] = {
    {"comment", 0, -1, "", "*ARG", nullptr, comment, nullptr, true},
    {"get", 2, -1, "--if-exists,--id=", "!TABLE !RECORD *COLUMN?:KEY", read_columns_after_record, get},
    {"list", 1, -1, "--if-exists,--columns=", "!TABLE *RECORD", read_list, list},
    {"find", 1, -1, "--columns=", "!TABLE *COLUMN?:KEY=VALUE", read_find, find},
    {"set", 3, -1, "--if-exists", "!TABLE !RECORD +COLUMN?:KEY=VALUE", read_columns_after_record, set, nullptr, true},
    {"add", 4, -1, "--if-exists", "!TABLE !RECORD !COLUMN +?KEY=VALUE", read_one_column, add, nullptr, true},
    {"remove", 4, -1, "--if-exists", "!TABLE !RECORD !COLUMN +KEY|VALUE|KEY=VALUE", read_one_column, remove, nullptr, true},
    {"clear", 3, -1, "--if-exists", "!TABLE !RECORD +COLUMN", read_columns_after_record, clear, nullptr, true},
    {"create", 2, -1, "--id=", "!TABLE +COLUMN?:KEY=VALUE", read_create, create, finish_create, true},
    {"destroy", 1, -1, "--if-exists,--all", "!TABLE *RECORD", read_names, destroy, nullptr, true},
    {"wait-until", 2, -1, "", "!TABLE !RECORD *COLUMN?:KEY=VALUE", read_columns_after_record, wait_until},
};

}  // namespace

void set_list_columns(std::string columns) { list_columns = std::move(columns); }
std::span<const CommandInfo> database_commands() { return kCommands; }

}  // namespace turnout::vsctl
