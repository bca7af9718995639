// Conditions: reading them, writing them, and what each function means.
#include "lib/ovsdb/condition.h"

#include <fmt/format.h>

namespace turnout::ovsdb {

using json::Json;

std::string_view to_string(Function f) {
  switch (f) {
    case Function::kFalse: return "false";
    case Function::kTrue: return "true";
    case Function::kLt: return "<";
    case Function::kLe: return "<=";
    case Function::kEq: return "==";
    case Function::kNe: return "!=";
    case Function::kGe: return ">=";
    case Function::kGt: return ">";
    case Function::kIncludes: return "includes";
    case Function::kExcludes: return "excludes";
  }
  return "";
}

bool parse_function(std::string_view name, Function* f) {
  for (Function g : {Function::kLt, Function::kLe, Function::kEq, Function::kNe, Function::kGe, Function::kGt,
                     Function::kIncludes, Function::kExcludes}) {
    if (to_string(g) == name) {
      *f = g;
      return true;
    }
  }
  return false;
}

ColumnType argument_type(const ColumnType& column, Function f) {
  ColumnType type = column;
  if (f == Function::kLt || f == Function::kLe || f == Function::kGt || f == Function::kGe) {
    type.min = type.max = 1;
  } else if ((f == Function::kIncludes || f == Function::kExcludes) && !column.is_scalar()) {
    type.min = 0;
    if (f == Function::kExcludes) type.max = kUnlimited;
  }
  return type;
}

namespace {
bool is_ordering(Function f) {
  return f == Function::kLt || f == Function::kLe || f == Function::kGt || f == Function::kGe;
}
}  // namespace

DbResult<Clause> Clause::from_json(const TableSchema& table, const Json& json, SymbolTable* symbols) {
  Clause clause;
  if (json.is_bool()) {
    clause.function = json.as_bool() ? Function::kTrue : Function::kFalse;
    return clause;
  }
  if (!json.is_array() || json.size() != 3 || !json[0].is_string() || !json[1].is_string())
    return syntax_fail(json, "Parse error in condition.");
  Json name = json[0], function = json[1];
  clause.column = table.find(name.as_string());
  if (!clause.column)
    return syntax_fail(json, fmt::format("No column {} in table {}.", name.as_string(), table.name), "unknown column");
  if (!parse_function(function.as_string(), &clause.function))
    return db_fail("unknown function", fmt::format("No function named {}.", function.as_string()));
  const ColumnType& type = clause.column->type;
  bool number = type.key.type == AtomType::kInteger || type.key.type == AtomType::kReal;
  if (is_ordering(clause.function) && (type.is_map() || type.max != 1 || !number))
    return syntax_fail(json, fmt::format("Type mismatch: \"{}\" operator may not be applied to column {} of type {}.",
                                         function.as_string(), name.as_string(), type.to_english()));
  auto arg = datum_from_json(argument_type(type, clause.function), json[2], symbols);
  if (!arg) return db_fail(arg);
  clause.arg = std::move(*arg);
  return clause;
}

Json Clause::to_json() const {
  if (!column) return Json(function == Function::kTrue);
  return Json::array({column->name, to_string(function), datum_to_json(arg)});
}

bool Clause::holds(const Datum& value) const {
  switch (function) {
    case Function::kFalse: return false;
    case Function::kTrue: return true;
    case Function::kEq: return value == arg;
    case Function::kNe: return !(value == arg);
    case Function::kIncludes: return value.includes_all(arg);
    case Function::kExcludes: return value.excludes_all(arg);
    case Function::kLt: return !value.empty() && compare(value.key(0), arg.key(0)) < 0;
    case Function::kLe: return !value.empty() && compare(value.key(0), arg.key(0)) <= 0;
    case Function::kGt: return !value.empty() && compare(value.key(0), arg.key(0)) > 0;
    case Function::kGe: return !value.empty() && compare(value.key(0), arg.key(0)) >= 0;
  }
  return false;
}

DbResult<Condition> Condition::from_json(const TableSchema& table, const Json& json, SymbolTable* symbols) {
  Condition condition;
  if (!json.is_array()) return syntax_fail(json, "array expected");
  for (size_t i = 0; i < json.size(); i++) {
    auto clause = Clause::from_json(table, json[i], symbols);
    if (!clause) return db_fail(clause);
    condition.clauses.push_back(std::move(*clause));
  }
  return condition;
}

Json Condition::to_json() const {
  Json out = Json::array();
  for (const Clause& clause : clauses) out.append(clause.to_json());
  return out;
}

const Uuid* Condition::wanted_uuid() const {
  for (const Clause& c : clauses) {
    bool names_one = c.function == Function::kEq || c.function == Function::kIncludes;
    if (c.column && c.column->index == ColumnSchema::kUuid && names_one && c.arg.size() == 1) return &c.arg.uuid_at();
  }
  return nullptr;
}

}  // namespace turnout::ovsdb
