// transact and query: a transaction as it stands on the command line.
#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

Result<json::Json> parse_transaction(const std::string& text) {
  auto transaction = json::Json::parse(text);
  if (!transaction) return fail('"' + text + "\": " + transaction.error().message);
  if (!transaction->is_array() || !(*transaction)[0].is_string()) return fail("not a valid OVSDB query");
  return transaction;
}

Result<int> run(Context& context, bool keep) {
  auto transaction = parse_transaction(context.words[0]);
  if (!transaction) return fail(transaction);
  context.database = (*transaction)[0].as_string();
  if (auto connected = connect(context, context.database); !connected) return fail(connected);
  const size_t operations = transaction->size() - 1;
  if (!keep) transaction->append(json::Json::object({{"op", "abort"}}));
  auto result = context.server->request("transact", *transaction);
  if (!result) return fail(result);
  json::Json shown = *result;
  // The operation that was added is not the user's business, unless one of his failed before it.
  if (!keep && result->is_array() && result->size() == operations + 1 &&
      (*result)[operations].get("error").as_string() == "aborted") {
    shown = json::Json::array();
    for (size_t i = 0; i < operations; ++i) shown.append((*result)[i]);
  }
  if (auto printed = print_json(context, shown); !printed) return fail(printed);
  return 0;
}

}  // namespace

Result<int> transact(Context& context) { return run(context, true); }
Result<int> query(Context& context) { return run(context, false); }

}  // namespace turnout::ovsdb::client
