// An OVSDB error as it goes over the wire (RFC 7047 §4.1.3, §5.2): a short tag such as "constraint violation", details
// in words, and for syntax errors the offending JSON. Value type, any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "lib/base/result.h"
#include "lib/json/json.h"

namespace turnout::ovsdb {

struct DbError {
  std::string tag;      // "syntax error", "constraint violation", "referential integrity violation", …
  std::string details;  // may be empty
  std::string syntax;   // the JSON text it is about, may be empty

  json::Json to_json() const;     // {"details":…,"error":tag[,"syntax":…]}
  std::string to_string() const;  // `syntax "TEXT": TAG: DETAILS`, parts that are empty left out
};

template <typename T>
class [[nodiscard]] DbResult : public tl::expected<T, DbError> {
 public:
  using tl::expected<T, DbError>::expected;
};
using DbStatus = DbResult<void>;

inline tl::unexpected<DbError> db_fail(std::string tag, std::string details) {
  return tl::unexpected<DbError>(DbError{std::move(tag), std::move(details), {}});
}
// A "syntax error" about this JSON; the tag may be another, as the reference uses "unknown column" and the like.
tl::unexpected<DbError> syntax_fail(const json::Json& about, std::string details, std::string tag = "syntax error");
template <typename T>
tl::unexpected<DbError> db_fail(const DbResult<T>& failed) {
  return tl::unexpected<DbError>(failed.error());
}
// As an ordinary Error with to_string() for its message.
template <typename T>
tl::unexpected<Error> to_fail(const DbResult<T>& failed) {
  return fail(failed.error().to_string());
}

}  // namespace turnout::ovsdb
