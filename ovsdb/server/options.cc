// Parsing the command line.
#include "ovsdb/server/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "lib/base/log.h"
#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {
namespace {

constexpr std::string_view kProgram = "ovsdb-server";

enum Long : int {
  kRemote = 256, kRun, kUnixctl, kDetach, kMonitor, kNoChdir, kPidfile, kOverwritePidfile, kUser, kLogFile,
  kNoSelfConfinement, kSyslogTarget, kSyslogMethod, kBootstrapCa, kPeerCa, kSslProtocols, kSslCiphers,
  kSslCiphersuites, kSslServerName, kNoFileDiff, kSyncFrom, kSyncExclude, kActive, kRecord, kReplay, kConfigFile,
};

constexpr option kLongOptions[] = {
    {"remote", required_argument, nullptr, kRemote},
    {"run", required_argument, nullptr, kRun},
    {"unixctl", required_argument, nullptr, kUnixctl},
    {"detach", no_argument, nullptr, kDetach},
    {"monitor", no_argument, nullptr, kMonitor},
    {"no-chdir", no_argument, nullptr, kNoChdir},
    {"pidfile", optional_argument, nullptr, kPidfile},
    {"overwrite-pidfile", no_argument, nullptr, kOverwritePidfile},
    {"user", required_argument, nullptr, kUser},
    {"log-file", optional_argument, nullptr, kLogFile},
    {"verbose", optional_argument, nullptr, 'v'},
    {"no-self-confinement", no_argument, nullptr, kNoSelfConfinement},
    {"syslog-target", required_argument, nullptr, kSyslogTarget},
    {"syslog-method", required_argument, nullptr, kSyslogMethod},
    {"private-key", required_argument, nullptr, 'p'},
    {"certificate", required_argument, nullptr, 'c'},
    {"ca-cert", required_argument, nullptr, 'C'},
    {"bootstrap-ca-cert", required_argument, nullptr, kBootstrapCa},
    {"peer-ca-cert", required_argument, nullptr, kPeerCa},
    {"ssl-protocols", required_argument, nullptr, kSslProtocols},
    {"ssl-ciphers", required_argument, nullptr, kSslCiphers},
    {"ssl-ciphersuites", required_argument, nullptr, kSslCiphersuites},
    {"ssl-server-name", required_argument, nullptr, kSslServerName},
    {"disable-file-column-diff", no_argument, nullptr, kNoFileDiff},
    {"sync-from", required_argument, nullptr, kSyncFrom},
    {"sync-exclude-tables", required_argument, nullptr, kSyncExclude},
    {"active", no_argument, nullptr, kActive},
    {"record", optional_argument, nullptr, kRecord},
    {"replay", optional_argument, nullptr, kReplay},
    {"config-file", required_argument, nullptr, kConfigFile},
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'V'},
    {},
};

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", kProgram.data(), message.c_str());
  std::exit(EXIT_FAILURE);
}

[[noreturn]] void unsupported(const char* option) {
  die(fmt::format("--{} is not supported by this release", option));
}

