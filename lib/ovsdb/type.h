// Types of columns with their constraints (RFC 7047 §3.2 <base-type>, <type>), and the conversions between datums and
// JSON or command-line text, which need them. Values, any thread.
#pragma once

#include <cfloat>
#include <climits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/ovsdb/datum.h"
#include "lib/ovsdb/error.h"

namespace turnout::ovsdb {

enum class RefType : uint8_t { kStrong, kWeak };

struct BaseType {
  AtomType type = AtomType::kVoid;
  RefType ref_type = RefType::kStrong;
  std::shared_ptr<const Datum> enum_values;      // null: any value
  int64_t min_integer = INT64_MIN, max_integer = INT64_MAX;
  double min_real = -DBL_MAX, max_real = DBL_MAX;
  uint32_t min_length = 0, max_length = UINT32_MAX;  // strings, in characters
  std::string ref_table;                         // UUIDs; empty: not a reference

  bool is_reference() const { return type == AtomType::kUuid && !ref_table.empty(); }
  bool is_strong_ref() const { return is_reference() && ref_type == RefType::kStrong; }
  bool is_weak_ref() const { return is_reference() && ref_type == RefType::kWeak; }
  bool has_constraints() const;
  static DbResult<BaseType> from_json(const json::Json& json);
  json::Json to_json() const;                    // a bare name where nothing is constrained
  DbStatus check(AtomView atom) const;           // "constraint violation" in the reference's words
  // "integer", "in range …", as ovs-vsctl and documentation name it.
  std::string to_english() const;
  bool operator==(const BaseType& o) const;
};

inline constexpr uint32_t kUnlimited = UINT32_MAX;

struct ColumnType {
  BaseType key, value;                           // value.type kVoid: not a map
  uint32_t min = 1, max = 1;

  bool is_scalar() const { return min == 1 && max == 1 && !is_map(); }
  bool is_optional() const { return min == 0 && max == 1; }
  bool is_composite() const { return max > 1; }
  bool is_map() const { return value.type != AtomType::kVoid; }
  bool is_set() const { return !is_map() && (min != 1 || max != 1); }
  bool is_optional_scalar() const { return !is_map() && min == 0 && max == 1; }
  static DbResult<ColumnType> from_json(const json::Json& json);
  json::Json to_json() const;
  Datum default_datum() const;                   // what a column holds when an insert does not name it
  bool is_default(const Datum& d) const { return d == default_datum(); }
  DbStatus check(const Datum& datum) const;      // constraints of all atoms, and the number of elements
  std::string to_english() const;
  bool operator==(const ColumnType& o) const;
};

// Names for rows that a transaction is about to insert: "named-uuid" of the wire, @NAME of the command line. A name gets
// its UUID when it is first met, in either direction.
struct Symbol {
  Uuid uuid;
  bool created = false;      // some insert carries this name
  bool strong_ref = false;   // some strong (weak) reference column names it
  bool weak_ref = false;
  std::optional<std::string> table;  // for callers: the table it was created in
};
class SymbolTable {
 public:
  Symbol* find(std::string_view name);
  Symbol& get(std::string_view name);            // made when absent
  const std::map<std::string, Symbol, std::less<>>& all() const { return symbols_; }

 private:
  std::map<std::string, Symbol, std::less<>> symbols_;
};

// ---- JSON (RFC 7047 §5.1) ----
// `symbols` null: named-uuid is an error. Constraints of the base type are checked.
DbResult<Atom> atom_from_json(const BaseType& type, const json::Json& json, SymbolTable* symbols = nullptr);
DbResult<Datum> datum_from_json(const ColumnType& type, const json::Json& json, SymbolTable* symbols = nullptr);
// Constraints and number of elements are not checked: for contents that were checked when they were written, and for
// the diffs of update2 and of the journal, where a set may have more or fewer elements than its column allows.
DbResult<Datum> datum_from_json_unchecked(const ColumnType& type, const json::Json& json, SymbolTable* symbols = nullptr);
json::Json atom_to_json(AtomView atom);
json::Json datum_to_json(const Datum& datum);    // a set of one as a bare atom
// The same as text, compact, without building values: the fast way out.
void append_atom_json(std::string& out, AtomView atom);
void append_datum_json(std::string& out, const Datum& datum);

// ---- Command-line text (ovs-vsctl(8), "Database Values") ----
Result<Atom> atom_from_text(const BaseType& type, std::string_view text, SymbolTable* symbols = nullptr);
Result<Datum> datum_from_text(const ColumnType& type, std::string_view text, SymbolTable* symbols = nullptr);
// Reads one atom at the front of *text and moves past it (as `KEY` in COLUMN:KEY=VALUE; quoted strings may hold anything).
Result<Atom> take_atom_from_text(const BaseType& type, std::string_view* text, SymbolTable* symbols = nullptr);
std::string atom_to_text(AtomView atom);         // strings quoted where they must be
std::string datum_to_text(const Datum& datum, const ColumnType& type);  // --data=string
std::string atom_to_bare(AtomView atom);         // strings as they are
std::string datum_to_bare(const Datum& datum);   // --data=bare: elements by spaces, pairs key=value
bool string_needs_quotes(std::string_view text); // in the text form

}  // namespace turnout::ovsdb
