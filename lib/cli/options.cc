// getopt_long does the parsing, so that prefixes and messages are what every user knows.
#include "lib/cli/options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "lib/base/log.h"

namespace turnout::cli {
namespace {

std::string& program_name() {
  static std::string name;
  return name;
}

constexpr int kFirstLongOnly = 256;   // values of options without a letter

struct Tables {
  std::string letters;
  std::vector<option> longs;
};

Tables make_tables(const std::vector<Option>& options, bool stop_at_word) {
  Tables t;
  if (stop_at_word) t.letters = "+";
  for (size_t i = 0; i < options.size(); ++i) {
    const Option& o = options[i];
    int has = o.argument == Argument::kNone ? no_argument : o.argument == Argument::kRequired ? required_argument : optional_argument;
    if (o.letter) {
      t.letters += o.letter;
      t.letters.append(static_cast<size_t>(has), ':');
    }
    if (!o.name.empty()) t.longs.push_back({o.name.c_str(), has, nullptr, kFirstLongOnly + static_cast<int>(i)});
  }
  t.longs.push_back({nullptr, 0, nullptr, 0});
  return t;
}

}  // namespace

void set_program(std::string_view name) {
  program_name() = name;
  log_control::set_program(name);
}
const std::string& program() { return program_name(); }

std::string version_text(std::string_view more) {
  std::string out = fmt::format("{} (Open vSwitch) {}\nTurnout {}\n", program(), kPromisedRelease, TURNOUT_VERSION);
  if (!more.empty()) out.append(more).push_back('\n');
  return out;
}

void fatal(std::string_view message, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %.*s\n", program().c_str(), static_cast<int>(message.size()), message.data());
  std::exit(status);
}

std::vector<std::string> Options::parse(int argc, char** argv, bool stop_at_word) {
  Tables tables = make_tables(options_, stop_at_word);
  std::vector<char*> words(argv, argv + argc);
  words.push_back(nullptr);
  std::string name = program();
  if (argc > 0) words[0] = name.data();   // so that getopt's messages begin with the program's name
  optind = 0;
  for (;;) {
    int c = getopt_long(argc, words.data(), tables.letters.c_str(), tables.longs.data(), nullptr);
    if (c == -1) break;
    if (c == '?' || c == ':') std::exit(1);
    const Option* found = nullptr;
    if (c >= kFirstLongOnly) found = &options_[static_cast<size_t>(c - kFirstLongOnly)];
    for (const Option& o : options_)
      if (!found && o.letter == c) found = &o;
    if (Status s = found->take(optarg ? optarg : ""); !s) fatal(s.error().message);
  }
  return {words.begin() + optind, words.begin() + argc};
}

std::string Options::listing() const {
  constexpr std::string_view kArgument[] = {"", "ARG", "[ARG]"};
  std::string out;
  for (const Option& o : options_) {
    const std::string_view argument = kArgument[static_cast<int>(o.argument)];
    if (!o.name.empty()) out += fmt::format("--{}{}{}\n", o.name, argument.empty() ? "" : "=", argument);
    if (o.letter) out += fmt::format("-{} {}\n", o.letter, argument);
  }
  return out;
}

}  // namespace turnout::cli
