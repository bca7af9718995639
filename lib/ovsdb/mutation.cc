// Mutations: reading them, and applying them within the limits of the column's type.
#include "lib/ovsdb/mutation.h"

#include <cmath>

#include <fmt/format.h>

namespace turnout::ovsdb {

using json::Json;

std::string_view to_string(Mutator m) {
  switch (m) {
    case Mutator::kAdd: return "+=";
    case Mutator::kSub: return "-=";
    case Mutator::kMul: return "*=";
    case Mutator::kDiv: return "/=";
    case Mutator::kMod: return "%=";
    case Mutator::kInsert: return "insert";
    case Mutator::kDelete: return "delete";
  }
  return "";
}

bool parse_mutator(std::string_view name, Mutator* m) {
  for (Mutator n : {Mutator::kAdd, Mutator::kSub, Mutator::kMul, Mutator::kDiv, Mutator::kMod, Mutator::kInsert, Mutator::kDelete}) {
    if (to_string(n) == name) {
      *m = n;
      return true;
    }
  }
  return false;
}

namespace {

bool is_arithmetic(Mutator m) { return m != Mutator::kInsert && m != Mutator::kDelete; }

bool fits(const ColumnType& type, Mutator m) {
  if (!is_arithmetic(m)) return type.is_map() || !type.is_scalar();
  if (type.is_map()) return false;
  return type.key.type == AtomType::kInteger || (type.key.type == AtomType::kReal && m != Mutator::kMod);
}

DbResult<Datum> read_argument(const ColumnType& type, Mutator m, const Json& json, SymbolTable* symbols) {
  ColumnType wanted;
  if (is_arithmetic(m)) {
    wanted.key.type = type.key.type;  // one number, which the column's limits do not bind
    return datum_from_json(wanted, json, symbols);
  }
  wanted = type;
  wanted.min = 0;
  if (m == Mutator::kInsert) return datum_from_json(wanted, json, symbols);
  wanted.max = kUnlimited;
  if (!type.is_map()) return datum_from_json(wanted, json, symbols);
  // From a map: pairs, or keys alone.
  auto pairs = datum_from_json(wanted, json, symbols);
  if (pairs) return pairs;
  wanted.value = BaseType();
  return datum_from_json(wanted, json, symbols);
}

enum class Trouble { kNone, kDivision, kRange };

Trouble compute(Mutator m, int64_t a, int64_t b, int64_t* out) {
  switch (m) {
    case Mutator::kAdd: return __builtin_add_overflow(a, b, out) ? Trouble::kRange : Trouble::kNone;
    case Mutator::kSub: return __builtin_sub_overflow(a, b, out) ? Trouble::kRange : Trouble::kNone;
    case Mutator::kMul: return __builtin_mul_overflow(a, b, out) ? Trouble::kRange : Trouble::kNone;
    case Mutator::kDiv:
      if (b == 0) return Trouble::kDivision;
      if (a == INT64_MIN && b == -1) return Trouble::kRange;
      *out = a / b;
      return Trouble::kNone;
    case Mutator::kMod:
      if (b == 0) return Trouble::kDivision;
      if (a == INT64_MIN && b == -1) return Trouble::kRange;   // as for the quotient
      *out = a % b;
      return Trouble::kNone;
    default: return Trouble::kRange;
  }
}

Trouble compute(Mutator m, double a, double b, double* out) {
  switch (m) {
    case Mutator::kAdd: *out = a + b; break;
    case Mutator::kSub: *out = a - b; break;
    case Mutator::kMul: *out = a * b; break;
    case Mutator::kDiv:
      if (b == 0) return Trouble::kDivision;
      *out = a / b;
      break;
    default: return Trouble::kRange;
  }
  if (*out == 0) *out = 0;  // no negative zero
  return std::isfinite(*out) ? Trouble::kNone : Trouble::kRange;
}

DbStatus apply_number(const Mutation& mutation, Datum* value) {
  const BaseType& base = mutation.column->type.key;
  DatumBuilder builder(base.type, AtomType::kVoid, value->size());
  for (size_t i = 0; i < value->size(); i++) {
    Trouble trouble;
    Atom result;
    if (base.type == AtomType::kInteger) {
      int64_t v = 0;
      trouble = compute(mutation.mutator, value->integer_at(i), mutation.arg.integer_at(), &v);
      result = Atom::integer(v);
    } else {
      double v = 0;
      trouble = compute(mutation.mutator, value->real_at(i), mutation.arg.real_at(), &v);
      result = Atom::real(v);
    }
    if (trouble == Trouble::kDivision) return db_fail("domain error", "Division by zero.");
    if (trouble == Trouble::kRange)
      return db_fail("range error", fmt::format("Result of \"{}\" operation is out of range.", to_string(mutation.mutator)));
    if (auto s = base.check(result); !s) return s;
    builder.add(std::move(result));
  }
  Datum out;
  if (!builder.finish(&out))
    return db_fail("constraint violation",
                   fmt::format("Result of \"{}\" operation contains duplicates.", to_string(mutation.mutator)));
  value->swap(out);
  return {};
}

}  // namespace

DbResult<Mutation> Mutation::from_json(const TableSchema& table, const Json& json, SymbolTable* symbols) {
  Mutation mutation;
  if (!json.is_array() || json.size() != 3 || !json[0].is_string() || !json[1].is_string())
    return syntax_fail(json, "Parse error in mutation.");
  Json name = json[0], mutator = json[1];
  mutation.column = table.find(name.as_string());
  if (!mutation.column)
    return syntax_fail(json, fmt::format("No column {} in table {}.", name.as_string(), table.name), "unknown column");
  if (!mutation.column->is_mutable)
    return syntax_fail(json, fmt::format("Cannot mutate immutable column {} in table {}.", name.as_string(), table.name),
                       "constraint violation");
  if (!parse_mutator(mutator.as_string(), &mutation.mutator))
    return db_fail("unknown mutator", fmt::format("No mutator named {}.", mutator.as_string()));
  const ColumnType& type = mutation.column->type;
  if (!fits(type, mutation.mutator))
    return syntax_fail(json, fmt::format("Type mismatch: \"{}\" operator may not be applied to column {} of type {}.",
                                         mutator.as_string(), name.as_string(), type.to_english()));
  auto arg = read_argument(type, mutation.mutator, json[2], symbols);
  if (!arg) return db_fail(arg);
  mutation.arg = std::move(*arg);
  return mutation;
}

Json Mutation::to_json() const { return Json::array({column->name, to_string(mutator), datum_to_json(arg)}); }

DbStatus Mutation::apply(Datum* value) const {
  if (is_arithmetic(mutator)) return apply_number(*this, value);
  const ColumnType& type = column->type;
  Datum result = *value;
  if (mutator == Mutator::kInsert) result.unite(arg);
  else result.subtract(arg);
  if (result.size() < type.min || result.size() > type.max)
    return db_fail("constraint violation",
                   fmt::format("Attempted to store {} elements in {}.", result.size(), type.to_english()));
  value->swap(result);
  return {};
}

DbResult<std::vector<Mutation>> mutations_from_json(const TableSchema& table, const Json& json, SymbolTable* symbols) {
  std::vector<Mutation> out;
  if (!json.is_array()) return syntax_fail(json, "array expected");
  for (size_t i = 0; i < json.size(); i++) {
    auto mutation = Mutation::from_json(table, json[i], symbols);
    if (!mutation) return db_fail(mutation);
    out.push_back(std::move(*mutation));
  }
  return out;
}

}  // namespace turnout::ovsdb
