// From words to commands: splitting at "--", options by prefix, argument counts, in the words scripts know.
#include "utilities/ovs-vsctl/command.h"

#include <fmt/format.h>

#include <array>

#include "lib/base/strings.h"

namespace turnout::vsctl {

namespace {

std::array<std::span<const CommandInfo>, 7> all_commands() {
  return {switch_commands(), bridge_commands(), port_commands(), connection_commands(), auto_attach_commands(),
          conntrack_commands(), database_commands()};
}

}  // namespace

const CommandInfo* find_command(std::string_view name) {
  for (auto group : all_commands())
    for (const CommandInfo& info : group)
      if (name == info.name) return &info;
  return nullptr;
}

std::string command_listing() {
  std::string out;
  for (auto group : all_commands())
    for (const CommandInfo& info : group) {
      for (std::string_view option : split_any(info.options, ",")) out += fmt::format("[{}] ", option);
      out += fmt::format(",{},{}\n", info.name, info.syntax);
    }
  return out;
}

std::string Command::text() const {
  std::string out;
  for (const auto& [name, value] : options) out += value.empty() ? name + " " : fmt::format("{}={} ", name, value);
  out += info->name;
  for (const auto& a : args) out += " " + a;
  return out;
}

namespace {

// The option a command knows for a typed name, also by a unique prefix; empty if none.
std::string_view known_option(const CommandInfo& info, std::string_view typed) {
  std::string_view found;
  for (std::string_view option : split_any(info.options, ",")) {
    std::string_view bare = option.substr(0, option.find('='));
    if (bare == typed) return option;
    if (bare.starts_with(typed)) {
      if (!found.empty()) return {};
      found = option;
    }
  }
  return found;
}

Status take_options(Command& command, std::span<const std::string> options) {
  const CommandInfo& info = *command.info;
  for (const std::string& word : options) {
    size_t equals = word.find('=');
    std::string typed = word.substr(0, equals);
    std::string_view option = known_option(info, typed);
    if (option.empty()) return fail(fmt::format("'{}' command has no '{}' option", info.name, typed));
    bool wants_value = option.ends_with('=');
    if (wants_value) option.remove_suffix(1);
    if (wants_value && equals == std::string::npos)
      return fail(fmt::format("missing argument to '{}' option on '{}' command", option, info.name));
    if (!wants_value && equals != std::string::npos)
      return fail(fmt::format("'{}' option on '{}' does not accept an argument", option, info.name));
    auto [at, fresh] = command.options.emplace(option, wants_value ? word.substr(equals + 1) : "");
    if (!fresh) return fail(fmt::format("'{}' option specified multiple times", option));
  }
  return {};
}

Result<Command> parse_one(std::span<const std::string> words) {
  size_t n_options = 0;
  while (n_options < words.size() && words[n_options].starts_with("-")) ++n_options;
  if (n_options == words.size()) return fail("missing command name (use --help for help)");
  const std::string& name = words[n_options];
  Command command;
  command.info = find_command(name);
  if (!command.info) return fail(fmt::format("unknown command '{}'; use --help for help", name));
  if (Status s = take_options(command, words.first(n_options)); !s) return fail(s);
  auto args = words.subspan(n_options + 1);
  int n = static_cast<int>(args.size());
  if (n < command.info->min_args)
    return fail(fmt::format("'{}' command requires at least {} arguments", name, command.info->min_args));
  if (command.info->max_args >= 0 && n > command.info->max_args) {
    for (const std::string& a : args)
      if (a.starts_with("--")) return fail(fmt::format("'{}' command takes at most {} arguments (note that options must precede command names and follow a \"--\" argument)", name, command.info->max_args));
    return fail(fmt::format("'{}' command takes at most {} arguments", name, command.info->max_args));
  }
  command.args.assign(args.begin(), args.end());
  return command;
}

}  // namespace

Result<std::vector<Command>> parse_commands(std::span<const std::string> words) {
  std::vector<Command> commands;
  size_t start = 0;
  for (size_t i = 0; i <= words.size(); ++i) {
    if (i < words.size() && words[i] != "--") continue;
    if (i > start) {
      Result<Command> one = parse_one(words.subspan(start, i - start));
      if (!one) return fail(one);
      commands.push_back(std::move(*one));
    }
    start = i + 1;
  }
  if (commands.empty()) return fail("missing command name (use --help for help)");
  return commands;
}

}  // namespace turnout::vsctl
