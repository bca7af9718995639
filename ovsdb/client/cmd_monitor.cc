// monitor, monitor-cond and monitor-cond-since: prints what is there, then every change, until it is stopped.
#include <fmt/format.h>

#include <algorithm>

#include "ovsdb/client/control.h"
#include "ovsdb/client/monitor_output.h"

namespace turnout::ovsdb::client {
namespace {

enum class Version { kMonitor, kCond, kCondSince };

struct Request {
  Version version = Version::kMonitor;
  std::string last_id;                       // for kCondSince
  std::shared_ptr<const Schema> schema;
  std::vector<MonitoredTable> tables;        // by name
  bool captions = false;
};

// The commands that the control socket takes while the monitor runs.
void add_commands(Context& context, unixctl::Server& control, const Request& request) {
  const auto pause = [&context](bool to, const char* already) {
    return [&context, to, already](unixctl::Args, const unixctl::Reply& reply) {
      if (context.server->paused() == to) return reply.error(already);
      context.server->pause(to);
      reply.ok();
    };
  };
  control.add("ovsdb-client/block", "", 0, 0, pause(true, "already blocking"));
  control.add("ovsdb-client/unblock", "", 0, 0, pause(false, "already unblocked"));
  control.add("ovsdb-client/cond_change", "TABLE COND", 2, 2,
              [&context, &request](unixctl::Args args, const unixctl::Reply& reply) {
    auto where = json::Json::parse(args[1]);
    if (!where) return reply.error(where.error().message);
    if (!request.schema->find(args[0])) return reply.error(context.database + " does not have a table named \"" + args[0] + '"');
    const json::Json change = json::Json::object({{"where", *where}});
    json::Json changes = json::Json::object();
    changes.set(args[0], json::Json::array({change}));
    context.server->send_request("monitor_cond_change", json::Json::array({json::Json(), json::Json(), changes}));
    reply.ok("condition changed");
  });
}

Status print_updates(MonitorOutput& output, const json::Json& updates, bool is_v2, bool initial) {
  auto text = output.format(updates, is_v2, initial);
  if (!text) return fail(text);
  return print(*text);
}

// Prints one message; false: nothing more will come.
Status take(const Context& context, MonitorOutput& output, const json::Message& message) {
  if (message.type != json::Message::Type::kNotify) return {};   // answers to condition changes
  const json::Json& params = message.params;
  if (message.method == "monitor_canceled")
    return fail(fmt::format("{}: {} database was removed", context.server->name(), context.database));
  if (message.method == "update") return print_updates(output, params[1], false, false);
  if (message.method == "update2") return print_updates(output, params[1], true, false);
  if (message.method != "update3") return {};
  if (auto said = print(fmt::format("\nlast_id: {}", params[1].as_string())); !said) return said;
  return print_updates(output, params[2], true, false);
}

Status start(Context& context, const Request& request, MonitorOutput& output) {
  Connection& server = *context.server;
  if (context.settings.db_change_aware) {
    // An old server does not know the method; it closes the connection instead of telling.
    (void)server.request("set_db_change_aware", json::Json::array({true}));
  }
  json::Json params = json::Json::array({context.database, json::Json(), monitor_requests(request.tables)});
  if (request.version == Version::kCondSince) params.append(json::Json(request.last_id));
  const char* method = request.version == Version::kMonitor ? "monitor"
                       : request.version == Version::kCond  ? "monitor_cond"
                                                            : "monitor_cond_since";
  auto reply = server.request(method, params);
  if (!reply) return fail(reply);
  if (request.version != Version::kCondSince) return print_updates(output, *reply, request.version == Version::kCond, true);
  const std::string found = fmt::format("found: {}, last_id: {}\n", (*reply)[0].as_bool(), (*reply)[1].as_string());
  if (auto said = print(found); !said) return said;
  return print_updates(output, (*reply)[2], true, true);
}

Result<int> run(Context& context, const Request& request) {
  MonitorOutput output(request.tables, context.settings.style, request.captions, context.settings.timestamp);
  auto control = open_control(context);
  if (!control) return fail(control);
  if (*control) add_commands(context, **control, request);
  if (auto started = start(context, request, output); !started) return fail(started);
  context.daemon.complete();
  for (;;) {
    auto message = context.server->receive();
    if (!message) return fail(message);
    if (!*message) return 0;
    if (auto taken = take(context, output, **message); !taken) return fail(taken);
  }
}

Status add_table(Context& context, Request& request, const std::string& name, Words groups, const json::Json* conditions) {
  const TableSchema* table = request.schema->find(name);
  if (!table) return fail(fmt::format("{} does not have a table named \"{}\"", context.database, name));
  if (conditions) {
    if (auto sound = Condition::from_json(*table, *conditions); !sound) return to_fail(sound);
  }
  auto monitored = make_monitored_table(context.database, *table, groups, conditions);
  if (!monitored) return fail(monitored);
  request.tables.push_back(std::move(*monitored));
  return {};
}

Result<Request> conditional_request(Context& context, Version version, Words words) {
  Request request{version, {}, nullptr, {}, false};
  auto conditions = json::Json::parse(words[0]);
  if (!conditions) return fail(fmt::format("\"{}\": {}", words[0], conditions.error().message));
  if (!conditions->is_array()) return fail(fmt::format("\"{}\": conditions must be a JSON array", words[0]));
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  request.schema = *schema;
  if (auto added = add_table(context, request, words[1], words.subspan(2), &*conditions); !added) return fail(added);
  return request;
}

}  // namespace

Result<int> monitor(Context& context) {
  auto schema = fetch_schema(context);
  if (!schema) return fail(schema);
  Request request{Version::kMonitor, {}, *schema, {}, false};
  std::vector<std::string> names{context.words[0]};
  const Words groups = context.words.subspan(1);
  if (names[0] == "ALL" && !(*schema)->find("ALL")) {
    request.captions = true;
    names.clear();
    for (const auto& table : (*schema)->tables()) names.push_back(table->name);
  }
  for (const std::string& name : names) {
    if (auto added = add_table(context, request, name, groups, nullptr); !added)
      return fail(context.server->name() + ": " + added.error().message);
  }
  return run(context, request);
}

Result<int> monitor_cond(Context& context) {
  auto request = conditional_request(context, Version::kCond, context.words);
  if (!request) return fail(request);
  return run(context, *request);
}

Result<int> monitor_cond_since(Context& context) {
  Words words = context.words;
  std::string last_id = Uuid().to_string();
  if (words.size() > 2 && Uuid::parse(words[0])) {
    last_id = words[0];
    words = words.subspan(1);
  }
  auto request = conditional_request(context, Version::kCondSince, words);
  if (!request) return fail(request);
  request->last_id = last_id;
  return run(context, *request);
}

}  // namespace turnout::ovsdb::client
