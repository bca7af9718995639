// Values from command-line text and to text, as ovs-vsctl(8) "Database Values" describes them.
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "lib/ovsdb/number_text.h"
#include "lib/ovsdb/text_token.h"
#include "lib/ovsdb/type.h"

namespace turnout::ovsdb {

namespace {

std::optional<int64_t> integer_from(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  int64_t v = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

Result<Atom> boolean_from(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return Atom::boolean(true);
  if (text == "false" || text == "no" || text == "off" || text == "0") return Atom::boolean(false);
  return fail(fmt::format("\"{}\" is not a valid boolean (use \"true\" or \"false\")", text));
}

Result<Atom> real_from(std::string_view text) {
  double v = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size() || v != v)
    return fail(fmt::format("\"{}\" is not a valid real number", text));
  return Atom::real(v == 0 ? 0.0 : v);
}

Result<Atom> utf8_string(std::string_view text) {
  std::string bad = invalid_utf8(text);
  if (bad.empty()) return Atom::string(text);
  return fail("constraint violation: not a valid UTF-8 string: invalid UTF-8 sequence " + bad);
}

Result<Atom> string_from(std::string_view text) {
  if (text.empty()) return fail("An empty string is not valid as input; use \"\" to represent the empty string");
  if (text[0] != '"') return utf8_string(text);
  if (text.size() < 2 || text.back() != '"') return fail(fmt::format("{}: missing quote at end of quoted string", text));
  std::string out, problem;
  if (!unescape(text.substr(1, text.size() - 2), &out, &problem)) return fail(fmt::format("{}: {}", text, problem));
  return utf8_string(out);
}

Result<Atom> uuid_from(const BaseType& type, std::string_view text, SymbolTable* symbols) {
  if (!text.empty() && text[0] == '@' && symbols) {
    Symbol& symbol = symbols->get(text);
    symbol.strong_ref |= type.is_strong_ref();
    symbol.weak_ref |= type.is_weak_ref();
    return Atom::uuid(symbol.uuid);
  }
  auto uuid = Uuid::parse(text);
  if (!uuid) return fail(fmt::format("\"{}\" is not a valid UUID", text));
  return Atom::uuid(*uuid);
}

Result<Atom> atom_of_text(const BaseType& type, std::string_view text, SymbolTable* symbols) {
  switch (type.type) {
    case AtomType::kInteger:
      if (auto v = integer_from(text)) return Atom::integer(*v);
      return fail(fmt::format("\"{}\" is not a valid integer or range", text));
    case AtomType::kReal: return real_from(text);
    case AtomType::kBoolean: return boolean_from(text);
    case AtomType::kString: return string_from(text);
    case AtomType::kUuid: return uuid_from(type, text, symbols);
    case AtomType::kVoid: break;
  }
  return fail(fmt::format("\"{}\" is not a valid value", text));
}

// "3-7": the numbers; false when it is no range.
bool range_from(std::string_view text, int64_t* first, int64_t* last) {
  size_t dash = text.find('-', 1);
  if (dash == std::string_view::npos) return false;
  auto a = integer_from(text.substr(0, dash)), b = integer_from(text.substr(dash + 1));
  if (!a || !b) return false;
  *first = *a;
  *last = *b;
  return true;
}

constexpr uint64_t kMaxRange = 4096;

Status add_range(const BaseType& type, std::string_view text, int64_t first, int64_t last, DatumBuilder* builder) {
  if (last < first) return fail(fmt::format("\"{}\" is not a valid range. Range end cannot be before start.", text));
  for (int64_t end : {first, last})
    if (auto s = type.check(Atom::integer(end)); !s) return to_fail(s);
  uint64_t span = static_cast<uint64_t>(last) - static_cast<uint64_t>(first);
  if (span >= kMaxRange)
    return fail(fmt::format("constraint violation: Range \"{}\" is too big. Maximum allowed size is {}.", text, kMaxRange));
  for (uint64_t i = 0; i <= span; i++) {
    Atom v = Atom::integer(first + static_cast<int64_t>(i));
    if (auto s = type.check(v); !s) return to_fail(s);
    builder->add(std::move(v));
  }
  return {};
}

// Reads a whole set or map.
class DatumText {
 public:
  DatumText(const ColumnType& type, std::string_view text, SymbolTable* symbols)
      : type_(type), text_(text), rest_(text), symbols_(symbols),
        open_(type.is_map() ? '{' : '['), close_(type.is_map() ? '}' : ']') {}

  Result<Datum> read() {
    DatumBuilder builder(type_.key.type, type_.value.type);
    skip_spaces(&rest_);
    bool bracketed = !rest_.empty() && rest_[0] == open_;
    if (bracketed) advance();
    while (true) {
      if (rest_.empty()) {
        if (bracketed) return fail(fmt::format("{}: missing \"{}\" at end of data", text_, close_));
        break;
      }
      if (bracketed && rest_[0] == close_) {
        advance();
        if (!rest_.empty()) return fail(fmt::format("{}: trailing garbage after \"{}\"", text_, close_));
        break;
      }
      if (is_text_delimiter(rest_[0]))
        return fail(fmt::format("{}: unexpected \"{}\" parsing {}", text_, rest_[0], type_.to_english()));
      Status element = type_.is_map() ? read_pair(&builder) : read_element(&builder);
      if (!element) return fail(element);
      skip_separator();
    }
    if (!bracketed && !builder.size())
      return fail(type_.is_map() ? "use \"{}\" to specify the empty map" : "use \"[]\" to specify the empty set");
    return finish(&builder);
  }

