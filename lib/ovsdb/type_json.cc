// Values from JSON and to JSON (RFC 7047 §5.1), with the reference's complaints.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "lib/ovsdb/number_text.h"
#include "lib/ovsdb/schema.h"
#include "lib/ovsdb/type.h"

namespace turnout::ovsdb {

using json::Json;

namespace {

// [name, X] and nothing else.
bool is_tagged(const Json& json, std::string_view name) {
  return json.is_array() && json.size() == 2 && json[0].is_string() && json[0].as_string() == name;
}

// An array that starts with this word, of any length.
bool starts_with_word(const Json& json, std::string_view word) {
  return json.is_array() && json.size() > 0 && json[0].is_string() && json[0].as_string() == word;
}

bool integral(double v) { return v == std::trunc(v) && v >= -9223372036854775808.0 && v < 9223372036854775808.0; }

DbResult<Atom> uuid_from_json(const BaseType& type, const Json& json, SymbolTable* symbols) {
  bool named = symbols && is_tagged(json, "named-uuid");
  if ((!named && !is_tagged(json, "uuid")) || !json[1].is_string()) return syntax_fail(json, "expected [\"uuid\", <string>]");
  Json text = json[1];
  if (!named) {
    auto uuid = Uuid::parse(text.as_string());
    if (!uuid) return syntax_fail(json, fmt::format("\"{}\" is not a valid UUID", text.as_string()));
    return Atom::uuid(*uuid);
  }
  if (!Schema::is_valid_id(text.as_string())) return syntax_fail(json, "named-uuid string is not a valid <id>");
  Symbol& symbol = symbols->get(text.as_string());
  symbol.strong_ref |= type.is_strong_ref();
  symbol.weak_ref |= type.is_weak_ref();
  return Atom::uuid(symbol.uuid);
}

DbResult<Atom> atom_of_json(const BaseType& type, const Json& json, SymbolTable* symbols) {
  switch (type.type) {
    case AtomType::kInteger:
      if (json.is_integer()) return Atom::integer(json.as_integer());
      if (json.is_real() && integral(json.as_real())) return Atom::integer(static_cast<int64_t>(json.as_real()));
      return syntax_fail(json, "expected integer");
    case AtomType::kReal:
      if (json.is_number()) return Atom::real(json.as_real() == 0 ? 0.0 : json.as_real());  // no negative zero
      return syntax_fail(json, "expected real");
    case AtomType::kBoolean:
      if (json.is_bool()) return Atom::boolean(json.as_bool());
      return syntax_fail(json, "expected boolean");
    case AtomType::kString:
      if (json.is_string()) return Atom::string(json.as_string());
      return syntax_fail(json, "expected string");
    case AtomType::kUuid: return uuid_from_json(type, json, symbols);
    case AtomType::kVoid: break;
  }
  return syntax_fail(json, "expected no value");
}

struct Reader {
  const ColumnType& type;
  SymbolTable* symbols;
  bool checked;

  DbResult<Atom> atom(const BaseType& base, const Json& json) const {
    return checked ? atom_from_json(base, json, symbols) : atom_of_json(base, json, symbols);
  }

  DbStatus count(const Json& json, size_t n) const {
    if (!checked || (n >= type.min && n <= type.max)) return {};
    std::string wanted =
        type.min == 1 && type.max == 1 ? "exactly one member" : fmt::format("{} to {} members", type.min, type.max);
    return syntax_fail(json, fmt::format("{} must have {} but {} are present", type.is_map() ? "map" : "set", wanted, n));
  }

  DbResult<Datum> map(const Json& json) const {
    if (!is_tagged(json, "map") || !json[1].is_array()) return syntax_fail(json, "expected [\"map\", <array>]");
    Json pairs = json[1];
    size_t n = pairs.size();
    if (auto s = count(json, n); !s) return db_fail(s);
    DatumBuilder builder(type.key.type, type.value.type, n);
    for (size_t i = 0; i < n; i++) {
      Json pair = pairs[i];
      if (!pair.is_array() || pair.size() != 2) return syntax_fail(pair, "expected 2-element array");
      auto key = atom(type.key, pair[0]);
      if (!key) return db_fail(key);
      auto value = atom(type.value, pair[1]);
      if (!value) return db_fail(value);
      builder.add(std::move(*key), std::move(*value));
    }
    Datum out;
    if (!builder.finish(&out)) return db_fail("ovsdb error", "map contains duplicate key");
    return out;
  }

