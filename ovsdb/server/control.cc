// exit and ovsdb-server/*.
#include "ovsdb/server/control.h"

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "ovsdb/server/server_db.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};
using unixctl::Args;
using unixctl::Reply;

void answer(const Reply& reply, const Status& status) {
  if (status) reply.ok({});
  else reply.error(status.error().message);
}

std::string lines(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += item + '\n';
  return text;
}

// Answers when all of several tasks are done, with their problems one a line.
struct Gathered {
  explicit Gathered(Reply to) : reply(std::move(to)) {}
  ~Gathered() {
    if (problems.empty()) reply.ok({});
    else reply.error(problems);
  }
  Reply reply;
  std::string problems;
};

// ovsdb-server/compact [db]: one database, or every one that has a file.
void compact(Server& server, Args args, const Reply& reply) {
  Database* const named = args.empty() ? nullptr : server.find_database(args[0]);
  if (!args.empty() && !named) return reply.error("no database by that name");
  if (named && named->name() == kServerDatabase) return reply.error("cannot compact built-in databases");
  auto gathered = std::make_shared<Gathered>(reply);
  for (const std::string& name : server.database_names()) {
    Database* const database = server.find_database(name);
    if (!database->storage() || (named && database != named)) continue;
    server.compact(*database, [gathered](const Status& result) {
      if (!result) gathered->problems += result.error().message + '\n';
    });
  }
}

void add_database_commands(unixctl::Server& unixctl, const Controlled& c) {
  Server& server = c.server;
  unixctl.add("ovsdb-server/list-dbs", "", 0, 0,
              [&server](Args, const Reply& reply) { reply.ok(lines(server.database_names())); });
  unixctl.add("ovsdb-server/add-db", "DB", 1, 1, [c](Args args, const Reply& reply) {
    if (!refused_by_file(c, reply)) answer(reply, c.server.add_database(args[0]));
  });
  unixctl.add("ovsdb-server/remove-db", "DB", 1, 1, [c](Args args, const Reply& reply) {
    if (!refused_by_file(c, reply)) answer(reply, c.server.remove_database(args[0]));
  });
  unixctl.add("ovsdb-server/get-db-storage-status", "DB", 1, 1, [&server](Args args, const Reply& reply) {
    if (server.find_database(args[0])) reply.ok("status: ok");
    else reply.error("Failed to find the database.");
  });
  unixctl.add("ovsdb-server/compact", "", 0, 1,
              [&server](Args args, const Reply& reply) { compact(server, args, reply); });
  unixctl.add("ovsdb-server/memory-trim-on-compaction", "on|off", 1, 1, [&server](Args args, const Reply& reply) {
    const bool on = args[0] == "on";
    if (!on && args[0] != "off") return reply.error("invalid argument");
    server.set_trim_on_compaction(on);
    log_.info("memory trimming after compaction {}.", on ? "enabled" : "disabled");
    reply.ok({});
  });
  unixctl.add("ovsdb/file/column-diff-enable", "", 0, 0, [](Args, const Reply& reply) {
    Database::writes_diffs = true;
    reply.ok({});
  });
}

void add_log_choice_commands(unixctl::Server& unixctl, TransactionLog& transaction_log) {
  unixctl.add("ovsdb-server/tlog-set", "DB:TABLE on|off", 2, 2, [&transaction_log](Args args, const Reply& reply) {
    const bool on = equal_ignore_case(args[1], "on");
    if (!on && !equal_ignore_case(args[1], "off")) return reply.error("invalid command argument");
    answer(reply, transaction_log.set(args[0], on));
  });
  unixctl.add("ovsdb-server/tlog-list", "", 0, 0,
              [&transaction_log](Args, const Reply& reply) { reply.ok(transaction_log.list()); });
  // The hardware counters of the reference; no function here is measured by them.
  unixctl.add("ovsdb-server/perf-counters-show", "", 0, 0,
              [](Args, const Reply& reply) { reply.ok("performance counter is not supported on this platform"); });
  unixctl.add("ovsdb-server/perf-counters-clear", "", 0, 0, [](Args, const Reply& reply) { reply.ok({}); });
}

void add_remote_commands(unixctl::Server& unixctl, const Controlled& c) {
  unixctl.add("ovsdb-server/list-remotes", "", 0, 0,
              [&remotes = c.remotes](Args, const Reply& reply) { reply.ok(lines(remotes.names())); });
  unixctl.add("ovsdb-server/add-remote", "REMOTE", 1, 1, [c](Args args, const Reply& reply) {
    if (!refused_by_file(c, reply)) answer(reply, c.remotes.add(args[0]));
  });
  unixctl.add("ovsdb-server/remove-remote", "REMOTE", 1, 1, [c](Args args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    if (c.remotes.remove(args[0])) reply.ok({});
    else reply.error("no such remote");
  });
  unixctl.add("ovsdb-server/reconnect", "", 0, 0, [&server = c.server](Args, const Reply& reply) {
    server.disconnect_all();
    reply.ok({});
  });
  unixctl.add("ovsdb-server/disable-monitor-cond", "", 0, 0, [&server = c.server](Args, const Reply& reply) {
    server.disable_monitor_cond();
    reply.ok({});
  });
  unixctl.add("ovsdb-server/reload", "", 0, 0, [c](Args, const Reply& reply) {
    if (!c.configuration) return reply.error("not available without --config-file");
    answer(reply, c.configuration->reload());
  });
}

}  // namespace

bool refused_by_file(const Controlled& controlled, const Reply& reply) {
  if (!controlled.configuration) return false;
  reply.error("not available with --config-file: change the file and use ovsdb-server/reload");
  return true;
}

void add_control_commands(unixctl::Server& unixctl, const Controlled& controlled) {
  Server& server = controlled.server;
  unixctl.add("exit", "", 0, 0, [&server](Args, const Reply& reply) {
    reply.ok({});
    server.loop().stop();
  });
  add_database_commands(unixctl, controlled);
  add_remote_commands(unixctl, controlled);
  add_log_choice_commands(unixctl, controlled.transaction_log);
  add_role_commands(unixctl, controlled);
  unixctl::add_log_commands(unixctl);
  unixctl::add_counter_commands(unixctl);
  unixctl::add_memory_command(unixctl, {[&server](const auto& report) { server.report_memory(report); }});
}

}  // namespace turnout::ovsdb::server
