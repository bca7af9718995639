// Takes the members of a JSON object one by one and complains about missing, mistyped and unknown ones in the words of
// the reference. For lib/ovsdb's and the server's parsers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/ovsdb/error.h"

namespace turnout::ovsdb {

class Members {
 public:
  enum Type : unsigned {
    kNull = 1, kBoolean = 2, kInteger = 4, kReal = 8, kNumber = 12, kString = 16, kArray = 32, kObject = 64,
    kId = 128,           // a string that is a valid identifier
    kAny = 127,
  };
  Members(const json::Json& object, std::string what);
  json::Json required(const char* name, unsigned types);
  json::Json optional(const char* name, unsigned types);  // null when absent
  bool has(const char* name) const { return object_.has(name); }
  // The first thing that was wrong; otherwise a member that nobody asked for.
  DbStatus finish();
  tl::unexpected<DbError> failure(const std::string& details) const;

 private:
  json::Json take(const char* name, unsigned types, bool is_required);
  const json::Json& object_;
  std::string what_, problem_;
  std::vector<std::string_view> taken_;   // of callers, whose names are literals
};

}  // namespace turnout::ovsdb
