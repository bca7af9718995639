// commit, abort, comment and assert (RFC 7047 §5.2.7–5.2.10).
#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {

DbStatus op_commit(Execution& execution, ObjectParser& parser, std::string& out) {
  auto durable = parser.required("durable", kJsonBoolean);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  if (auto writable = check_writable(execution, "commit"); !writable) return writable;
  execution.durable |= durable->as_bool();
  out += "{}";
  return {};
}

DbStatus op_abort(Execution&, ObjectParser& parser, std::string&) {
  if (auto parsed = parser.finish(); !parsed) return parsed;
  return db_fail("aborted", "aborted by request");
}

DbStatus op_comment(Execution& execution, ObjectParser& parser, std::string& out) {
  auto comment = parser.required("comment", kJsonString);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  if (!execution.comment.empty()) execution.comment += '\n';
  execution.comment += comment->as_string();
  out += "{}";
  return {};
}

DbStatus op_assert(Execution& execution, ObjectParser& parser, std::string& out) {
  auto lock = parser.required("lock", kJsonId);
  if (auto parsed = parser.finish(); !parsed) return parsed;
  if (!execution.owns_lock(lock->as_string())) {
    return db_fail("not owner", "Asserted lock " + std::string(lock->as_string()) + " not held.");
  }
  out += "{}";
  return {};
}

}  // namespace turnout::ovsdb::server
