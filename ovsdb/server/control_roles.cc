// Commands of active-backup pairs, relays and clusters.
#include <charconv>

#include "ovsdb/server/control.h"

namespace turnout::ovsdb::server {
namespace {

using unixctl::Args;
using unixctl::Reply;

std::optional<Duration> parse_interval(const std::string& text, const Reply& reply) {
  int64_t ms = 0;
  const char* const end = text.data() + text.size();
  auto [after, problem] = std::from_chars(text.data(), end, ms);
  if (problem == std::errc() && after == end) return SourceLink::probe_interval(ms);
  reply.ok("Invalid probe interval, integer value expected");   // as the reference, not as an error
  return {};
}

void add_source_commands(unixctl::Server& unixctl, const Controlled& c) {
  unixctl.add("ovsdb-server/set-active-ovsdb-server", "", 1, 1, [c](Args args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    c.active_backup.set_source(args[0]);
    reply.ok({});
  });
  unixctl.add("ovsdb-server/get-active-ovsdb-server", "", 0, 0, [c](Args, const Reply& reply) {
    if (!refused_by_file(c, reply)) reply.ok(c.active_backup.source());
  });
  unixctl.add("ovsdb-server/set-sync-exclude-tables", "", 1, 1, [c](Args args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    auto excluded = ExcludedTables::parse(args[0]);
    if (!excluded) return reply.error(excluded.error().message);
    c.active_backup.set_excluded(std::move(*excluded));
    reply.ok({});
  });
  unixctl.add("ovsdb-server/get-sync-exclude-tables", "", 0, 0, [c](Args, const Reply& reply) {
    if (!refused_by_file(c, reply)) reply.ok(c.active_backup.excluded().to_string());
  });
  unixctl.add("ovsdb-server/set-active-ovsdb-server-probe-interval", "", 1, 1, [c](Args args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    auto interval = parse_interval(args[0], reply);
    if (!interval) return;
    c.active_backup.set_probe_interval(*interval);
    reply.ok({});
  });
  unixctl.add("ovsdb-server/set-relay-source-probe-interval", "PROBE-INTERVAL", 1, 1, [c](Args args, const Reply& reply) {
    auto interval = parse_interval(args[0], reply);
    if (!interval) return;
    c.server.set_relay_probe_interval(*interval);
    reply.ok({});
  });
}

void add_switch_commands(unixctl::Server& unixctl, const Controlled& c) {
  unixctl.add("ovsdb-server/connect-active-ovsdb-server", "", 0, 0, [c](Args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    // The reference says this as an ordinary answer.
    if (auto connected = c.active_backup.connect(); !connected) return reply.ok(connected.error().message);
    reply.ok({});
  });
  unixctl.add("ovsdb-server/disconnect-active-ovsdb-server", "", 0, 0, [c](Args, const Reply& reply) {
    if (refused_by_file(c, reply)) return;
    c.active_backup.disconnect();
    reply.ok({});
  });
  unixctl.add("ovsdb-server/sync-status", "", 0, 0, [c](Args, const Reply& reply) {
    reply.ok(c.configuration ? c.configuration->sync_status() : c.active_backup.status());
  });
}

void refuse_cluster_commands(unixctl::Server& unixctl, Server& server) {
  struct Command {
    const char *name, *usage;
    int min, max;
  };
  constexpr Command kCommands[] = {
      {"cluster/cid", "DB", 1, 1},
      {"cluster/sid", "DB", 1, 1},
      {"cluster/status", "DB", 1, 1},
      {"cluster/leave", "DB", 1, 1},
      {"cluster/kick", "DB SERVER", 2, 2},
      {"cluster/change-election-timer", "DB TIME", 2, 2},
      {"cluster/set-backlog-threshold", "DB N_MSGS N_BYTES", 3, 3},
  };
  for (const Command& command : kCommands) {
    unixctl.add(command.name, command.usage, command.min, command.max, [&server](Args args, const Reply& reply) {
      reply.error(server.find_database(args[0]) ? args[0] + ": not a clustered database, and this release serves none"
                                                : "unknown database " + args[0]);
    });
  }
}

}  // namespace

void add_role_commands(unixctl::Server& unixctl, const Controlled& controlled) {
  add_source_commands(unixctl, controlled);
  add_switch_commands(unixctl, controlled);
  refuse_cluster_commands(unixctl, controlled.server);
}

}  // namespace turnout::ovsdb::server
