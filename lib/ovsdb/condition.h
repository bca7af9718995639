// The <condition> of RFC 7047 §5.1: clauses [column, function, value] that must all hold; and of monitor_cond
// (ovsdb-server(7)), where a clause may be true or false and any one suffices.
#pragma once

#include <string_view>
#include <vector>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb {

enum class Function : uint8_t { kFalse, kTrue, kLt, kLe, kEq, kNe, kGe, kGt, kIncludes, kExcludes };
std::string_view to_string(Function f);
bool parse_function(std::string_view name, Function* f);

struct Clause {
  const ColumnSchema* column = nullptr;   // null for kTrue, kFalse
  Function function = Function::kTrue;
  Datum arg;

  bool holds(const Datum& value) const;   // value of the column; not for kTrue and kFalse
  static DbResult<Clause> from_json(const TableSchema& table, const json::Json& json, SymbolTable* symbols = nullptr);
  json::Json to_json() const;
};
// The type an argument of `f` has for this column: "includes" and "excludes" take fewer elements than the column.
ColumnType argument_type(const ColumnType& column, Function f);

class Condition {
 public:
  std::vector<Clause> clauses;

  static DbResult<Condition> from_json(const TableSchema& table, const json::Json& json, SymbolTable* symbols = nullptr);
  json::Json to_json() const;
  // Column: `const Datum& get(const ColumnSchema&)`, for any way of keeping rows.
  template <typename Get>
  bool all_hold(Get&& get) const {
    for (const Clause& c : clauses)
      if (!holds(c, get)) return false;
    return true;
  }
  template <typename Get>
  bool any_holds(Get&& get) const {       // an empty condition holds nowhere
    for (const Clause& c : clauses)
      if (holds(c, get)) return true;
    return false;
  }
  // The row that `_uuid == X` names, if there is such a clause: a look-up instead of a scan.
  const Uuid* wanted_uuid() const;

 private:
  template <typename Get>
  static bool holds(const Clause& c, Get& get) {
    if (!c.column) return c.function == Function::kTrue;
    return c.holds(get(*c.column));
  }
};

}  // namespace turnout::ovsdb
