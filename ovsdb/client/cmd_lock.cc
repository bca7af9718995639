// lock, steal, unlock: one lock operation, then what the server says about it until it is stopped.
#include <map>

#include "ovsdb/client/control.h"

namespace turnout::ovsdb::client {
namespace {

// Answers to the requests of the control socket, by request id.
using Waiting = std::map<int64_t, unixctl::Reply>;

void add_commands(Context& context, unixctl::Server& control, Waiting& waiting) {
  for (const char* method : {"lock", "steal", "unlock"}) {
    control.add(method, "LOCK", 1, 1, [&context, &waiting, method](unixctl::Args args, const unixctl::Reply& reply) {
      waiting.emplace(context.server->send_request(method, json::Json::array({args[0]})).as_integer(), reply);
    });
  }
}

Status take(Waiting& waiting, const json::Message& message) {
  using Type = json::Message::Type;
  if (message.type == Type::kNotify || message.type == Type::kRequest)
    return print(message.method + "\n" + message.params.dump(json::Json::kSorted) + "\n");
  const auto asked = waiting.find(message.id.as_integer());
  if (asked == waiting.end()) return {};
  if (message.type == Type::kReply) asked->second.ok(message.result.dump(json::Json::kSorted) + "\n");
  else asked->second.error(message.error.dump(json::Json::kSorted));
  waiting.erase(asked);
  return {};
}

Result<int> run(Context& context, const char* method) {
  Waiting waiting;
  auto control = open_control(context);
  if (!control) return fail(control);
  if (*control) add_commands(context, **control, waiting);
  auto reply = context.server->request(method, json::Json::array({context.words[0]}));
  if (!reply) return fail(reply);
  if (auto printed = print_json(context, *reply); !printed) return fail(printed);
  context.daemon.complete();
  for (;;) {
    auto message = context.server->receive();
    if (!message) return fail(message);
    if (!*message) return 0;
    if (auto taken = take(waiting, **message); !taken) return fail(taken);
  }
}

}  // namespace

Result<int> lock(Context& context) { return run(context, "lock"); }
Result<int> steal(Context& context) { return run(context, "steal"); }
Result<int> unlock(Context& context) { return run(context, "unlock"); }

}  // namespace turnout::ovsdb::client
