// Parsing the command line.
#include "ovsdb/server/options.h"

#include <filesystem>

#include "lib/cli/options.h"
#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {
namespace {

std::string help_text() {
  return "ovsdb-server: Open vSwitch database server\n"
         "usage: ovsdb-server [OPTIONS] [DATABASE...]\n"
         "where each DATABASE is a database file in ovsdb format.\n"
         "The default DATABASE, if none is given, is\n" +
         io::db_dir() + "/conf.db.\n"
         "\n"
         "JSON-RPC options (may be specified any number of times):\n"
         "  --remote=REMOTE         connect or listen to REMOTE\n"
         "\n"
         "Active JSON-RPC connection methods:\n"
         "  tcp:HOST:PORT           PORT at remote HOST\n"
         "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
         "  unix:FILE               Unix domain socket named FILE\n"
         "Passive JSON-RPC connection methods:\n"
         "  ptcp:PORT[:IP]          listen to TCP PORT on IP\n"
         "  pssl:PORT[:IP]          listen for SSL on PORT on IP\n"
         "  punix:FILE              listen on Unix domain socket FILE\n" +
         std::string(cli::tls_help()) + std::string(cli::daemon_help()) +
         "\n"
         "Syncing options:\n"
         "  --sync-from=SERVER      sync DATABASE from active SERVER and start in\n"
         "                          backup mode (except with --active)\n"
         "  --sync-exclude-tables=DB:TABLE,...\n"
         "                          exclude the TABLE in DB from syncing\n"
         "  --active                with --sync-from, start in active mode\n"
         "\n"
         "Other options:\n"
         "  --run COMMAND           run COMMAND as subprocess then exit\n"
         "  --config-file=FILE      read remotes and databases from FILE\n"
         "  --unixctl=SOCKET        override default control socket name\n"
         "  --disable-file-column-diff\n"
         "                          don't use column diff in database file\n"
         "  --disable-file-no-data-conversion\n"
         "                          write conversions with their data\n";
}

// Options of the reference that belong to parts which this release does not have: saying so beats ignoring them.
void refuse(cli::Options& options, const char* name, cli::Argument argument) {
  options.add({0, name, argument, [name](std::string_view) -> Status {
    return fail(std::string("--") + name + " is not supported by this release");
  }});
}

void keep(cli::Options& options, const char* name, std::string& target) {
  options.add({0, name, cli::Argument::kRequired, [&target](std::string_view value) {
    target = value;
    return Status{};
  }});
}

void set(cli::Options& options, const char* name, bool& target) {
  options.add({0, name, cli::Argument::kNone, [&target](std::string_view) {
    target = true;
    return Status{};
  }});
}

void check(const Options& options) {
  if (options.config_file.empty()) return;
  const char* const other = !options.remotes.empty()               ? "--remote"
                            : !options.sync_from.empty()           ? "--sync-from"
                            : !options.sync_exclude_tables.empty() ? "--sync-exclude-tables"
                            : options.active                       ? "--active"
                            : !options.databases.empty()           ? "databases on the command line"
                                                                   : nullptr;
  if (other) cli::fatal(std::string("--config-file does not go with ") + other + ": the file names remotes, databases and their sources");
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options parsed;
  cli::Options options;
  options.add({0, "remote", cli::Argument::kRequired, [&parsed](std::string_view remote) {
    parsed.remotes.emplace_back(remote);
    return Status{};
  }});
  keep(options, "run", parsed.run);
  keep(options, "unixctl", parsed.unixctl);
  options.add({0, "disable-file-column-diff", cli::Argument::kNone, [](std::string_view) {
    Database::writes_diffs = false;
    return Status{};
  }});
  cli::add_daemon(options, parsed.daemon);
  cli::add_tls(options, parsed.tls);
  cli::add_common(options, help_text());
  keep(options, "sync-from", parsed.sync_from);
  keep(options, "sync-exclude-tables", parsed.sync_exclude_tables);
  keep(options, "config-file", parsed.config_file);
  set(options, "active", parsed.active);
  // Conversions of clustered databases without their data; ours are always written with it.
  bool no_data_conversion = false;
  set(options, "disable-file-no-data-conversion", no_data_conversion);
  for (const char* name : {"record", "replay"}) refuse(options, name, cli::Argument::kOptional);
  parsed.databases = options.parse(argc, argv, false);
  check(parsed);
  parsed.directory = std::filesystem::current_path().string();
  if (!parsed.config_file.empty()) parsed.config_file = std::filesystem::absolute(parsed.config_file).string();
  else if (parsed.databases.empty()) parsed.databases.push_back(io::db_dir() + "/conf.db");
  return parsed;
}

}  // namespace turnout::ovsdb::server
