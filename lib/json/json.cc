// JSON values over jansson.
#include "lib/json/json.h"

#include <jansson.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

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

}  // namespace

Json::Json(json_t* owned, int) : value_(owned ? owned : json_null()) {}
Json::Json() : value_(json_null()) {}
Json::Json(const Json& o) : value_(json_incref(o.value_)) {}
Json::Json(Json&& o) noexcept : value_(std::exchange(o.value_, json_null())) {}
Json& Json::operator=(Json o) {
  std::swap(value_, o.value_);
  return *this;
}
Json::~Json() { json_decref(value_); }
Json::Json(bool v) : value_(json_boolean(v)) {}
Json::Json(int64_t v) : value_(json_integer(v)) {}
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

Json::Kind Json::kind() const {
  switch (json_typeof(value_)) {
    case JSON_OBJECT: return Kind::kObject;
    case JSON_ARRAY: return Kind::kArray;
    case JSON_STRING: return Kind::kString;
    case JSON_INTEGER: return Kind::kInteger;
    case JSON_REAL: return is_whole(json_real_value(value_)) ? Kind::kInteger : Kind::kReal;  // 1.0 and 1e3 are integers
    case JSON_TRUE: return Kind::kTrue;
    case JSON_FALSE: return Kind::kFalse;
    default: return Kind::kNull;
  }
}

int64_t Json::as_integer() const {
  if (json_is_real(value_)) return kind() == Kind::kInteger ? static_cast<int64_t>(json_real_value(value_)) : 0;
  return json_integer_value(value_);
}
double Json::as_real() const { return json_number_value(value_); }
std::string_view Json::as_string() const {
  if (!json_is_string(value_)) return {};
  return {json_string_value(value_), json_string_length(value_)};
}

size_t Json::size() const {
  return json_is_object(value_) ? json_object_size(value_) : json_array_size(value_);
}
Json Json::operator[](size_t index) const { return Json(json_incref(json_array_get(value_, index)), 0); }

Json Json::get(std::string_view member) const {
  return Json(json_incref(json_object_getn(value_, member.data(), member.size())), 0);
}
bool Json::has(std::string_view member) const {
  return json_object_getn(value_, member.data(), member.size()) != nullptr;
}
void Json::append(Json item) { json_array_append_new(value_, std::exchange(item.value_, json_null())); }
void Json::set(std::string_view member, Json value) {
  json_object_setn_new_nocheck(value_, member.data(), member.size(), std::exchange(value.value_, json_null()));
}
void Json::erase(std::string_view member) { json_object_deln(value_, member.data(), member.size()); }

void Json::each_member(const std::function<void(std::string_view, const Json&)>& f) const {
  if (!json_is_object(value_)) return;
  const Json self(*this);  // f may drop the last other reference
  for (void* i = json_object_iter(value_); i; i = json_object_iter_next(value_, i)) {
    f({json_object_iter_key(i), json_object_iter_key_len(i)}, Json(json_incref(json_object_iter_value(i)), 0));
  }
}

bool Json::operator==(const Json& other) const { return json_equal(value_, other.value_) == 1; }
Json Json::deep_copy() const { return Json(json_deep_copy(value_), 0); }

Result<Json> Json::parse(std::string_view text) {
  json_error_t error;
  json_t* value = json_loadb(text.data(), text.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
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