[[noreturn]] void print_help() {
  fmt::print(
      "ovsdb-server: Open vSwitch database server\n"
      "usage: ovsdb-server [OPTIONS] [DATABASE...]\n"
      "where each DATABASE is a database file in ovsdb format.\n"
      "The default DATABASE, if none is given, is\n"
      "{0}/conf.db.\n"
      "\n"
      "JSON-RPC options (may be specified any number of times):\n"
      "  --remote=REMOTE         connect or listen to REMOTE\n"
      "\n"
      "Active JSON-RPC connection methods:\n"
      "  tcp:HOST:PORT           PORT at remote HOST\n"
      "  unix:FILE               Unix domain socket named FILE\n"
      "Passive JSON-RPC connection methods:\n"
      "  ptcp:PORT[:IP]          listen to TCP PORT on IP\n"
      "  punix:FILE              listen on Unix domain socket FILE\n"
      "Methods named by a database:\n"
      "  db:DB,TABLE,COLUMN      what COLUMN of TABLE in DB holds or refers to\n"
      "PKI configuration (accepted; SSL connections come in a later release):\n"
      "  -p, --private-key=FILE  file with private key\n"
      "  -c, --certificate=FILE  file with certificate for private key\n"
      "  -C, --ca-cert=FILE      file with peer CA certificate\n"
      "  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create\n"
      "  --ssl-protocols=PROTOS  list of SSL protocols to enable\n"
      "  --ssl-ciphers=CIPHERS   list of SSL ciphers to enable\n"
      "  --ssl-ciphersuites=SUITES  list of TLS 1.3 ciphersuites to enable\n"
      "\n"
      "Daemon options:\n"
      "  --detach                run in background as daemon\n"
      "  --monitor               creates a process to monitor this daemon\n"
      "  --user=username[:group] changes the effective daemon user:group\n"
      "  --no-chdir              do not chdir to '/'\n"
      "  --pidfile[=FILE]        create pidfile (default: {1}/ovsdb-server.pid)\n"
      "  --overwrite-pidfile     with --pidfile, start even if already running\n"
      "\n"
      "Logging options:\n"
      "  -vSPEC, --verbose=SPEC   set logging levels\n"
      "  -v, --verbose            set maximum verbosity level\n"
      "  --log-file[=FILE]        enable logging to specified FILE\n"
      "                           (default: {2}/ovsdb-server.log)\n"
      "\n"
      "Other options:\n"
      "  --run COMMAND           run COMMAND as subprocess then exit\n"
      "  --unixctl=SOCKET        override default control socket name\n"
      "  --disable-file-column-diff\n"
      "                          don't use column diff in database file\n"
      "  -h, --help              display this help message\n"
      "  -V, --version           display version information\n",
      io::db_dir(), io::run_dir(), io::log_dir());
  std::exit(EXIT_SUCCESS);
}

void set_log(const char* spec) {
  if (auto done = log_control::set(spec ? spec : "dbg"); !done) die(done.error().message);
}

std::string pidfile_name(const char* argument) {
  if (!argument) return io::in_run_dir(std::string(kProgram) + ".pid");
  return io::in_run_dir(argument);
}

void open_log(const char* argument) {
  const std::string path = argument ? argument : io::log_dir() + "/" + std::string(kProgram) + ".log";
  // An unwritable log file is worth a line, not the service.
  if (auto opened = log_control::open_file(path); !opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
}

void apply(Options& options, int option, const char* argument) {
  switch (option) {
    case kRemote: options.remotes.emplace_back(argument); break;
    case kRun: options.run = argument; break;
    case kUnixctl: options.unixctl = argument; break;
    case kDetach: options.daemon.detach = true; break;
    case kMonitor: options.daemon.monitor = true; break;
    case kNoChdir: options.daemon.no_chdir = true; break;
    case kPidfile: options.daemon.pidfile = pidfile_name(argument); break;
    case kOverwritePidfile: options.daemon.overwrite_pidfile = true; break;
    case kUser: options.daemon.user = argument; break;
    case kLogFile: open_log(argument); break;
    case 'v': set_log(argument); break;
    case kNoFileDiff: Database::writes_diffs = false; break;
    case kNoSelfConfinement: break;   // this server never confines itself
    // Keys and certificates matter once an SSL remote is used, which is refused by itself.
    case 'p': case 'c': case 'C': case kBootstrapCa: case kPeerCa: case kSslProtocols: case kSslCiphers:
    case kSslCiphersuites: case kSslServerName: break;
    case kSyslogTarget: unsupported("syslog-target");
    case kSyslogMethod: if (std::string_view(argument) != "libc") unsupported("syslog-method"); break;
    case kSyncFrom: unsupported("sync-from");
    case kSyncExclude: unsupported("sync-exclude-tables");
    case kActive: unsupported("active");
    case kRecord: unsupported("record");
    case kReplay: unsupported("replay");
    case kConfigFile: unsupported("config-file");
    case 'h': print_help();
    case 'V': fmt::print("{} (Open vSwitch) 3.7.0\nTurnout 0.1.0\n", kProgram); std::exit(EXIT_SUCCESS);
    default: std::exit(EXIT_FAILURE);   // getopt has said what is wrong
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  for (int option; (option = ::getopt_long(argc, argv, "v::p:c:C:hV", kLongOptions, nullptr)) != -1;)
    apply(options, option, ::optarg);
  options.databases.assign(argv + ::optind, argv + argc);
  for (const std::string& database : options.databases)
    if (database.starts_with("relay:")) die(database + ": relay databases are not supported by this release");
  if (options.databases.empty()) options.databases.push_back(io::db_dir() + "/conf.db");
  return options;
}

}  // namespace turnout::ovsdb::server
