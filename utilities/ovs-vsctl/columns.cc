// Names of tables and columns, and COLUMN[:KEY]=VALUE words.
#include "utilities/ovs-vsctl/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace turnout::vsctl {
namespace {

char fold(char c) { return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

enum class Match { kNone, kPrefix, kWhole };
Match match_name(std::string_view name, std::string_view typed) {
  if (typed.size() > name.size()) return Match::kNone;
  for (size_t i = 0; i < typed.size(); ++i)
    if (fold(name[i]) != fold(typed[i])) return Match::kNone;
  return typed.size() == name.size() ? Match::kWhole : Match::kPrefix;
}

// The candidate a typed name stands for; *ambiguous when several begin with it.
template <typename Range, typename Name>
auto pick(const Range& candidates, std::string_view typed, bool* ambiguous, Name&& name_of) -> decltype(&*candidates.begin()) {
  decltype(&*candidates.begin()) found = nullptr;
  *ambiguous = false;
  for (const auto& c : candidates) {
    Match m = match_name(name_of(c), typed);
    if (m == Match::kWhole) {
      *ambiguous = false;
      return &c;
    }
    if (m == Match::kPrefix) {
      *ambiguous = found != nullptr;
      if (*ambiguous) break;
      found = &c;
    }
  }
  return found;
}

size_t name_length(std::string_view word) {
  size_t n = 0;
  while (n < word.size() && (std::isalnum(static_cast<unsigned char>(word[n])) || word[n] == '_' || word[n] == '-')) ++n;
  return n;
}

constexpr std::array<std::string_view, 1> kEquals = {"="};
constexpr std::array<std::string_view, 14> kConditions = {"=",   "!=",   "<",    ">",    "<=",    ">=",   "{=}",
                                                          "{!=}", "{<}", "{>}", "{<=}", "{>=}", "{in}", "{not-in}"};

std::string list_operators(std::span<const std::string_view> operators) {
  std::string out;
  for (size_t i = 0; i < operators.size(); ++i) {
    if (i) out += i + 1 == operators.size() ? ", or " : ", ";
    out += fmt::format("\"{}\"", operators[i]);
  }
  return out;
}

}  // namespace

Result<const ovsdb::TableSchema*> find_table(const ovsdb::Schema& schema, std::string_view name) {
  bool ambiguous;
  auto* found = pick(schema.tables(), name, &ambiguous, [](const auto& t) { return std::string_view(t->name); });
  if (ambiguous) return fail(fmt::format("multiple table names match \"{}\"", name));
  if (!found) return fail(fmt::format("unknown table \"{}\"", name));
  return found->get();
}

Result<const ovsdb::ColumnSchema*> find_column(const ovsdb::TableSchema& table, std::string_view name) {
  if (equal_names(name, "_uuid")) return &ovsdb::uuid_column();
  bool ambiguous;
  auto* found = pick(table.columns, name, &ambiguous, [](const auto& c) { return std::string_view(c.name); });
  if (ambiguous) return fail(fmt::format("{} contains more than one column whose name matches \"{}\"", table.name, name));
  if (!found && match_name("_uuid", name) == Match::kPrefix) return &ovsdb::uuid_column();
  if (!found) return fail(fmt::format("{} does not contain a column whose name matches \"{}\"", table.name, name));
  return found;
}

Result<const ovsdb::ColumnSchema*> find_mutable_column(const ovsdb::TableSchema& table, std::string_view name) {
  auto column = find_column(table, name);
  if (column && (!(*column)->is_mutable || (*column)->is_synthetic()))
    return fail(fmt::format("cannot modify read-only column {} in table {}", (*column)->name, table.name));
  return column;
}

bool equal_names(std::string_view a, std::string_view b) { return match_name(a, b) == Match::kWhole; }

Status monitor_named_column(vswitch::Idl& idl, const ovsdb::TableSchema& table, std::string_view word) {
  size_t n = name_length(word);
  auto column = find_column(table, n ? word.substr(0, n) : word);
  if (!column) return fail(column);
  idl.monitor(table);
  if (!(*column)->is_synthetic()) idl.monitor(table, **column);
  return {};
}

namespace {

// Takes COLUMN[:KEY] off the front of *rest. purpose: get, set or check, for the message.
Result<Assignment> take_column_key(Context& ctx, const ovsdb::TableSchema& table, std::string_view word, std::string_view purpose,
                                   std::string_view* rest) {
  size_t n = name_length(word);
  auto column = find_column(table, n ? word.substr(0, n) : word);
  if (!column) return fail(column);
  Assignment out;
  out.column = *column;
  *rest = word.substr(n);
  if (rest->starts_with(':')) {
    if (!out.column->type.is_map()) return fail(fmt::format("cannot specify key to {} for non-map column {}", purpose, out.column->name));
    rest->remove_prefix(1);
    auto key = ovsdb::take_atom_from_text(out.column->type.key, rest, &ctx.symbols);
    if (!key) return fail(key);
    out.key = std::move(*key);
  }
  return out;
}

}  // namespace

Result<Assignment> parse_column_key(Context& ctx, const ovsdb::TableSchema& table, std::string_view word) {
  std::string_view rest;
  auto out = take_column_key(ctx, table, word, "get", &rest);
  if (out && !rest.empty()) return fail(fmt::format("{}: trailing garbage \"{}\" in argument", word, rest));
  return out;
}

Result<Assignment> parse_assignment(Context& ctx, const ovsdb::TableSchema& table, std::string_view word,
                                    std::span<const std::string_view> operators) {
  std::string_view rest;
  auto out = take_column_key(ctx, table, word, operators.size() > 1 ? "check" : "set", &rest);
  if (!out) return fail(out);
  // The UUID of a row is neither set nor searched for by its column: records are named by it.
  if (out->column->is_synthetic()) return fail(fmt::format("{} does not contain a column whose name matches \"{}\"", table.name, out->column->name));
  std::string_view best;
  for (std::string_view op : operators)
    if (op.size() > best.size() && rest.starts_with(op)) best = op;
  if (best.empty() || rest.size() == best.size())
    return fail(fmt::format("{}: argument does not end in {} followed by a value.", word, list_operators(operators)));
  out->op = best;
  out->value = rest.substr(best.size());
  return out;
}

Status set_column(Context& ctx, ovsdb::IdlRow& row, std::string_view word) {
  const ovsdb::TableSchema& table = row.table().schema();
  auto parsed = parse_assignment(ctx, table, word, kEquals);
  if (!parsed) return fail(parsed);
  const ovsdb::ColumnSchema& column = *parsed->column;
  if (!column.is_mutable && !row.is_new())
    return fail(fmt::format("cannot modify read-only column {} in table {}", column.name, table.name));
  if (!parsed->key) {
    auto value = ovsdb::datum_from_text(column.type, *parsed->value, &ctx.symbols);
    if (!value) return fail(value);
    row.set(column, std::move(*value));
    return {};
  }
  auto value = ovsdb::atom_from_text(column.type.value, *parsed->value, &ctx.symbols);
  if (!value) return fail(value);
  ovsdb::Datum pair(column.type.key.type, column.type.value.type);
  pair.insert(*parsed->key, *value);
  row.insert_into(column, pair);
  return {};
}

namespace {

// `a OP b` for datums of one type, as a whole.
bool compare_whole(std::string_view op, int order) {
  if (op == "=") return order == 0;
  if (op == "!=") return order != 0;
  if (op == "<") return order < 0;
  if (op == ">") return order > 0;
  if (op == "<=") return order <= 0;
  return order >= 0;
}

// Set relations: {=}, {!=}, {<} proper subset, {<=}/{in} subset, and so on; a set against the value typed.
bool compare_sets(std::string_view op, const ovsdb::Datum& have, const ovsdb::Datum& want) {
  bool subset = want.includes_all(have), superset = have.includes_all(want);
  if (op == "{=}") return subset && superset;
  if (op == "{!=}") return !(subset && superset);
  if (op == "{<}") return subset && !superset;
  if (op == "{<=}" || op == "{in}") return subset;
  if (op == "{>}") return superset && !subset;
  if (op == "{>=}") return superset;
  return have.excludes_all(want);   // {not-in}
}

bool is_set_relation(std::string_view op) { return op.starts_with('{'); }

// A key of a map: its value against the value typed.
Result<bool> map_key_holds(Context& ctx, const ovsdb::ColumnSchema& column, const ovsdb::Datum& datum, const Assignment& a) {
  size_t at = datum.find(*a.key);
  ovsdb::ColumnType type;
  type.key = column.type.value;
  type.min = 0;
  type.max = ovsdb::kUnlimited;
  auto want = ovsdb::datum_from_text(type, *a.value, &ctx.symbols);
  if (!want) return fail(want);
  ovsdb::Datum have(column.type.value.type);
  if (at != ovsdb::Datum::kNotFound) have.insert(datum.value(at));
  if (is_set_relation(a.op)) return compare_sets(a.op, have, *want);
  if (have.empty()) return false;   // an absent key has no relation, "!=" neither
  return compare_whole(a.op, have.compare(*want));
}

}  // namespace

Result<bool> condition_holds(Context& ctx, const ovsdb::IdlRow& row, std::string_view word) {
  auto parsed = parse_assignment(ctx, row.table().schema(), word, kConditions);
  if (!parsed) return fail(parsed);
  const ovsdb::ColumnSchema& column = *parsed->column;
  const ovsdb::Datum& datum = row.get(column);
  if (parsed->key) return map_key_holds(ctx, column, datum, *parsed);
  ovsdb::ColumnType type = column.type;
  if (is_set_relation(parsed->op)) type.min = 0, type.max = ovsdb::kUnlimited;
  auto want = ovsdb::datum_from_text(type, *parsed->value, &ctx.symbols);
  if (!want) return fail(want);
  if (is_set_relation(parsed->op)) return compare_sets(parsed->op, datum, *want);
  return compare_whole(parsed->op, datum.compare(*want));
}

}  // namespace turnout::vsctl
