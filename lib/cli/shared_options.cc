// The option sets that programs share, and their help texts.
#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/cli/options.h"
#include "lib/cli/program.h"

namespace turnout::cli {

namespace {

Status set_verbosity(const char* spec) {
  if (!spec) {
    log_control::set_level(LogDestination::kConsole, LogLevel::kDbg);
    log_control::set_level(LogDestination::kSyslog, LogLevel::kDbg);
    log_control::set_level(LogDestination::kFile, LogLevel::kDbg);
    return {};
  }
  const auto status = log_control::set(spec);
  if (!status) return fail(fmt::format("processing \"{}\": {}", spec, status.error().message));
  return {};
}

std::string default_log_file(const std::string& program) { return io::log_dir() + "/" + program + ".log"; }

Status open_log(const std::string& program, const char* path) {
  std::string file = path ? path : default_log_file(program);
  if (!file.starts_with('/')) file = io::log_dir() + "/" + file;
  if (const auto status = log_control::open_file(file); !status) {
    Log* log = new Log("vlog");  // registered for good
    log->warn("failed to open {} for logging", status.error().message);
  }
  return {};
}

}  // namespace

Options& Options::logging() {
  add("verbose", Value::kOptional, set_verbosity, 'v');
  add("log-file", Value::kOptional, [program = program_](const char* v) { return open_log(program, v); });
  add("syslog-method", Value::kRequired, [](const char* v) { return log_control::set_syslog_method(v); });
  return add("syslog-target", Value::kRequired, [](const char* v) { return log_control::set_syslog_target(v); });
}

Options& Options::daemon(io::DaemonOptions* d, std::string* unixctl) {
  flag("detach", &d->detach);
  flag("monitor", &d->monitor);
  flag("no-chdir", &d->no_chdir);
  flag("overwrite-pidfile", &d->overwrite_pidfile);
  // Accepted for scripts that pass it: nothing here confines file names to begin with.
  add("no-self-confinement", Value::kNone, [](const char*) { return Status{}; });
  text("user", &d->user);
  add("pidfile", Value::kOptional, [d, program = program_](const char* v) {
    d->pidfile = v && *v ? v : program + ".pid";
    return Status{};
  });
  return text("unixctl", unixctl);
}

Options& Options::timeout(unsigned* seconds, char letter) {
  return add("timeout", Value::kRequired, [seconds, letter](const char* v) -> Status {
    const auto value = parse_unsigned(v);
    if (!value || *value == 0 || *value > UINT32_MAX) {
      return fail(fmt::format("value {} on -{} or --timeout is invalid", v, letter));
    }
    *seconds = static_cast<unsigned>(*value);
    return {};
  }, letter);
}

Options& Options::tls(Tls* tls) {
  text("private-key", &tls->private_key, 'p');
  text("certificate", &tls->certificate, 'c');
  text("ca-cert", &tls->ca_cert, 'C');
  add("bootstrap-ca-cert", Value::kRequired, [tls](const char* v) {
    tls->ca_cert = v;
    tls->bootstrap = true;
    return Status{};
  });
  text("ssl-protocols", &tls->protocols);
  text("ssl-ciphers", &tls->ciphers);
  text("ssl-ciphersuites", &tls->ciphersuites);
  return text("ssl-server-name", &tls->server_name);
}

std::string logging_help() {
  return fmt::format(R"(
Logging options:
  -vSPEC, --verbose=SPEC   set logging levels
  -v, --verbose            set maximum verbosity level
  --log-file[=FILE]        enable logging to specified FILE
                           (default: {})
  --syslog-method=(libc|unix:file|udp:ip:port)
                           specify how to send messages to syslog daemon
  --syslog-target=HOST:PORT  also send syslog msgs to HOST:PORT via UDP
)", default_log_file(program_name()));
}

std::string daemon_help() {
  return fmt::format(R"(
Daemon options:
  --detach                run in background as daemon
  --monitor               creates a process to monitor this daemon
  --user=username[:group] changes the effective daemon user:group
  --no-chdir              do not chdir to '/'
  --pidfile[=FILE]        create pidfile (default: {}/{}.pid)
  --overwrite-pidfile     with --pidfile, start even if already running
)", io::run_dir(), program_name());
}

std::string connection_help(std::string_view name, bool active, bool passive) {
  std::string out = "\n";
  if (active) {
    out += fmt::format(R"(Active {} connection methods:
  tcp:HOST:PORT           PORT at remote HOST
  ssl:HOST:PORT           SSL PORT at remote HOST
  unix:FILE               Unix domain socket named FILE
)", name);
  }
  if (passive) {
    out += fmt::format(R"(Passive {} connection methods:
  ptcp:PORT[:IP]          listen to TCP PORT on IP
  pssl:PORT[:IP]          listen for SSL on PORT on IP
  punix:FILE              listen on Unix domain socket FILE
)", name);
  }
  return out;
}

std::string tls_help() {
  return R"(PKI configuration (required to use SSL):
  -p, --private-key=FILE  file with private key
  -c, --certificate=FILE  file with certificate for private key
  -C, --ca-cert=FILE      file with peer CA certificate
  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create
SSL options:
  --ssl-protocols=PROTOS  list of SSL protocols to enable
  --ssl-ciphers=CIPHERS   list of SSL ciphers to enable
)";
}

}  // namespace turnout::cli
