// Column types: reading, writing, describing, and checking values against their constraints.
#include "lib/ovsdb/type.h"

#include <fmt/format.h>

#include "lib/ovsdb/members.h"
#include "lib/ovsdb/number_text.h"

namespace turnout::ovsdb {

using json::Json;

namespace {

DbResult<AtomType> atomic_type(const Json& json) {
  AtomType type;
  if (!parse_atom_type(json.as_string(), &type)) return syntax_fail(json, fmt::format("\"{}\" is not an atomic-type", json.as_string()));
  return type;
}

DbStatus read_length(Members& members, const char* name, uint32_t* out) {
  if (!members.has(name)) return {};
  Json v = members.optional(name, Members::kInteger);
  if (!v.is_integer()) return {};  // Members complains
  if (v.as_integer() < 0 || v.as_integer() > UINT32_MAX)
    return syntax_fail(v, fmt::format("{} out of valid range 0 to 4294967295", name));
  *out = static_cast<uint32_t>(v.as_integer());
  return {};
}

DbStatus read_enum(Members& members, BaseType* base) {
  ColumnType set;
  set.key.type = base->type;
  set.min = 1;
  set.max = kUnlimited;
  auto datum = datum_from_json(set, members.optional("enum", Members::kAny));
  if (!datum) return db_fail(datum);
  base->enum_values = std::make_shared<const Datum>(std::move(*datum));
  return {};
}

DbStatus read_reference(const Json& json, Members& members, BaseType* base) {
  Json table = members.optional("refTable", Members::kId);
  if (!table.is_string()) return {};
  base->ref_table = table.as_string();
  Json kind = members.optional("refType", Members::kString);
  if (!kind.is_string() || kind.as_string() == "strong") return {};
  if (kind.as_string() != "weak")
    return syntax_fail(json, fmt::format("refType must be \"strong\" or \"weak\" (not \"{}\")", kind.as_string()));
  base->ref_type = RefType::kWeak;
  return {};
}

DbStatus read_constraints(const Json& json, Members& members, BaseType* base) {
  if (base->type == AtomType::kInteger) {
    if (Json v = members.optional("minInteger", Members::kInteger); v.is_integer()) base->min_integer = v.as_integer();
    if (Json v = members.optional("maxInteger", Members::kInteger); v.is_integer()) base->max_integer = v.as_integer();
    if (base->min_integer > base->max_integer) return syntax_fail(json, "minInteger exceeds maxInteger");
  } else if (base->type == AtomType::kReal) {
    if (Json v = members.optional("minReal", Members::kNumber); v.is_number()) base->min_real = v.as_real();
    if (Json v = members.optional("maxReal", Members::kNumber); v.is_number()) base->max_real = v.as_real();
    if (base->min_real > base->max_real) return syntax_fail(json, "minReal exceeds maxReal");
  } else if (base->type == AtomType::kString) {
    if (auto s = read_length(members, "minLength", &base->min_length); !s) return s;
    if (auto s = read_length(members, "maxLength", &base->max_length); !s) return s;
    if (base->min_length > base->max_length) return syntax_fail(json, "minLength exceeds maxLength");
  } else if (base->type == AtomType::kUuid) {
    return read_reference(json, members, base);
  }
  return {};
}

std::string members_count(uint32_t min, uint32_t max) {
  if (min == 1 && max == 1) return "exactly one member";
  return fmt::format("{} to {} members", min, max);
}

}  // namespace

DbResult<BaseType> BaseType::from_json(const Json& json) {
  BaseType base;
  if (json.is_string()) {
    auto type = atomic_type(json);
    if (!type) return db_fail(type);
    base.type = *type;
    return base;
  }
  Members members(json, "ovsdb type");
  Json name = members.required("type", Members::kString);
  if (name.is_string()) {
    auto type = atomic_type(name);
    if (!type) return db_fail(type);
    base.type = *type;
    DbStatus read = json.has("enum") ? read_enum(members, &base) : read_constraints(json, members, &base);
    if (!read) return db_fail(read);
  }
  if (auto s = members.finish(); !s) return db_fail(s);
  return base;
}

bool BaseType::has_constraints() const {
  return enum_values || min_integer != INT64_MIN || max_integer != INT64_MAX || min_real != -DBL_MAX ||
         max_real != DBL_MAX || min_length != 0 || max_length != UINT32_MAX || is_reference();
}

Json BaseType::to_json() const {
  if (!has_constraints()) return Json(to_string(type));
  Json out = Json::object();  // members by name
  if (enum_values) out.set("enum", datum_to_json(*enum_values));
  if (max_integer != INT64_MAX) out.set("maxInteger", max_integer);
  if (max_length != UINT32_MAX) out.set("maxLength", int64_t{max_length});
  if (max_real != DBL_MAX) out.set("maxReal", max_real);
  if (min_integer != INT64_MIN) out.set("minInteger", min_integer);
  if (min_length != 0) out.set("minLength", int64_t{min_length});
  if (min_real != -DBL_MAX) out.set("minReal", min_real);
  if (is_reference()) out.set("refTable", ref_table);
  if (is_weak_ref()) out.set("refType", "weak");
  out.set("type", to_string(type));
  return out;
}

std::string BaseType::to_english() const { return std::string(to_string(type)); }

bool BaseType::operator==(const BaseType& o) const {
  if (!enum_values != !o.enum_values || (enum_values && !(*enum_values == *o.enum_values))) return false;
  return type == o.type && ref_type == o.ref_type && min_integer == o.min_integer && max_integer == o.max_integer &&
         min_real == o.min_real && max_real == o.max_real && min_length == o.min_length && max_length == o.max_length &&
         ref_table == o.ref_table;
}

// ---- constraints ----

namespace {

size_t characters(std::string_view utf8) {
  size_t n = 0;
  for (char c : utf8) n += (c & 0xc0) != 0x80;
  return n;
}

// "N is not in the valid range…" for numbers and their limits as text.
tl::unexpected<DbError> out_of_range(const std::string& v, bool has_min, const std::string& min, bool has_max,
                                     const std::string& max, bool below) {
  if (has_min && has_max)
    return db_fail("constraint violation", fmt::format("{} is not in the valid range {} to {} (inclusive)", v, min, max));
  if (below) return db_fail("constraint violation", fmt::format("{} is less than minimum allowed value {}", v, min));
  return db_fail("constraint violation", fmt::format("{} is greater than maximum allowed value {}", v, max));
}

DbStatus check_length(const BaseType& base, std::string_view text) {
  size_t n = characters(text);
  if (n >= base.min_length && n <= base.max_length) return {};
  bool low = n < base.min_length;
  return db_fail("constraint violation",
                 fmt::format("\"{}\" length {} is {} than {} allowed length {}", text, n, low ? "less" : "greater",
                             low ? "minimum" : "maximum", low ? base.min_length : base.max_length));
}

DbStatus check_enum(const BaseType& base, AtomView atom) {
  if (base.enum_values->contains(atom)) return {};
  ColumnType set;
  set.max = kUnlimited;
  return db_fail("constraint violation", fmt::format("{} is not one of the allowed values ({})", atom_to_text(atom),
                                                     datum_to_text(*base.enum_values, set)));
}

}  // namespace

DbStatus BaseType::check(AtomView atom) const {
  if (enum_values) return check_enum(*this, atom);
  switch (type) {
    case AtomType::kInteger: {
      int64_t v = atom.integer();
      if (v >= min_integer && v <= max_integer) return {};
      return out_of_range(std::to_string(v), min_integer != INT64_MIN, std::to_string(min_integer), max_integer != INT64_MAX,
                          std::to_string(max_integer), v < min_integer);
    }
    case AtomType::kReal: {
      double v = atom.real();
      if (v >= min_real && v <= max_real) return {};
      return out_of_range(real_to_text(v), min_real != -DBL_MAX, real_to_text(min_real), max_real != DBL_MAX,
                          real_to_text(max_real), v < min_real);
    }
    case AtomType::kString:
      if (min_length == 0 && max_length == UINT32_MAX) return {};
      return check_length(*this, atom.string());
    default: return {};
  }
}

// ---- column types ----

DbResult<ColumnType> ColumnType::from_json(const Json& json) {
  ColumnType type;
  if (json.is_string()) {
    auto base = BaseType::from_json(json);
    if (!base) return db_fail(base);
    type.key = std::move(*base);
    return type;
  }
  Members members(json, "ovsdb type");
  Json key = members.required("key", Members::kString | Members::kObject);
  Json value = members.optional("value", Members::kString | Members::kObject);
  Json min = members.optional("min", Members::kInteger);
  Json max = members.optional("max", Members::kInteger | Members::kString);
  if (auto s = members.finish(); !s) return db_fail(s);
  auto base = BaseType::from_json(key);
  if (!base) return db_fail(base);
  type.key = std::move(*base);
  if (!value.is_null()) {
    base = BaseType::from_json(value);
    if (!base) return db_fail(base);
    type.value = std::move(*base);
  }
  auto limit = [](const Json& v, uint32_t* out) {
    if (v.is_null()) return true;
    if (v.is_integer() && v.as_integer() >= 0 && v.as_integer() < UINT32_MAX) *out = static_cast<uint32_t>(v.as_integer());
    else if (v.is_string() && v.as_string() == "unlimited") *out = kUnlimited;
    else return false;
    return true;
  };
  if (!limit(min, &type.min)) return syntax_fail(min, "bad min or max value");
  if (!limit(max, &type.max)) return syntax_fail(max, "bad min or max value");
  if (type.min > 1 || type.max < 1) return syntax_fail(json, "ovsdb type fails constraint checks");
  return type;
}

Json ColumnType::to_json() const {
  if (is_scalar() && !key.has_constraints()) return key.to_json();
  Json out = Json::object();
  out.set("key", key.to_json());
  if (max == kUnlimited) out.set("max", "unlimited");
  else if (max != 1) out.set("max", int64_t{max});
  if (min != 1) out.set("min", int64_t{min});
  if (is_map()) out.set("value", value.to_json());
  return out;
}

Datum ColumnType::default_datum() const {
  if (min == 0) return Datum(key.type, value.type);
  // A column that needs an element gets the default of its type, even where a constraint forbids that value.
  if (!is_map()) return Datum(Atom::default_of(key.type));
  Datum out(key.type, value.type);
  out.insert(Atom::default_of(key.type), Atom::default_of(value.type));
  return out;
}

DbStatus ColumnType::check(const Datum& datum) const {
  if (datum.size() < min || datum.size() > max)
    return db_fail("constraint violation", fmt::format("{} must have {} but {} are present", is_map() ? "map" : "set",
                                                       members_count(min, max), datum.size()));
  for (size_t i = 0; i < datum.size(); i++) {
    if (auto s = key.check(datum.key(i)); !s) return s;
    if (is_map())
      if (auto s = value.check(datum.value(i)); !s) return s;
  }
  return {};
}

std::string ColumnType::to_english() const {
  if (is_scalar()) return key.to_english();
  std::string count;
  if (min == 0 && max != kUnlimited) count = fmt::format("up to {} ", max);
  else if (min > 0 && max == kUnlimited) count = fmt::format("{} or more ", min);
  else if (min > 0) count = fmt::format("{} to {} ", min, max);
  if (is_map()) return fmt::format("map of {}({}, {}) pairs", count, key.to_english(), value.to_english());
  return fmt::format("set of {}{}s", count, key.to_english());
}

bool ColumnType::operator==(const ColumnType& o) const {
  return key == o.key && value == o.value && min == o.min && max == o.max;
}

// ---- symbols ----

Symbol* SymbolTable::find(std::string_view name) {
  auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

Symbol& SymbolTable::get(std::string_view name) {
  if (Symbol* there = find(name)) return *there;
  Symbol& made = symbols_[std::string(name)];
  made.uuid = Uuid::random();
  return made;
}

}  // namespace turnout::ovsdb
