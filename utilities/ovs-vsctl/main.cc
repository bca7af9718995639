// ovs-vsctl: queries and configures the switch through its database. ovs-vsctl(8).
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/cli/options.h"
#include "utilities/ovs-vsctl/runner.h"
#include "utilities/ovs-vsctl/usage.h"

namespace turnout::vsctl {
namespace {

Log vsctl_log{"vsctl"}, commands_log{"db_ctl_base"};

// Options of the first command that stood before it without a "--".
std::vector<std::string> first_options;

using cli::Argument;

struct Settings {
  RunOptions run;
  cli::TableStyle style;
  cli::TlsOptions tls;
};

// --commands and --options, from which shells complete; the options that are there by now are listed.
void add_listings(cli::Options& options) {
  auto print_and_exit = [](const std::string& text) -> Status {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::exit(std::fflush(stdout) == 0 ? 0 : 1);
  };
  options.add({0, "commands", Argument::kNone, [=](std::string_view) { return print_and_exit(command_listing()); }});
  std::string listing = options.listing() + "--commands\n--options\n";
  std::erase_if(listing, [](char c) { return c == '[' || c == ']'; });
  options.add({0, "options", Argument::kNone, [=](std::string_view) { return print_and_exit(listing); }});
}

void add_own_options(cli::Options& options, RunOptions& run) {
  auto flag = [&](const char* name, bool& value, bool to) {
    options.add({0, name, Argument::kNone, [&value, to](std::string_view) { value = to; return Status{}; }});
  };
  options.add({0, "db", Argument::kRequired, [&](std::string_view v) { run.db = v; return Status{}; }});
  options.add({0, "no-syslog", Argument::kNone, [](std::string_view) { return log_control::set("vsctl:syslog:warn"); }});
  flag("no-wait", run.wait, false);
  flag("dry-run", run.dry_run, true);
  flag("oneline", run.oneline, true);
  flag("retry", run.retry, true);
  flag("leader-only", run.leader_only, true);
  flag("no-leader-only", run.leader_only, false);
  flag("shuffle-remotes", run.shuffle_remotes, true);
  flag("no-shuffle-remotes", run.shuffle_remotes, false);
}

// Words that belong to the first command may stand among the global options.
void add_command_options(cli::Options& options) {
  options.add({0, "columns", Argument::kRequired, [](std::string_view v) { set_list_columns(std::string(v)); return Status{}; }});
  for (const char* name : {"if-exists", "may-exist", "with-iface", "fake-iface", "real", "fake", "all", "bootstrap"})
    options.add({0, name, Argument::kNone, [name](std::string_view) { first_options.push_back(std::string("--") + name); return Status{}; }});
  for (const char* name : {"id", "inactivity-probe", "filter"})
    options.add({0, name, Argument::kRequired, [name](std::string_view v) { first_options.push_back(fmt::format("--{}={}", name, v)); return Status{}; }});
}

// A command's output on one line: newlines and backslashes escaped, the last newline dropped.
std::string one_line(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  std::string out;
  for (char c : text) {
    if (c == '\n') out += "\\n";
    else if (c == '\\') out += "\\\\";
    else out += c;
  }
  return out + "\n";
}

void print(const std::vector<Command>& commands, const Settings& settings) {
  bool first_table = true;
  for (const Command& command : commands) {
    std::string text = command.output;
    if (command.table) {
      text = command.table->format(settings.style, first_table);
      first_table = false;
    } else if (settings.run.oneline) {
      text = one_line(text);
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
}

int run(int argc, char** argv) {
  cli::set_program("ovs-vsctl");
  // A tool that is run by scripts says on the console only what needs a person.
  (void)log_control::set("console:warn");
  (void)log_control::set("reconnect:warn");
  Settings settings;
  settings.style.format = cli::TableStyle::Format::kList;
  settings.run.db = "unix:" + io::in_run_dir("db.sock");
  cli::Options options;
  add_own_options(options, settings.run);
  cli::add_timeout(options);
  cli::add_common(options, usage_text(), "DB Schema " + vswitch::Idl::built_in_schema()->version);
  cli::add_table(options, settings.style);
  cli::add_tls(options, settings.tls);
  add_listings(options);
  add_command_options(options);
  std::vector<std::string> words = options.parse(argc, argv, true);
  words.insert(words.begin(), first_options.begin(), first_options.end());
  for (int i = 1; i < argc; ++i) settings.run.args += (i > 1 ? " " : "") + std::string(argv[i]);

  Result<std::vector<Command>> commands = parse_commands(words);
  if (!commands) cli::fatal(commands.error().message);
  vsctl_log.info("Called as ovs-vsctl {}", settings.run.args);
  io::Loop loop;
  loop.tls().configure(settings.tls);
  Result<Outcome> outcome = run_commands(loop, *commands, settings.run);
  if (!outcome) {
    if (outcome.error().message.empty()) return outcome.error().code;
    cli::fatal(outcome.error().message);
  }
  for (const std::string& warning : outcome->warnings) commands_log.warn("{}", warning);
  for (const std::string& warning : outcome->name_warnings) vsctl_log.warn("{}", warning);
  print(*commands, settings);
  if (std::fflush(stdout) != 0) cli::fatal("write to standard output failed");
  for (const std::string& error : outcome->setup_errors) std::fprintf(stderr, "ovs-vsctl: %s\n", error.c_str());
  if (!outcome->setup_errors.empty()) std::fprintf(stderr, "ovs-vsctl: The default log directory is \"%s\".\n", io::log_dir().c_str());
  return outcome->exit_code;
}

}  // namespace
}  // namespace turnout::vsctl

int main(int argc, char** argv) { return turnout::vsctl::run(argc, argv); }
