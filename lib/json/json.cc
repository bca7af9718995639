// JSON values: built ones over jansson, parsed ones over a tree.
#include "lib/json/json.h"

#include <jansson.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "lib/json/tree.h"

namespace turnout::json {

namespace {

// The largest whole number that a double holds exactly together with all below it.
constexpr double kMaxExact = 9007199254740992.0;

bool is_whole(double v) { return std::abs(v) <= kMaxExact && std::trunc(v) == v; }

size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

// Replaces each byte that is not part of valid UTF-8 by U+FFFD.
json_t* make_string(std::string_view text) {
  if (json_t* made = json_stringn(text.data(), text.size())) return made;
  std::string clean;
  while (!text.empty()) {
    const size_t n = utf8_length(static_cast<unsigned char>(text[0]));
    json_t* probe = n && n <= text.size() ? json_stringn(text.data(), n) : nullptr;
    clean += probe ? text.substr(0, n) : std::string_view("\xef\xbf\xbd");
    text.remove_prefix(probe ? n : 1);
    json_decref(probe);
  }
  return json_stringn(clean.data(), clean.size());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_long_integer(std::string_view digits, bool negative) {
  if (digits.find_first_not_of("0123456789") != digits.npos) return false;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error != std::errc() || value > uint64_t{INT64_MAX} + negative;
}

// Integers that 64 bits do not hold are written as reals: JSON has no limit, jansson has.
std::string long_integers_as_reals(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    if (in_string || !is_digit(text[i])) {
      if (in_string && text[i] == '\\') ++i;
      else if (text[i] == '"') in_string = !in_string;
      ++i;
      out += text.substr(start, i - start);
      continue;
    }
    i = std::min(text.find_first_not_of("0123456789eE.+-", start), text.size());
    out += text.substr(start, i - start);
    if (is_long_integer(text.substr(start, i - start), start && text[start - 1] == '-')) out += "e0";
  }
  return out;
}

json_t* load(std::string_view text, json_error_t* error) {
  // A string with a NUL is refused: RFC 7047 advises so, and C programs would cut it.
  return json_loadb(text.data(), text.size(), JSON_DECODE_ANY, error);
}

}  // namespace

Json::Json(json_t* owned, int) : tree_(nullptr), built_(owned ? owned : json_null()) {}
Json::Json(const Node& node, Tree* tree) : tree_(tree), node_(&node) { tree_->retain(); }
Json::Json() : tree_(nullptr), built_(json_null()) {}
Json::Json(const Json& o) : tree_(o.tree_), built_(o.built_) {
  if (tree_) tree_->retain();
  else json_incref(built_);
}
Json::Json(Json&& o) noexcept : tree_(std::exchange(o.tree_, nullptr)), built_(std::exchange(o.built_, json_null())) {}
Json& Json::operator=(Json o) {
  std::swap(tree_, o.tree_);
  std::swap(built_, o.built_);
  return *this;
}
Json::~Json() {
  if (tree_) tree_->release();
  else json_decref(built_);
}
Json::Json(bool v) : tree_(nullptr), built_(json_boolean(v)) {}
Json::Json(int64_t v) : tree_(nullptr), built_(json_integer(v)) {}
Json::Json(double v) : Json(json_real(v), 0) {}
Json::Json(std::string_view v) : Json(make_string(v), 0) {}

Json Json::object() { return Json(json_object(), 0); }
Json Json::object(std::initializer_list<std::pair<const char*, Json>> members) {
  Json made = object();
  for (const auto& [name, value] : members) made.set(name, value);
  return made;
}
Json Json::array() { return Json(json_array(), 0); }
Json Json::array(std::initializer_list<Json> items) {
  Json made = array();
  for (const Json& item : items) made.append(item);
  return made;
}

namespace {

json_t* built_from(const Node& node) {
  switch (node.kind) {
    case Json::Kind::kNull: return json_null();
    case Json::Kind::kFalse: return json_false();
    case Json::Kind::kTrue: return json_true();
    case Json::Kind::kInteger: return json_integer(node.integer);
    case Json::Kind::kReal: return json_real(node.real);
    case Json::Kind::kString: return json_stringn_nocheck(node.text, node.size);
    case Json::Kind::kArray: {
      json_t* array = json_array();
      for (size_t i = 0; i < node.size; ++i) json_array_append_new(array, built_from(node.items[i]));
      return array;
    }
    case Json::Kind::kObject: {
      json_t* object = json_object();
      for (size_t i = 0; i < node.size; ++i)
        json_object_setn_new_nocheck(object, node.name(i).text, node.name(i).size, built_from(node.value(i)));
      return object;
    }
  }
  return json_null();
}

bool equal(const Node& a, const Node& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Json::Kind::kInteger: return a.integer == b.integer;
    case Json::Kind::kReal: return a.real == b.real;
    case Json::Kind::kString: return a.view() == b.view();
    case Json::Kind::kArray:
      if (a.size != b.size) return false;
      for (size_t i = 0; i < a.size; ++i)
        if (!equal(a.items[i], b.items[i])) return false;
      return true;
    case Json::Kind::kObject:
      if (a.size != b.size) return false;
      for (size_t i = 0; i < a.size; ++i) {
        const Node* other = b.find(a.name(i).view());
        if (!other || !equal(a.value(i), *other)) return false;
      }
      return true;
    default: return true;
  }
}

}  // namespace

