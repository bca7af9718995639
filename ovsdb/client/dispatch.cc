// The table of commands, and what comes before each of them.
#include "ovsdb/client/dispatch.h"

#include <algorithm>

#include "lib/io/stream.h"

namespace turnout::ovsdb::client {
namespace {

using Needs = Command::Needs;

constexpr Command kCommands[] = {
    {"list-dbs", Needs::kServer, 0, 0, false, list_dbs},
    {"get-schema", Needs::kDatabase, 0, 0, false, get_schema},
    {"get-schema-version", Needs::kDatabase, 0, 0, false, get_schema_version},
    {"get-schema-cksum", Needs::kDatabase, 0, 0, false, get_schema_cksum},
    {"list-tables", Needs::kDatabase, 0, 0, false, list_tables},
    {"list-columns", Needs::kDatabase, 0, 1, false, list_columns},
    {"transact", Needs::kNothing, 1, 1, false, transact},
    {"query", Needs::kNothing, 1, 1, false, query},
    {"monitor", Needs::kDatabase, 1, kAnyNumber, true, monitor},
    {"monitor-cond", Needs::kDatabase, 2, 3, true, monitor_cond},
    {"monitor-cond-since", Needs::kDatabase, 2, 4, true, monitor_cond_since},
    {"wait", Needs::kNothing, 2, 2, false, wait},
    {"convert", Needs::kNothing, 1, 1, false, convert},
    {"needs-conversion", Needs::kNothing, 1, 1, false, needs_conversion},
    {"dump", Needs::kDatabase, 0, kAnyNumber, false, dump},
    {"backup", Needs::kDatabase, 0, 0, false, backup},
    {"restore", Needs::kDatabase, 0, 0, false, restore},
    {"lock", Needs::kServer, 1, 1, true, lock},
    {"steal", Needs::kServer, 1, 1, true, steal},
    {"unlock", Needs::kServer, 1, 1, true, unlock},
};

constexpr std::string_view kDefaultDatabase = "Open_vSwitch";

Status check_count(const Context& context, const Command& command) {
  if (context.words.size() >= command.min_words && context.words.size() <= command.max_words) return {};
  return fail("invalid syntax for '" + std::string(command.name) + "' (use --help for help)");
}

Result<std::vector<std::string>> database_names(Connection& server) {
  auto reply = server.request("list_dbs", json::Json::array());
  if (!reply) return fail(reply);
  if (!reply->is_array()) return fail("list_dbs response is not array");
  std::vector<std::string> names;
  for (size_t i = 0; i < reply->size(); ++i) names.emplace_back((*reply)[i].as_string());
  return names;
}

// The server's databases that it does not keep for itself: one of them is the default, or the switch's.
Result<std::string> default_database(const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), kDefaultDatabase) != names.end()) return std::string(kDefaultDatabase);
  const auto is_own = [](const std::string& name) { return !name.starts_with('_'); };
  if (std::count_if(names.begin(), names.end(), is_own) == 1) return *std::find_if(names.begin(), names.end(), is_own);
  return fail("could not find a default database, please specify a database name");
}

// Which of several servers will do depends on the database, so there it must be named.
Status connect_for_database(Context& context, const Command& command) {
  const bool spare = context.words.size() > command.min_words;
  if (context.remote.find(',') != std::string::npos) {
    if (!spare) return fail("database name is required with multiple remotes");
    context.database = context.words[0];
    context.words = context.words.subspan(1);
    return connect(context, context.database);
  }
  if (auto connected = connect(context, ""); !connected) return connected;
  auto names = database_names(*context.server);
  if (!names) return fail(names);
  if (spare && std::find(names->begin(), names->end(), context.words[0]) != names->end()) {
    context.database = context.words[0];
    context.words = context.words.subspan(1);
    return {};
  }
  auto chosen = default_database(*names);
  if (!chosen) return fail(chosen);
  context.database = *chosen;
  return {};
}

}  // namespace

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands)
    if (name == command.name) return &command;
  return nullptr;
}

Result<int> run_command(Context& context, const Command& command) {
  // No name of a database, a table or a state has a colon.
  if (context.words.size() > command.min_words && context.words[0].find(':') != std::string::npos) {
    context.remote = context.words[0];
    context.words = context.words.subspan(1);
  }
  Status ready;
  if (command.needs == Needs::kDatabase) ready = connect_for_database(context, command);
  if (ready) ready = check_count(context, command);
  if (ready && command.needs == Needs::kServer) ready = connect(context, "");
  if (!ready) return fail(ready);
  return command.run(context);
}

}  // namespace turnout::ovsdb::client
