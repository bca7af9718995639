// Reading JSON objects of the protocol.
#include "ovsdb/server/object_parser.h"

#include <algorithm>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::server {
namespace {

bool has_type(const json::Json& json, unsigned types) {
  using Kind = json::Json::Kind;
  switch (json.kind()) {
    case Kind::kNull: return types & kJsonNull;
    case Kind::kFalse:
    case Kind::kTrue: return types & kJsonBoolean;
    case Kind::kObject: return types & kJsonObject;
    case Kind::kArray: return types & kJsonArray;
    case Kind::kInteger: return types & (kJsonInteger | kJsonNumber);
    case Kind::kReal: return types & kJsonNumber;
    case Kind::kString: return (types & kJsonString) || ((types & kJsonId) && Schema::is_valid_id(json.as_string()));
  }
  return false;
}

}  // namespace

ObjectParser::ObjectParser(json::Json object, std::string what) : object_(std::move(object)), what_(std::move(what)) {
  if (!object_.is_object()) complaint_ = "Object expected.";
}

std::optional<json::Json> ObjectParser::member(std::string_view name, unsigned types, bool may_be_absent) {
  known_.push_back(name);
  if (!object_.is_object()) return {};
  if (!object_.has(name)) {
    if (!may_be_absent) complain("Required '" + std::string(name) + "' member is missing.");
    return {};
  }
  json::Json value = object_.get(name);
  if (has_type(value, types)) return value;
  complain("Type mismatch for member '" + std::string(name) + "'.");
  return {};
}

void ObjectParser::complain(std::string details) {
  if (complaint_.empty()) complaint_ = std::move(details);
}

DbStatus ObjectParser::finish() {
  if (complaint_.empty()) {
    object_.each_member([this](std::string_view name, const json::Json&) {
      if (std::find(known_.begin(), known_.end(), name) == known_.end())
        complain("Member '" + std::string(name) + "' is present but not allowed here.");
    });
  }
  if (complaint_.empty()) return {};
  std::string details = "Parsing " + what_ + " failed: " + complaint_;
  if (!object_.is_object()) return db_fail("syntax error", std::move(details));
  return syntax_fail(object_, std::move(details));
}

}  // namespace turnout::ovsdb::server
