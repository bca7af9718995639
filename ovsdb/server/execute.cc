// Dispatches operations by name and collects their results.
#include "ovsdb/server/execute.h"

#include <fmt/format.h>

#include "ovsdb/server/operations.h"

namespace turnout::ovsdb::server {
namespace {

struct NamedOperation {
  std::string_view name;
  Operation run;
  bool writes = false;
};
constexpr NamedOperation kOperations[] = {
    {"insert", op_insert, true}, {"update", op_update, true}, {"mutate", op_mutate, true}, {"delete", op_delete, true},
    {"select", op_select}, {"wait", op_wait}, {"commit", op_commit}, {"abort", op_abort}, {"comment", op_comment}, {"assert", op_assert},
};

const NamedOperation* find_operation(std::string_view name) {
  for (const NamedOperation& operation : kOperations)
    if (operation.name == name) return &operation;
  return nullptr;
}

DbStatus run_one(Execution& execution, const json::Json& json, size_t number, size_t total, std::string& out) {
  ObjectParser parser(json, fmt::format("ovsdb operation {} of {}", number, total));
  auto name = parser.required("op", kJsonId);
  if (!name) return parser.finish();
  if (const NamedOperation* operation = find_operation(name->as_string())) {
    const DbStatus status = operation->run(execution, parser, out);
    // What is wrong with an operation comes before whether it may be done.
    return status && operation->writes ? check_writable(execution, operation->name) : status;
  }
  parser.complain("No operation \"" + std::string(name->as_string()) + '"');
  return parser.finish();
}

}  // namespace

Executed execute(Execution& execution, const json::Json& params) {
  Executed executed;
  std::string& out = executed.result;
  out = "[";
  const size_t total = params.size() ? params.size() - 1 : 0;
  for (size_t i = 1; i <= total; ++i) {
    if (i > 1) out += ',';
    if (executed.failed) {
      out += "null";
      continue;
    }
    const size_t start = out.size();
    const DbStatus status = run_one(execution, params[i], i, total, out);
    if (execution.blocked) break;
    if (status) continue;
    out.resize(start);
    out += status.error().to_json().dump(json::Json::kSorted);
    executed.failed = true;
  }
  return executed;
}

void append_commit_error(Executed& executed, const DbError& error) {
  if (executed.result.size() > 1) executed.result += ',';
  executed.result += error.to_json().dump(json::Json::kSorted);
  executed.failed = true;
}

}  // namespace turnout::ovsdb::server
