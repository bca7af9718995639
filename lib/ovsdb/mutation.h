// The <mutations> of RFC 7047 §5.1: arithmetic on numbers and sets of them, insert and delete on sets and maps.
#pragma once

#include <string_view>
#include <vector>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb {

enum class Mutator : uint8_t { kAdd, kSub, kMul, kDiv, kMod, kInsert, kDelete };
std::string_view to_string(Mutator m);    // "+=", …
bool parse_mutator(std::string_view name, Mutator* m);

struct Mutation {
  const ColumnSchema* column = nullptr;
  Mutator mutator = Mutator::kAdd;
  Datum arg;

  static DbResult<Mutation> from_json(const TableSchema& table, const json::Json& json, SymbolTable* symbols = nullptr);
  json::Json to_json() const;
  // Applies it. "domain error" (division by zero), "range error" (overflow), "constraint violation"; then *value is unchanged.
  DbStatus apply(Datum* value) const;
};

DbResult<std::vector<Mutation>> mutations_from_json(const TableSchema& table, const json::Json& json,
                                                    SymbolTable* symbols = nullptr);

}  // namespace turnout::ovsdb
