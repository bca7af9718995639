// ovsdb-tool: works on database files without a server.
#include <cstdint>
#include <cstdio>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/base/uuid.h"
#include "lib/cli/options.h"
#include "lib/io/daemon.h"
#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {

int verbosity = 0;
std::string role;

std::string default_database() { return io::db_dir() + "/conf.db"; }
std::string default_schema() { return io::pkgdata_dir() + "/vswitch.ovsschema"; }

namespace {

constexpr Command kCommands[] = {
    {"create", 0, 2, create},
    {"compact", 0, 2, compact},
    {"convert", 0, 3, convert},
    {"needs-conversion", 0, 2, needs_conversion},
    {"db-name", 0, 1, db_name},
    {"db-version", 0, 1, db_version},
    {"db-cksum", 0, 1, db_cksum},
    {"db-cid", 1, 1, db_cid},
    {"db-sid", 1, 1, db_sid},
    {"db-local-address", 1, 1, db_local_address},
    {"db-is-clustered", 1, 1, db_is_clustered},
    {"db-is-standalone", 1, 1, db_is_standalone},
    {"schema-name", 0, 1, schema_name},
    {"schema-version", 0, 1, schema_version},
    {"schema-cksum", 0, 1, schema_cksum},
    {"compare-versions", 3, 3, compare_versions},
    {"query", 1, 2, query},
    {"transact", 1, 2, transact},
    {"show-log", 0, 1, show_log},
    {"cluster-to-standalone", 2, 2, cluster_to_standalone},
    {"create-cluster", 3, 3, no_clusters},
    {"join-cluster", 4, SIZE_MAX, no_clusters},
    {"check-cluster", 1, SIZE_MAX, no_clusters},
};

std::string help_text() {
  return "ovsdb-tool: Open vSwitch database management utility\n"
         "usage: ovsdb-tool [OPTIONS] COMMAND [ARG...]\n"
         "  create [DB [SCHEMA]]    create DB with the given SCHEMA\n"
         "  compact [DB [DST]]      compact DB in-place (or to DST)\n"
         "  convert [DB [SCHEMA [DST]]]   convert DB to SCHEMA (to DST)\n"
         "  needs-conversion [DB [SCHEMA]]  tell whether DB has another schema\n"
         "  db-name [DB]            report name of schema used by DB\n"
         "  db-version [DB]         report version of schema used by DB\n"
         "  db-cksum [DB]           report checksum of schema used by DB\n"
         "  db-cid DB               report cluster ID of clustered DB\n"
         "  db-sid DB               report server ID of clustered DB\n"
         "  db-local-address DB     report local address of clustered DB\n"
         "  db-is-clustered DB      test whether DB is clustered\n"
         "  db-is-standalone DB     test whether DB is standalone\n"
         "  schema-name [SCHEMA]    report SCHEMA's name\n"
         "  schema-version [SCHEMA] report SCHEMA's schema version\n"
         "  schema-cksum [SCHEMA]   report SCHEMA's checksum\n"
         "  compare-versions A OP B  compare OVSDB schema version numbers\n"
         "  query [DB] TRNS         execute read-only transaction on DB\n"
         "  transact [DB] TRNS      execute read/write transaction on DB\n"
         "  cluster-to-standalone DB CLUSTERDB  make DB of what CLUSTERDB holds\n"
         "  [-m]... show-log [DB]   print DB's log entries\n"
         "Not in this release, which takes no part in clusters:\n"
         "  [--election-timer=MS] create-cluster DB CONTENTS LOCAL\n"
         "  [--cid=UUID] join-cluster DB NAME LOCAL REMOTE...\n"
         "  check-cluster DB...\n"
         "The default DB is " + default_database() + ".\n"
         "The default SCHEMA is " + default_schema() + ".\n" + std::string(cli::logging_help()) +
         "\nOther options:\n"
         "  -m, --more                  increase show-log verbosity\n"
         "  --rbac-role=ROLE            RBAC role for transact and query commands\n";
}

const Command& find_command(const std::vector<std::string>& words) {
  if (words.empty()) cli::fatal("missing command name; use --help for help");
  const size_t given = words.size() - 1;
  for (const Command& command : kCommands) {
    if (words[0] != command.name) continue;
    if (given < command.min_words)
      cli::fatal("'" + words[0] + "' command requires at least " + std::to_string(command.min_words) + " arguments");
    if (given > command.max_words)
      cli::fatal("'" + words[0] + "' command takes at most " + std::to_string(command.max_words) + " arguments");
    return command;
  }
  cli::fatal("unknown command '" + words[0] + "'; use --help for help");
}

// Options of commands that make clustered files.
void add_cluster_options(cli::Options& options) {
  options.add({0, "election-timer", cli::Argument::kRequired, [](std::string_view value) -> Status {
    const auto ms = parse_unsigned(value);
    if (ms && *ms >= 100 && *ms <= 600000) return {};
    return fail("ovsdb error: election timer must be between 100 and 600000, in msec.");
  }});
  options.add({0, "cid", cli::Argument::kRequired, [](std::string_view value) -> Status {
    const auto id = Uuid::parse(value);
    if (!id) return fail(std::string(value) + ": not a valid UUID");
    return id->is_zero() ? fail("all-zero UUID is not a valid cluster ID") : Status();
  }});
}

int run(int argc, char** argv) {
  cli::Options options;
  add_cluster_options(options);
  options.add({'m', "more", cli::Argument::kNone, [](std::string_view) {
    ++verbosity;
    return Status{};
  }});
  options.add({0, "rbac-role", cli::Argument::kRequired, [](std::string_view value) {
    role = value;
    return Status{};
  }});
  const std::string help = help_text();
  cli::add_common(options, help);
  const std::vector<std::string> words = options.parse(argc, argv, false);
  if (!words.empty() && words[0] == "help") {
    std::fputs(help.c_str(), stdout);
    return 0;
  }
  const Command& command = find_command(words);
  auto status = command.run(Words(words).subspan(1));
  if (!status) cli::fatal(status.error().message);
  return *status;
}

}  // namespace

}  // namespace turnout::ovsdb::tool

int main(int argc, char** argv) {
  turnout::cli::set_program("ovsdb-tool");
  return turnout::ovsdb::tool::run(argc, argv);
}
