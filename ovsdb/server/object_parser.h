// Reads a JSON object member by member and says, in the reference's words, what is missing, wrong or too much.
// `Parsing WHAT failed: Required 'x' member is missing.` The first complaint wins. Main thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/ovsdb/error.h"

namespace turnout::ovsdb::server {

enum JsonTypes : unsigned {
  kJsonNull = 1,
  kJsonBoolean = 2,
  kJsonObject = 4,
  kJsonArray = 8,
  kJsonInteger = 16,
  kJsonNumber = 32,
  kJsonString = 64,
  kJsonId = 128,      // a string that is an <id> (RFC 7047 §3.1)
  kJsonAny = 255,
};

class ObjectParser {
 public:
  ObjectParser(json::Json object, std::string what);
  // Null when absent or of another type, of which finish() then tells. Optional members may be absent.
  std::optional<json::Json> required(std::string_view name, unsigned types) { return member(name, types, false); }
  std::optional<json::Json> optional(std::string_view name, unsigned types) { return member(name, types, true); }
  void complain(std::string details);
  bool failed() const { return !complaint_.empty(); }
  // The first complaint, or the name of a member nobody asked for.
  DbStatus finish();
  const json::Json& json() const { return object_; }

 private:
  std::optional<json::Json> member(std::string_view name, unsigned types, bool may_be_absent);
  json::Json object_;
  std::string what_, complaint_;
  std::vector<std::string_view> known_;
};

}  // namespace turnout::ovsdb::server
