// wait: until a database is there, connected or gone, over as many connections as that takes.
#include <fmt/format.h>

#include "lib/ovsdb/session.h"
#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

using Type = json::Message::Type;

// The `wait` operation on the server's own database that holds once the state is reached.
Result<json::Json> transaction_for(const std::string& database, const std::string& state) {
  json::Json columns = json::Json::array(), rows = json::Json::array();
  if (state == "connected") {
    columns.append(json::Json("connected"));
    rows.append(json::Json::object({{"connected", true}}));
  } else if (state == "added") {
    rows.append(json::Json::object());
  } else if (state != "removed") {
    return fail(state + ": unknown state");
  }
  const json::Json where = json::Json::array({json::Json::array({"name", "==", database})});
  return json::Json::array({"_Server", json::Json::object({{"op", "wait"},
                                                           {"table", "Database"},
                                                           {"where", where},
                                                           {"columns", columns},
                                                           {"until", "=="},
                                                           {"rows", rows}})});
}

// What keeps the answer from being a success; empty: nothing.
std::string problem_in(const json::Message& answer) {
  if (answer.type == Type::kError) return answer.error.dump(json::Json::kSorted);
  if (answer.result[0].has("error")) return answer.result[0].dump(json::Json::kSorted);
  return answer.result.is_array() ? "" : answer.result.dump(json::Json::kSorted);
}

}  // namespace

Result<int> wait(Context& context) {
  auto transaction = transaction_for(context.words[0], context.words[1]);
  if (!transaction) return fail(transaction);
  std::optional<Status> outcome;
  json::Json aware_id, wait_id;
  std::unique_ptr<Session> session;
  Session::Handler handler;
  handler.connected = [&] {
    aware_id = session->next_id();
    wait_id = session->next_id();
    session->send(json::Message::request("set_db_change_aware", json::Json::array({true}), aware_id));
    session->send(json::Message::request("transact", *transaction, wait_id));
  };
  handler.received = [&](const json::Message& message) {
    if (message.type != Type::kReply && message.type != Type::kError) return;
    if (message.id == aware_id && message.type == Type::kError) {
      outcome = fail(fmt::format("{}: set_db_change_aware failed ({})", session->remote(), problem_in(message)));
    } else if (message.id == wait_id) {
      const std::string problem = problem_in(message);
      if (problem.empty()) outcome = Status();
      else outcome = fail(fmt::format("{}: wait failed ({})", session->remote(), problem));
    }
  };
  session = std::make_unique<Session>(context.loop, context.remote, Session::Options{}, std::move(handler));
  context.loop.run_until([&] { return outcome.has_value(); });
  if (!*outcome) return fail(*outcome);
  return 0;
}

}  // namespace turnout::ovsdb::client
