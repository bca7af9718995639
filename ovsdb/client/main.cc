// ovsdb-client: asks and tells a database server, from the command line. ovsdb-client(1).
#include <csignal>
#include <cstdio>
#include <cstring>

#include "lib/base/log.h"
#include "lib/cli/options.h"
#include "ovsdb/client/dispatch.h"
#include "ovsdb/client/usage.h"

namespace turnout::ovsdb::client {
namespace {

Log signal_log{"fatal_signal"};

void add_flag(cli::Options& options, const char* name, bool& value, bool to) {
  options.add({0, name, cli::Argument::kNone, [&value, to](std::string_view) {
    value = to;
    return Status{};
  }});
}

void add_options(cli::Options& options, Settings& settings, const std::string& help) {
  cli::add_common(options, help);
  cli::add_timeout(options);
  cli::add_table(options, settings.style);
  cli::add_daemon(options, settings.daemon);
  cli::add_tls(options, settings.tls);
  add_flag(options, "timestamp", settings.timestamp, true);
  add_flag(options, "force", settings.force, true);
  add_flag(options, "leader-only", settings.leader_only, true);
  add_flag(options, "no-leader-only", settings.leader_only, false);
  add_flag(options, "db-change-aware", settings.db_change_aware, true);
  add_flag(options, "no-db-change-aware", settings.db_change_aware, false);
}

// Runs the command; a signal that ends it is returned.
int serve(Context& context, const Command& command, int* ended_by) {
  std::vector<io::Handle> signals;
  if (command.stays) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
      signals.push_back(context.loop.on_signal(signal, [&context, ended_by, signal] {
        *ended_by = signal;
        context.stop = true;
      }));
    }
  }
  auto status = run_command(context, command);
  if (*ended_by) {
    signal_log.warn("terminating with signal {} ({})", *ended_by, strsignal(*ended_by));
    return 0;
  }
  if (!status) cli::fatal(status.error().message);
  return *status;
}

int run(int argc, char** argv) {
  Settings settings;
  const std::string default_remote = "unix:" + io::in_run_dir("db.sock");
  const std::string help = usage_text(default_remote);
  cli::Options options;
  add_options(options, settings, help);
  const std::vector<std::string> words = options.parse(argc, argv, false);
  if (words.empty()) cli::fatal("missing command name; use --help for help");
  if (words[0] == "help") {
    std::fputs(help.c_str(), stdout);
    return 0;
  }
  const Command* command = find_command(words[0]);
  if (!command) cli::fatal("unknown command '" + words[0] + "'; use --help for help");
  if (!command->stays) settings.daemon = {};
  settings.daemon.keep_stdout = true;
  int ended_by = 0, status = 0;
  {
    io::Daemon daemon("ovsdb-client", settings.daemon);
    if (auto started = daemon.start(); !started) cli::fatal(started.error().message);
    io::Loop loop;
    loop.tls().configure(settings.tls);
    Context context{loop, settings, daemon, default_remote, nullptr, {}, Words(words).subspan(1)};
    status = serve(context, *command, &ended_by);
  }
  if (ended_by) {
    std::signal(ended_by, SIG_DFL);
    std::raise(ended_by);
  }
  return status;
}

}  // namespace
}  // namespace turnout::ovsdb::client

int main(int argc, char** argv) {
  turnout::cli::set_program("ovsdb-client");
  // A reader that goes is seen when writing fails.
  std::signal(SIGPIPE, SIG_IGN);
  return turnout::ovsdb::client::run(argc, argv);
}
