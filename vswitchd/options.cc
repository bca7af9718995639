// See options.h.
#include "vswitchd/options.h"

#include <fmt/format.h>

namespace turnout::vswitchd {

namespace {

using cli::Argument;

std::string usage() {
  std::string text = fmt::format(
      "ovs-vswitchd: Open vSwitch daemon\n"
      "usage: ovs-vswitchd [OPTIONS] [DATABASE]\n"
      "where DATABASE is a socket on which ovsdb-server is listening\n"
      "      (default: \"unix:{}\").\n"
      "\n"
      "Active DATABASE connection methods:\n"
      "  tcp:HOST:PORT           PORT at remote HOST\n"
      "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
      "  unix:FILE               Unix domain socket named FILE\n",
      io::in_run_dir("db.sock"));
  text +=
      "\nSwitch options:\n"
      "  --unixctl=SOCKET          override default control socket name\n"
      "  --mlockall                lock the process into memory\n"
      "  --enable-dummy[=override|system]  devices and datapaths for tests\n"
      "  --disable-system          use no devices of the host\n"
      "  --disable-system-route    use no routes of the host\n";
  for (std::string_view group : {cli::tls_help(), cli::daemon_help(), cli::logging_help()}) text += group;
  return text;
}

Status take_dummy_mode(CommandLine& line, std::string_view mode) {
  if (mode.empty())
    line.dummy = netdev::DummyMode::kOn;
  else if (mode == "override")
    line.dummy = netdev::DummyMode::kOverride;
  else if (mode == "system")
    line.dummy = netdev::DummyMode::kSystem;
  else
    return fail(fmt::format("unknown --enable-dummy mode \"{}\"", mode));
  return {};
}

cli::Option flag(const char* name, bool* value) {
  return {0, name, Argument::kNone, [value](std::string_view) -> Status {
            *value = true;
            return {};
          }};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine line;
  bool ignored = false;
  cli::Options options;
  cli::add_common(options, usage());
  cli::add_daemon(options, line.daemon);
  cli::add_tls(options, line.tls);
  options.add({0, "unixctl", Argument::kRequired, [&line](std::string_view v) -> Status {
                 line.unixctl = v;
                 return {};
               }});
  options.add({0, "enable-dummy", Argument::kOptional, [&line](std::string_view v) { return take_dummy_mode(line, v); }});
  options.add({0, "dpdk", Argument::kOptional, [](std::string_view) -> Status {
                 return fail("Using --dpdk to configure DPDK is not supported.");
               }});
  options.add(flag("disable-system", &line.disable_system));
  options.add(flag("disable-system-route", &ignored));
  options.add(flag("mlockall", &line.mlockall));
  const std::vector<std::string> words = options.parse(argc, argv, false);
  if (words.size() > 1) cli::fatal("at most one non-option argument accepted; use --help for usage");
  line.database = words.empty() ? "unix:" + io::in_run_dir("db.sock") : words[0];
  return line;
}

}  // namespace turnout::vswitchd
