// The two forms of an OVSDB error: the object of the wire and the line that a program prints.
#include "lib/ovsdb/error.h"

namespace turnout::ovsdb {

json::Json DbError::to_json() const {
  json::Json out = json::Json::object();
  if (!details.empty()) out.set("details", details);
  out.set("error", tag);
  if (!syntax.empty()) out.set("syntax", syntax);
  return out;
}

std::string DbError::to_string() const {
  std::string out;
  if (!syntax.empty()) out += "syntax \"" + syntax + "\": ";
  out += tag;
  if (!details.empty()) out += ": " + details;
  return out;
}

tl::unexpected<DbError> syntax_fail(const json::Json& about, std::string details, std::string tag) {
  return tl::unexpected<DbError>(DbError{std::move(tag), std::move(details), about.dump(json::Json::kSorted)});
}

}  // namespace turnout::ovsdb
