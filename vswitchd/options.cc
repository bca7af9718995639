// See options.h.
#include "vswitchd/options.h"

#include <fmt/format.h>
#include <getopt.h>

namespace turnout::vswitchd {

namespace {

enum : int {
  kDetach = 256, kMonitor, kNoChdir, kPidfile, kOverwrite, kNoConfine, kUser, kLogFile, kUnixctl, kMlockall, kDpdk,
  kEnableDummy, kDisableSystem, kDisableRoutes, kSyslogTarget, kSyslogMethod, kSslProtocols, kSslCiphers,
  kSslCiphersuites, kSslServerName, kPeerCa, kBootstrapCa,
};

const option kOptions[] = {
    {"detach", no_argument, nullptr, kDetach},
    {"monitor", no_argument, nullptr, kMonitor},
    {"no-chdir", no_argument, nullptr, kNoChdir},
    {"pidfile", optional_argument, nullptr, kPidfile},
    {"overwrite-pidfile", no_argument, nullptr, kOverwrite},
    {"no-self-confinement", no_argument, nullptr, kNoConfine},
    {"user", required_argument, nullptr, kUser},
    {"verbose", optional_argument, nullptr, 'v'},
    {"log-file", optional_argument, nullptr, kLogFile},
    {"syslog-target", required_argument, nullptr, kSyslogTarget},
    {"syslog-method", required_argument, nullptr, kSyslogMethod},
    {"unixctl", required_argument, nullptr, kUnixctl},
    {"mlockall", no_argument, nullptr, kMlockall},
    {"dpdk", optional_argument, nullptr, kDpdk},
    {"enable-dummy", optional_argument, nullptr, kEnableDummy},
    {"disable-system", no_argument, nullptr, kDisableSystem},
    {"disable-system-route", no_argument, nullptr, kDisableRoutes},
    {"private-key", required_argument, nullptr, 'p'},
    {"certificate", required_argument, nullptr, 'c'},
    {"ca-cert", required_argument, nullptr, 'C'},
    {"peer-ca-cert", required_argument, nullptr, kPeerCa},
    {"bootstrap-ca-cert", required_argument, nullptr, kBootstrapCa},
    {"ssl-protocols", required_argument, nullptr, kSslProtocols},
    {"ssl-ciphers", required_argument, nullptr, kSslCiphers},
    {"ssl-ciphersuites", required_argument, nullptr, kSslCiphersuites},
    {"ssl-server-name", required_argument, nullptr, kSslServerName},
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'V'},
    {nullptr, 0, nullptr, 0},
};

// getopt's own complaint would name argv[0] with its path; this one is the reference's.
std::string complaint(int option, char** argv) {
  const std::string word = argv[optind - 1];
  if (optopt >= 256 || option == ':') {
    for (const struct option* o = kOptions; o->name; ++o)
      if (o->val == optopt && optopt >= 256) {
        if (option == ':') return fmt::format("option '--{}' requires an argument", o->name);
        return fmt::format("option '--{}' doesn't allow an argument", o->name);
      }
    return fmt::format("option requires an argument -- '{}'", static_cast<char>(optopt));
  }
  if (optopt) return fmt::format("invalid option -- '{}'", static_cast<char>(optopt));
  return fmt::format("unrecognized option '{}'", word);
}

Result<netdev::DummyMode> dummy_mode(const char* text) {
  const std::string mode = text ? text : "";
  if (mode.empty()) return netdev::DummyMode::kOn;
  if (mode == "override") return netdev::DummyMode::kOverride;
  if (mode == "system") return netdev::DummyMode::kSystem;
  return fail(fmt::format("unknown --enable-dummy mode \"{}\"", mode));
}

Status take(CommandLine& line, int option) {
  switch (option) {
    case kDetach: line.daemon.detach = true; break;
    case kMonitor: line.daemon.monitor = true; break;
    case kNoChdir: line.daemon.no_chdir = true; break;
    case kPidfile: line.daemon.pidfile = io::in_run_dir(optarg ? optarg : "ovs-vswitchd.pid"); break;
    case kOverwrite: line.daemon.overwrite_pidfile = true; break;
    case kUser: line.daemon.user = optarg; break;
    case 'v': line.verbose.emplace_back(optarg ? optarg : ""); break;
    case kLogFile:
      line.log_to_file = true;
      line.log_file = optarg ? optarg : "";
      break;
    case kUnixctl: line.unixctl = optarg; break;
    case kMlockall: line.mlockall = true; break;
    case kDpdk: return fail("Using --dpdk to configure DPDK is not supported.");
    case kEnableDummy: {
      auto mode = dummy_mode(optarg);
      if (!mode) return fail(mode);
      line.dummy = *mode;
      break;
    }
    case kDisableSystem: line.disable_system = true; break;
    case 'h': line.action = CommandLine::Action::kHelp; break;
    case 'V': line.action = CommandLine::Action::kVersion; break;
    // Kept by whoever opens TLS streams; a unix socket needs none of them.
    default: break;
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, char** argv) {
  CommandLine line;
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, ":hVv::p:c:C:", kOptions, nullptr)) != -1;) {
    if (option == '?' || option == ':') return fail(complaint(option, argv));
    if (Status s = take(line, option); !s) return fail(s);
    if (line.action != CommandLine::Action::kRun) return line;
  }
  if (argc - optind > 1) return fail("at most one non-option argument accepted; use --help for usage");
  line.database = argc > optind ? argv[optind] : "unix:" + io::in_run_dir("db.sock");
  if (line.log_to_file && line.log_file.empty()) line.log_file = io::log_dir() + "/ovs-vswitchd.log";
  return line;
}

