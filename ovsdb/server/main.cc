// ovsdb-server: options, databases, remotes, control socket, loop.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/cli/options.h"
#include "ovsdb/server/control.h"
#include "ovsdb/server/options.h"
#include "ovsdb/server/run_command.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_server"};

int failed(const Error& error) {
  std::fprintf(stderr, "ovsdb-server: %s\n", error.message.c_str());
  log_.err("{}", error.message);
  return EXIT_FAILURE;
}

int serve(const Options& options, io::Daemon& daemon) {
  io::Loop loop;
  Server server(loop);
  for (const std::string& path : options.databases)
    if (auto added = server.add_database(path); !added) return failed(added.error());
  Remotes remotes(server);
  for (const std::string& remote : options.remotes)
    if (auto added = remotes.add(remote); !added) return failed(added.error());
  auto unixctl = unixctl::Server::create(loop, "ovsdb-server", options.unixctl);
  if (!unixctl) return failed(unixctl.error());
  add_control_commands(**unixctl, server, remotes);
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
