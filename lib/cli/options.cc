// Reading of command lines.
#include "lib/cli/options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "lib/cli/program.h"

namespace turnout::cli {

namespace {
constexpr int kFirstLong = 256;  // above every letter

int getopt_kind(Options::Value value) {
  switch (value) {
    case Options::Value::kRequired: return required_argument;
    case Options::Value::kOptional: return optional_argument;
    default: return no_argument;
  }
}
}  // namespace

Options::Options(std::string_view program) : program_(program) {}

Options& Options::add(std::string_view name, Value value, Apply apply, char letter) {
  options_.push_back({std::string(name), value, std::move(apply), letter});
  return *this;
}

Options& Options::flag(std::string_view name, bool* target, char letter) {
  return add(name, Value::kNone, [target](const char*) { *target = true; return Status{}; }, letter);
}

Options& Options::text(std::string_view name, std::string* target, char letter) {
  return add(name, Value::kRequired, [target](const char* v) { *target = v; return Status{}; }, letter);
}

Options& Options::version_and_help(std::function<std::string()> help, std::string extra_version) {
  add("help", Value::kNone, [help = std::move(help)](const char*) -> Status {
    std::fputs(help().c_str(), stdout);
    std::exit(0);
  }, 'h');
  return add("version", Value::kNone, [program = program_, extra = std::move(extra_version)](const char*) -> Status {
    std::fputs((version_text(program) + extra).c_str(), stdout);
    std::exit(0);
  }, 'V');
}

Options& Options::list_options() {
  return add("option", Value::kNone, [this](const char*) -> Status {
    for (const auto& o : options_) {
      if (!o.name.empty()) std::printf("--%s%s\n", o.name.c_str(), o.value == Value::kRequired ? "=" : "");
      if (o.letter) std::printf("-%c\n", o.letter);
    }
    std::exit(0);
  }, 'o');
}

std::vector<std::string> Options::names() const {
  std::vector<std::string> out;
  for (const auto& o : options_) {
    if (!o.name.empty()) out.push_back("--" + o.name);
    if (o.letter) out.push_back(std::string("-") + o.letter);
  }
  return out;
}

std::vector<std::string> Options::parse(int argc, char** argv, Order order) {
  std::string letters = order == Order::kStopAtFirstWord ? "+" : "";
  std::vector<option> longs;
  for (size_t i = 0; i < options_.size(); ++i) {
    const Option& o = options_[i];
    const int kind = getopt_kind(o.value);
    if (!o.name.empty()) longs.push_back({o.name.c_str(), kind, nullptr, kFirstLong + static_cast<int>(i)});
    if (o.letter) letters += o.letter + std::string(static_cast<size_t>(kind), ':');
  }
  longs.push_back({});
  std::string name = program_;  // getopt's messages begin with argv[0]
  std::vector<char*> words(argv, argv + argc);
  if (words.empty()) words.push_back(name.data());
  words[0] = name.data();
  words.push_back(nullptr);
  const int count = static_cast<int>(words.size()) - 1;
  optind = 0;
  for (int got; (got = getopt_long(count, words.data(), letters.c_str(), longs.data(), nullptr)) != -1;) {
    const Option* chosen = nullptr;
    if (got >= kFirstLong) chosen = &options_[static_cast<size_t>(got - kFirstLong)];
    for (const Option& o : options_) {
      if (!chosen && o.letter && o.letter == got) chosen = &o;
    }
    if (got == '?' || !chosen) std::exit(1);  // getopt has said why
    if (const auto status = chosen->apply(optarg); !status) fatal_text(status.error().message);
  }
  return {words.begin() + optind, words.begin() + count};
}

std::string version_text(std::string_view program) {
  return fmt::format("{} (Open vSwitch) {}\nTurnout {}\n", program, kOvsVersion, kTurnoutVersion);
}

}  // namespace turnout::cli