  DbResult<Datum> set(const Json& json) const {
    if (!is_tagged(json, "set") || !json[1].is_array()) return syntax_fail(json, "expected [\"set\", <array>]");
    Json items = json[1];
    size_t n = items.size();
    if (auto s = count(json, n); !s) return db_fail(s);
    DatumBuilder builder(type.key.type, AtomType::kVoid, n);
    for (size_t i = 0; i < n; i++) {
      auto key = atom(type.key, items[i]);
      if (!key) return db_fail(key);
      builder.add(std::move(*key));
    }
    Datum out;
    if (!builder.finish(&out)) return db_fail("ovsdb error", "set contains duplicate");
    return out;
  }

  DbResult<Datum> datum(const Json& json) const {
    if (type.is_map()) return map(json);
    if (starts_with_word(json, "set")) return set(json);
    auto only = atom(type.key, json);
    if (!only) return db_fail(only);
    return Datum(std::move(*only));
  }
};

}  // namespace

DbResult<Atom> atom_from_json(const BaseType& type, const Json& json, SymbolTable* symbols) {
  auto atom = atom_of_json(type, json, symbols);
  if (!atom) return atom;
  if (auto s = type.check(*atom); !s) return db_fail(s);
  return atom;
}

DbResult<Datum> datum_from_json(const ColumnType& type, const Json& json, SymbolTable* symbols) {
  return Reader{type, symbols, true}.datum(json);
}

DbResult<Datum> datum_from_json_unchecked(const ColumnType& type, const Json& json, SymbolTable* symbols) {
  return Reader{type, symbols, false}.datum(json);
}

Json atom_to_json(AtomView atom) {
  switch (atom.type()) {
    case AtomType::kVoid: return Json();
    case AtomType::kInteger: return Json(atom.integer());
    case AtomType::kReal:
      if (integral(atom.real())) return Json(static_cast<int64_t>(atom.real()));
      return Json(atom.real());
    case AtomType::kBoolean: return Json(atom.boolean());
    case AtomType::kString: return Json(atom.string());
    case AtomType::kUuid: return Json::array({"uuid", atom.uuid().to_string()});
  }
  return Json();
}

Json datum_to_json(const Datum& datum) {
  if (datum.size() == 1 && !datum.is_map()) return atom_to_json(datum.key(0));
  Json items = Json::array();
  for (size_t i = 0; i < datum.size(); i++) {
    if (datum.is_map()) items.append(Json::array({atom_to_json(datum.key(i)), atom_to_json(datum.value(i))}));
    else items.append(atom_to_json(datum.key(i)));
  }
  return Json::array({datum.is_map() ? "map" : "set", std::move(items)});
}

void append_atom_json(std::string& out, AtomView atom) {
  switch (atom.type()) {
    case AtomType::kVoid: out += "null"; return;
    case AtomType::kInteger: {
      char text[24];
      auto [end, error] = std::to_chars(text, text + sizeof text, atom.integer());
      out.append(text, end);
      return;
    }
    case AtomType::kReal: out += real_to_json(atom.real()); return;
    case AtomType::kBoolean: out += atom.boolean() ? "true" : "false"; return;
    case AtomType::kString: json::append_quoted(out, atom.string()); return;
    case AtomType::kUuid:
      out += "[\"uuid\",\"";
      out += atom.uuid().to_string();
      out += "\"]";
      return;
  }
}

void append_datum_json(std::string& out, const Datum& datum) {
  bool map = datum.is_map();
  if (datum.size() == 1 && !map) return append_atom_json(out, datum.key(0));
  out += map ? "[\"map\",[" : "[\"set\",[";
  for (size_t i = 0; i < datum.size(); i++) {
    if (i) out += ',';
    if (map) out += '[';
    append_atom_json(out, datum.key(i));
    if (map) {
      out += ',';
      append_atom_json(out, datum.value(i));
      out += ']';
    }
  }
  out += "]]";
}

// ---- numbers ----

std::string real_to_text(double v) {
  char text[40];
  snprintf(text, sizeof text, "%.15g", v);
  if (strtod(text, nullptr) != v) snprintf(text, sizeof text, "%.17g", v);
  return text;
}

std::string real_to_json(double v) {
  if (integral(v)) return std::to_string(static_cast<int64_t>(v));
  return real_to_text(v);
}

}  // namespace turnout::ovsdb
