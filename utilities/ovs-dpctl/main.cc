// ovs-dpctl: shows and changes the datapaths of the kernel. ovs-dpctl(8).
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>

#include <fmt/format.h>

#include "lib/cli/options.h"
#include "lib/datapath/dpctl.h"
#include "lib/io/daemon.h"
#include "lib/io/loop.h"
#include "lib/netdev/registry.h"
#include "utilities/ovs-dpctl/kernel_datapaths.h"
#include "utilities/ovs-dpctl/usage.h"

namespace turnout::dpctl {
namespace {

using datapath::DpctlAccess;
using datapath::DpctlCommand;
using datapath::DpctlOptions;

std::vector<std::string> read_command_line(int argc, char** argv, DpctlOptions& taken) {
  using cli::Argument;
  cli::Options options;
  const auto flag = [&](char letter, const char* name) {
    options.add({letter, name, Argument::kNone, [&taken, word = std::string("--") + name](std::string_view) {
                   datapath::take_dpctl_option(word, taken);
                   return Status{};
                 }});
  };
  flag('s', "statistics");
  flag(0, "clear");
  flag(0, "may-create");
  flag(0, "read-only");
  flag('m', "more");
  flag(0, "names");
  flag(0, "no-names");
  cli::add_timeout(options);
  cli::add_common(options, usage());
  return options.parse(argc, argv, false);
}

// A command line that the command cannot have ends the program.
const DpctlCommand& find_command(std::span<const std::string> words, const DpctlOptions& options) {
  if (words.empty()) cli::fatal("missing command name; use --help for help");
  const auto commands = datapath::dpctl_commands();
  const auto at = std::ranges::find(commands, words[0], [](const DpctlCommand& c) { return std::string(c.name); });
  if (at == commands.end()) cli::fatal(fmt::format("unknown command '{}'; use --help for help", words[0]));
  const int given = static_cast<int>(words.size()) - 1;
  if (given < at->min_args)
    cli::fatal(fmt::format("'{}' command requires at least {} arguments", at->name, at->min_args));
  if (at->max_args >= 0 && given > at->max_args)
    cli::fatal(fmt::format("'{}' command takes at most {} arguments", at->name, at->max_args));
  if (options.read_only && at->access == DpctlAccess::kChanges)
    cli::fatal(fmt::format("'{}' command does not work in read only mode", at->name));
  return *at;
}

[[noreturn]] void cannot_open(const Error& error) {
  if (error.code == ENOENT)
    cli::fatal("no kernel module serves datapaths on this host; those of ovs-vswitchd are reached by 'ovs-appctl dpctl/*'");
  cli::fatal(fmt::format("opening the kernel's datapaths failed ({})", error.message));
}

int run(const DpctlCommand& command, const DpctlOptions& options, std::span<const std::string> words) {
  KernelDatapaths kernel;
  io::Loop loop;
  netdev::Environment devices(loop, io::run_dir());
  if (command.access != DpctlAccess::kNoDatapath)
    if (Status opened = kernel.open_all(); !opened) cannot_open(opened.error());
  datapath::DpctlContext context;
  context.registry = &kernel.registry();
  context.devices = &devices;
  context.add_datapath = [&](const std::string& type, const std::string& name) { return kernel.add(type, name); };
  context.del_datapath = [&](datapath::Datapath& datapath) { return kernel.remove(datapath); };
  context.program = cli::program();
  context.daemon = false;
  context.input = &std::cin;
  context.print = [](std::string_view text, bool is_error) {
    if (is_error) std::fflush(stdout);
    std::fwrite(text.data(), 1, text.size(), is_error ? stderr : stdout);
  };
  const bool ok = command.execute(context, options, words).ok;
  if (std::fflush(stdout) != 0) cli::fatal("cannot write the output");
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace turnout::dpctl

int main(int argc, char** argv) {
  namespace cli = turnout::cli;
  cli::set_program("ovs-dpctl");
  turnout::datapath::DpctlOptions options;
  const auto words = turnout::dpctl::read_command_line(argc, argv, options);
  if (!words.empty() && words[0] == "help") {
    std::cout << turnout::dpctl::usage() << std::flush;
    return 0;
  }
  const auto& command = turnout::dpctl::find_command(words, options);
  return turnout::dpctl::run(command, options, std::span(words).subspan(1));
}