std::string usage() {
  const std::string run = io::run_dir(), log = io::log_dir();
  return fmt::format(
      "ovs-vswitchd: Open vSwitch daemon\n"
      "usage: ovs-vswitchd [OPTIONS] [DATABASE]\n"
      "where DATABASE is a socket on which ovsdb-server is listening\n"
      "      (default: \"unix:{0}/db.sock\").\n"
      "\n"
      "Active DATABASE connection methods:\n"
      "  tcp:HOST:PORT           PORT at remote HOST\n"
      "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
      "  unix:FILE               Unix domain socket named FILE\n"
      "PKI configuration (required to use SSL):\n"
      "  -p, --private-key=FILE  file with private key\n"
      "  -c, --certificate=FILE  file with certificate for private key\n"
      "  -C, --ca-cert=FILE      file with peer CA certificate\n"
      "  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create\n"
      "SSL options:\n"
      "  --ssl-protocols=PROTOS  list of SSL protocols to enable\n"
      "  --ssl-ciphers=CIPHERS   list of SSL ciphers to enable\n"
      "  --ssl-ciphersuites=CIPHERSUITES\n"
      "                          list of SSL ciphersuites to enable\n"
      "  --ssl-server-name=NAME  override server name for SSL\n"
      "\n"
      "Daemon options:\n"
      "  --detach                run in background as daemon\n"
      "  --monitor               creates a process to monitor this daemon\n"
      "  --user=username[:group] changes the effective daemon user:group\n"
      "  --no-chdir              do not chdir to '/'\n"
      "  --pidfile[=FILE]        create pidfile (default: {0}/ovs-vswitchd.pid)\n"
      "  --overwrite-pidfile     with --pidfile, start even if already running\n"
      "\n"
      "Logging options:\n"
      "  -vSPEC, --verbose=SPEC   set logging levels\n"
      "  -v, --verbose            set maximum verbosity level\n"
      "  --log-file[=FILE]        enable logging to specified FILE\n"
      "                           (default: {1}/ovs-vswitchd.log)\n"
      "\n"
      "Other options:\n"
      "  --mlockall                lock the process into memory\n"
      "  --enable-dummy[=override|system]  devices and datapaths for tests\n"
      "  --disable-system          no devices of the host\n"
      "  --disable-system-route    no routes of the host\n"
      "  --unixctl=SOCKET          override default control socket name\n"
      "  -h, --help                display this help message\n"
      "  -V, --version             display version information\n",
      run, log);
}

std::string version() { return "ovs-vswitchd (Open vSwitch) 3.7.0\nTurnout 0.1.0\n"; }

}  // namespace turnout::vswitchd
