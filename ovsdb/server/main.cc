// ovsdb-server: options, databases, remotes, control socket, loop.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>

#include "lib/base/log.h"
#include "lib/cli/options.h"
#include "ovsdb/server/control.h"
#include "ovsdb/server/options.h"
#include "ovsdb/server/run_command.h"
#include "ovsdb/server/tls_files.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};

int failed(const Error& error) {
  std::fprintf(stderr, "ovsdb-server: %s\n", error.message.c_str());
  log_.err("{}", error.message);
  return EXIT_FAILURE;
}

// Databases, remotes and the role that the command line or the configuration file wants.
Status configure(const Options& options, const Controlled& controlled) {
  use_tls(controlled.server, options.tls);
  if (controlled.configuration) {
    auto loaded = controlled.configuration->reload();
    return loaded ? check_tls_columns(controlled.server, options.tls) : loaded;
  }
  auto excluded = ExcludedTables::parse(options.sync_exclude_tables);
  if (!excluded) return fail(excluded);
  controlled.active_backup.set_excluded(std::move(*excluded));
  controlled.active_backup.set_source(options.sync_from);
  for (const std::string& path : std::set<std::string>(options.databases.begin(), options.databases.end()))
    if (auto added = controlled.server.add_database(path); !added) return added;
  if (auto tls = check_tls_columns(controlled.server, options.tls); !tls) return tls;
  if (!options.sync_from.empty() && !options.active)
    if (auto connected = controlled.active_backup.connect(); !connected) return connected;
  for (const std::string& remote : options.remotes)
    if (auto added = controlled.remotes.add(remote); !added) return added;
  return {};
}

int serve(const Options& options, io::Daemon& daemon) {
  io::Loop loop;
  Server server(loop);
  Remotes remotes(server);
  ActiveBackup active_backup(server);
  TransactionLog transaction_log(server);
  std::optional<Configuration> configuration;
  if (!options.config_file.empty()) configuration.emplace(server, remotes, options.config_file, options.directory);
  const Controlled controlled{server, remotes, active_backup, transaction_log, configuration ? &*configuration : nullptr};
  if (auto configured = configure(options, controlled); !configured) return failed(configured.error());
  auto unixctl = unixctl::Server::create(loop, "ovsdb-server", options.unixctl);
  if (!unixctl) return failed(unixctl.error());
  add_control_commands(**unixctl, controlled);
  std::vector<io::Handle> signals;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals.push_back(loop.on_signal(signal, [&loop] { loop.stop(); }));
  std::optional<RunCommand> command;
  if (!options.run.empty()) command.emplace(loop, options.run);
  daemon.complete();
  log_.info("ovsdb-server (Open vSwitch) 3.7.0");
  loop.run();
  return command ? command->finish() : EXIT_SUCCESS;
}

}  // namespace
}  // namespace turnout::ovsdb::server

int main(int argc, char** argv) {
  using namespace turnout;
  cli::set_program("ovsdb-server");
  std::signal(SIGPIPE, SIG_IGN);
  const ovsdb::server::Options options = ovsdb::server::parse_options(argc, argv);
  io::Daemon daemon("ovsdb-server", options.daemon);
  if (auto started = daemon.start(); !started) cli::fatal(started.error().message);
  return ovsdb::server::serve(options, daemon);
}
