// ovs-appctl: sends one command to a running daemon and prints the answer. ovs-appctl(8).
#include <cstdio>

#include <fmt/core.h>

#include "lib/cli/options.h"
#include "lib/unixctl/unixctl.h"

namespace {

namespace cli = turnout::cli;

struct Settings {
  std::string target = "ovs-vswitchd";
  std::string format = "text";
  bool pretty = false;
};

std::string help() {
  return R"(ovs-appctl, for querying and controlling Open vSwitch daemon
usage: ovs-appctl [TARGET] COMMAND [ARG...]
Targets:
  -t, --target=TARGET  pidfile or socket to contact
Common commands:
  list-commands      List commands supported by the target
  version            Print version of the target
  vlog/list          List current logging levels
  vlog/list-pattern  List logging patterns for each destination.
  vlog/set [SPEC]
      Set log levels as detailed in SPEC, which may include:
      A valid module name (all modules, by default)
      'syslog', 'console', 'file' (all destinations, by default))
      'off', 'emer', 'err', 'warn', 'info', or 'dbg' ('dbg', by default)
  vlog/reopen        Make the program reopen its log file
Other options:
  -T, --timeout=SECS wait at most SECS seconds for a response
  -f, --format=FMT   Output format. One of: 'json', or 'text'
                     ('text', by default)
  --pretty           Format the output in a more readable fashion.
                     Requires: --format=json.
  -h, --help         Print this helpful information
  -V, --version      Display ovs-appctl version information
)";
}

std::vector<std::string> read_command_line(int argc, char** argv, Settings* settings) {
  using cli::Argument;
  cli::Options options;
  cli::add_common(options, help());
  cli::add_timeout(options, 'T');
  options.add({'t', "target", Argument::kRequired, [settings](std::string_view value) {
                 settings->target = value;
                 return turnout::Status{};
               }});
  options.add({0, "pretty", Argument::kNone, [settings](std::string_view) {
                 settings->pretty = true;
                 return turnout::Status{};
               }});
  options.add({'f', "format", Argument::kRequired, [settings](std::string_view value) -> turnout::Status {
                 settings->format = value;
                 if (value == "text" || value == "json") return {};
                 return turnout::fail(fmt::format("value {} on -f or --format is invalid", value));
               }});
  auto words = options.parse(argc, argv, true);
  if (words.empty()) cli::fatal("at least one non-option argument is required (use --help for help)");
  if (settings->pretty && settings->format != "json") cli::fatal("--pretty is supported with --format json only");
  return words;
}

void print(std::FILE* where, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), where);
  if (!text.empty() && text.back() != '\n') std::fputc('\n', where);
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("ovs-appctl");
  Settings settings;
  const std::vector<std::string> words = read_command_line(argc, argv, &settings);
  const auto answer = turnout::unixctl::call(settings.target, words[0], std::span(words).subspan(1), 0, settings.format);
  if (!answer) cli::fatal(answer.error().message);
  if (!answer->ok) {
    print(stderr, answer->text);
    cli::fatal(settings.target + ": server returned an error", 2);
  }
  using turnout::json::Json;
  if (settings.format == "text") print(stdout, answer->text);
  else print(stdout, answer->value.dump(Json::kSorted | (settings.pretty ? Json::kPretty : Json::kCompact)));
  if (std::fflush(stdout) != 0) cli::fatal("cannot write the answer");
  return 0;
}