 private:
  void advance() {
    rest_.remove_prefix(1);
    skip_spaces(&rest_);
  }
  void skip_separator() {
    skip_spaces(&rest_);
    if (!rest_.empty() && rest_[0] == ',') advance();
  }

  Status read_element(DatumBuilder* builder) {
    auto token = take_token(&rest_);
    if (!token) return fail(token);
    int64_t first, last;
    if (type_.key.type == AtomType::kInteger && range_from(*token, &first, &last))
      return add_range(type_.key, *token, first, last, builder);
    auto atom = atom_from_text(type_.key, *token, symbols_);
    if (!atom) return fail(atom);
    builder->add(std::move(*atom));
    return {};
  }

  Status read_pair(DatumBuilder* builder) {
    std::string_view whole = rest_;
    auto key = take_atom_from_text(type_.key, &rest_, symbols_);
    if (!key) return fail(key);
    skip_spaces(&rest_);
    if (rest_.empty()) return fail(fmt::format("{}: syntax error at end of input expecting \"=\"", whole));
    if (rest_[0] != '=') return fail(fmt::format("{}: syntax error at \"{}\" expecting \"=\"", whole, rest_[0]));
    advance();
    auto value = take_atom_from_text(type_.value, &rest_, symbols_);
    if (!value) return fail(value);
    builder->add(std::move(*key), std::move(*value));
    return {};
  }

  Result<Datum> finish(DatumBuilder* builder) {
    size_t n = builder->size();
    const char* noun = type_.is_map() ? "pair" : "value";
    Datum out;
    if (!builder->finish(&out))
      return fail(fmt::format("{}: {}", text_, type_.is_map() ? "map contains duplicate key" : "set contains duplicate value"));
    if (n > type_.max) return fail(fmt::format("{}: {} {}(s) specified but the maximum number is {}", text_, n, noun, type_.max));
    if (n < type_.min) return fail(fmt::format("{}: {} {}(s) specified but the minimum number is {}", text_, n, noun, type_.min));
    return out;
  }

  const ColumnType& type_;
  std::string_view text_, rest_;
  SymbolTable* symbols_;
  char open_, close_;
};

}  // namespace

Result<Atom> atom_from_text(const BaseType& type, std::string_view text, SymbolTable* symbols) {
  auto atom = atom_of_text(type, text, symbols);
  if (!atom) return atom;
  if (auto s = type.check(*atom); !s) return to_fail(s);
  return atom;
}

Result<Atom> take_atom_from_text(const BaseType& type, std::string_view* text, SymbolTable* symbols) {
  auto token = take_token(text);
  if (!token) return fail(token);
  return atom_from_text(type, *token, symbols);
}

Result<Datum> datum_from_text(const ColumnType& type, std::string_view text, SymbolTable* symbols) {
  return DatumText(type, text, symbols).read();
}

// ---- output ----

bool string_needs_quotes(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !letter(text[0])) return true;
  for (char c : text)
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') return true;
  return text == "true" || text == "false" || Uuid::parse(text).has_value();
}

std::string atom_to_bare(AtomView atom) {
  switch (atom.type()) {
    case AtomType::kVoid: return "";
    case AtomType::kInteger: return std::to_string(atom.integer());
    case AtomType::kReal: return real_to_text(atom.real());
    case AtomType::kBoolean: return atom.boolean() ? "true" : "false";
    case AtomType::kString: return std::string(atom.string());
    case AtomType::kUuid: return atom.uuid().to_string();
  }
  return "";
}

std::string atom_to_text(AtomView atom) {
  if (atom.type() != AtomType::kString || !string_needs_quotes(atom.string())) return atom_to_bare(atom);
  std::string out;
  json::append_quoted(out, atom.string());
  return out;
}

namespace {
template <typename F>
std::string elements(const Datum& datum, std::string_view separator, F&& to_string) {
  std::string out;
  for (size_t i = 0; i < datum.size(); i++) {
    if (i) out += separator;
    out += to_string(datum.key(i));
    if (datum.is_map()) {
      out += '=';
      out += to_string(datum.value(i));
    }
  }
  return out;
}
}  // namespace

std::string datum_to_text(const Datum& datum, const ColumnType& type) {
  std::string out = elements(datum, ", ", atom_to_text);
  if (type.is_map()) return "{" + out + "}";
  if (type.max > 1 || datum.empty()) return "[" + out + "]";
  return out;
}

std::string datum_to_bare(const Datum& datum) { return elements(datum, " ", atom_to_bare); }

}  // namespace turnout::ovsdb
