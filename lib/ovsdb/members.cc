// Reading the members of JSON objects strictly.
#include "lib/ovsdb/members.h"

#include <algorithm>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb {

using json::Json;

Members::Members(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) problem_ = "Object expected.";
}

namespace {
unsigned type_of(const Json& v) {
  switch (v.kind()) {
    case Json::Kind::kNull: return Members::kNull;
    case Json::Kind::kFalse:
    case Json::Kind::kTrue: return Members::kBoolean;
    case Json::Kind::kObject: return Members::kObject;
    case Json::Kind::kArray: return Members::kArray;
    case Json::Kind::kInteger: return Members::kInteger;
    case Json::Kind::kReal: return Members::kReal;
    case Json::Kind::kString: return Members::kString | (Schema::is_valid_id(v.as_string()) ? Members::kId : 0u);
  }
  return 0;
}
}  // namespace

Json Members::take(const char* name, unsigned types, bool is_required) {
  taken_.emplace_back(name);
  if (!object_.has(name)) {
    if (is_required && problem_.empty()) problem_ = "Required '" + std::string(name) + "' member is missing.";
    return {};
  }
  Json v = object_.get(name);
  if (!(type_of(v) & types)) {
    if (problem_.empty()) problem_ = "Type mismatch for member '" + std::string(name) + "'.";
    return {};
  }
  return v;
}

Json Members::required(const char* name, unsigned types) { return take(name, types, true); }
Json Members::optional(const char* name, unsigned types) { return take(name, types, false); }

tl::unexpected<DbError> Members::failure(const std::string& details) const {
  std::string text = "Parsing " + what_ + " failed: " + details;
  if (!object_.is_object()) return db_fail("syntax error", std::move(text));
  return syntax_fail(object_, std::move(text));
}

DbStatus Members::finish() {
  if (problem_.empty()) {
    object_.each_member([&](std::string_view name, const Json&) {
      if (problem_.empty() && std::find(taken_.begin(), taken_.end(), name) == taken_.end())
        problem_ = "Member '" + std::string(name) + "' is present but not allowed here.";
    });
  }
  if (!problem_.empty()) return failure(problem_);
  return {};
}

}  // namespace turnout::ovsdb
