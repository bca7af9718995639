// Which server to talk to, and what most commands ask it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/ovsdb/session.h"
#include "ovsdb/client/commands.h"

namespace turnout::ovsdb::client {
namespace {

Log reconnect_log{"reconnect"};

// Whether this server should be asked about the database; the error says why not.
Status is_suitable(Connection& server, const std::string& database, bool leader_only) {
  const json::Json select = json::Json::object(
      {{"op", "select"}, {"table", "Database"}, {"where", json::Json::array({json::Json::array({"name", "==", database})})}});
  auto result = server.request("transact", json::Json::array({"_Server", select}));
  if (!result) return fail(result);
  const json::Json row = (*result)[0].get("rows")[0];
  if (row.is_null()) return fail(fmt::format("{} database does not exist on the server", database));
  if (row.get("model").as_string() != "clustered") return {};
  if (!row.get("connected").as_bool()) return fail(fmt::format("{} database is not connected to its cluster", database));
  if (leader_only && !row.get("leader").as_bool()) return fail(fmt::format("{} database's leader is another server", database));
  return {};
}

Status connect_to_any(Context& context, std::vector<std::string> remotes, const std::string& database) {
  std::shuffle(remotes.begin(), remotes.end(), std::random_device());
  for (const std::string& remote : remotes) {
    reconnect_log.info("{}: connecting...", remote);
    auto server = Connection::open(context.loop, remote, context.stop);
    if (!server) {
      reconnect_log.info("{}: connection attempt failed ({})", remote, connection_error_text(server.error()));
      continue;
    }
    reconnect_log.info("{}: connected", remote);
    if (!database.empty()) {
      if (auto fit = is_suitable(**server, database, context.settings.leader_only); !fit) {
        reconnect_log.info("{}: {}; trying another server", remote, fit.error().message);
        continue;
      }
    }
    context.server = std::move(*server);
    return {};
  }
  return fail("no servers were available");
}

}  // namespace

Status connect(Context& context, const std::string& database) {
  std::vector<std::string> remotes;
  for (std::string_view remote : split_any(context.remote, ", ")) remotes.emplace_back(remote);
  if (remotes.size() > 1) return connect_to_any(context, std::move(remotes), database);
  auto server = Connection::open(context.loop, context.remote, context.stop);
  if (!server) return fail(server);
  context.server = std::move(*server);
  return {};
}

Result<std::shared_ptr<const Schema>> fetch_schema(Context& context) {
  auto json = context.server->request("get_schema", json::Json::array({context.database}));
  if (!json) return fail(json);
  auto schema = Schema::from_json(*json);
  if (!schema) return to_fail(schema);
  return *schema;
}

Result<json::Json> fetch_rows(Context& context, const std::vector<json::Json>& selections) {
  json::Json params = json::Json::array({context.database});
  for (const json::Json& selection : selections) params.append(selection);
  auto result = context.server->request("transact", params);
  if (!result) return result;
  if (result->is_array() && result->size() == selections.size()) return result;
  return fail(fmt::format("transact reply is not an array of {} elements: {}", selections.size(), result->dump(json::Json::kSorted)));
}

Result<cli::Cell> cell_of(const ColumnSchema& column, const json::Json& value) {
  auto datum = datum_from_json_unchecked(column.type, value);
  if (!datum) return to_fail(datum);
  return cli::Cell{datum_to_text(*datum, column.type), datum_to_bare(*datum), datum_to_json(*datum)};
}

Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return fail("write to standard output failed");
}

Status print_json(const Context& context, const json::Json& value) {
  return print(value.dump(json::Json::kSorted | (context.settings.style.pretty ? json::Json::kPretty : 0)) + '\n');
}

}  // namespace turnout::ovsdb::client