json_t* Json::thaw() const { return tree_ ? built_from(node()) : json_incref(built_); }

json_t* Json::own() {
  if (tree_) *this = Json(thaw(), 0);
  return built_;
}

Json::Kind Json::kind() const {
  if (tree_) return node().kind;
  switch (json_typeof(built_)) {
    case JSON_OBJECT: return Kind::kObject;
    case JSON_ARRAY: return Kind::kArray;
    case JSON_STRING: return Kind::kString;
    case JSON_INTEGER: return Kind::kInteger;
    case JSON_REAL: return is_whole(json_real_value(built_)) ? Kind::kInteger : Kind::kReal;  // 1.0 and 1e3 are integers
    case JSON_TRUE: return Kind::kTrue;
    case JSON_FALSE: return Kind::kFalse;
    default: return Kind::kNull;
  }
}

int64_t Json::as_integer() const {
  if (tree_) return node().kind == Kind::kInteger ? node().integer : 0;
  if (json_is_real(built_)) return kind() == Kind::kInteger ? static_cast<int64_t>(json_real_value(built_)) : 0;
  return json_integer_value(built_);
}
double Json::as_real() const {
  if (!tree_) return json_number_value(built_);
  if (node().kind == Kind::kReal) return node().real;
  return node().kind == Kind::kInteger ? static_cast<double>(node().integer) : 0.0;
}
std::string_view Json::as_string() const {
  if (tree_) return node().kind == Kind::kString ? node().view() : std::string_view();
  if (!json_is_string(built_)) return {};
  return {json_string_value(built_), json_string_length(built_)};
}

size_t Json::size() const {
  if (tree_) return node().kind == Kind::kArray || node().kind == Kind::kObject ? node().size : 0;
  return json_is_object(built_) ? json_object_size(built_) : json_array_size(built_);
}
Json Json::operator[](size_t index) const {
  if (!tree_) return Json(json_incref(json_array_get(built_, index)), 0);
  return node().kind == Kind::kArray && index < node().size ? Json(node().items[index], tree_) : Json();
}

Json Json::get(std::string_view member) const {
  if (!tree_) return Json(json_incref(json_object_getn(built_, member.data(), member.size())), 0);
  const Node* found = node().find(member);
  return found ? Json(*found, tree_) : Json();
}
bool Json::has(std::string_view member) const {
  if (tree_) return node().find(member) != nullptr;
  return json_object_getn(built_, member.data(), member.size()) != nullptr;
}
void Json::append(Json item) { json_array_append_new(own(), item.thaw()); }
void Json::set(std::string_view member, Json value) {
  json_object_setn_new_nocheck(own(), member.data(), member.size(), value.thaw());
}
void Json::erase(std::string_view member) { json_object_deln(own(), member.data(), member.size()); }

void Json::each_member(const std::function<void(std::string_view, const Json&)>& f) const {
  if (kind() != Kind::kObject) return;
  const Json self(*this);  // f may drop the last other reference
  if (tree_) {
    for (size_t i = 0; i < self.node().size; ++i) f(self.node().name(i).view(), Json(self.node().value(i), self.tree_));
    return;
  }
  for (void* i = json_object_iter(self.built_); i; i = json_object_iter_next(self.built_, i)) {
    f({json_object_iter_key(i), json_object_iter_key_len(i)}, Json(json_incref(json_object_iter_value(i)), 0));
  }
}

bool Json::operator==(const Json& other) const {
  if (tree_ && other.tree_) return equal(node(), other.node());
  const Json a(thaw(), 0), b(other.thaw(), 0);
  return json_equal(a.built_, b.built_) == 1;
}
Json Json::deep_copy() const { return tree_ ? Json(thaw(), 0) : Json(json_deep_copy(built_), 0); }

Result<Json> Json::parse(std::string_view text) {
  if (Tree* tree = parse_tree(text)) {
    Json parsed(tree->root(), tree);
    tree->release();
    return parsed;
  }
  json_error_t error;
  json_t* value = load(text, &error);
  if (!value && json_error_code(&error) == json_error_numeric_overflow) value = load(long_integers_as_reals(text), &error);
  if (value) return Json(value, 0);
  return fail("line " + std::to_string(error.line) + ", column " + std::to_string(error.column) + ", byte " +
                  std::to_string(error.position) + ": " + error.text, EINVAL);
}

Result<Json> Json::parse_file(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
  if (!file) return fail("error opening \"" + path + "\": " + strerror(errno), errno);
  std::string text;
  char buffer[65536];
  while (const size_t n = fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, n);
  if (ferror(file.get())) return fail("error reading \"" + path + "\": " + strerror(errno), errno);
  auto parsed = parse(text);
  if (!parsed) return fail("error reading \"" + path + "\": " + parsed.error().message, EINVAL);
  return parsed;
}

}  // namespace turnout::json
