// The option groups that several programs have in common.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <unistd.h>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/cli/options.h"

namespace turnout::cli {
namespace {

Status print_and_exit(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::exit(std::fflush(stdout) == 0 ? 0 : 1);
}

// A log that cannot be written does not keep a program from its work: the log itself says so.
Status open_log(std::string_view value) {
  std::string path = value.empty() ? program() + ".log" : std::string(value);
  if (!path.starts_with('/')) path = io::log_dir() + "/" + path;
  (void)log_control::open_file(path);
  return {};
}

Status set_verbosity(std::string_view spec) {
  const auto status = log_control::set(spec.empty() ? "dbg" : spec);
  if (status) return {};
  return fail(fmt::format("processing \"{}\": {}", spec, status.error().message));
}

}  // namespace

void add_common(Options& options, std::string usage, std::string version_more) {
  options.add({'h', "help", Argument::kNone, [usage](std::string_view) { return print_and_exit(usage); }});
  options.add({'V', "version", Argument::kNone, [version_more](std::string_view) { return print_and_exit(version_text(version_more)); }});
  options.add({0, "option", Argument::kNone, [&options](std::string_view) { return print_and_exit(options.listing()); }});
  options.add({'v', "verbose", Argument::kOptional, set_verbosity});
  options.add({0, "log-file", Argument::kOptional, open_log});
  options.add({0, "syslog-target", Argument::kRequired, [](std::string_view v) { return log_control::set_syslog_target(v); }});
  options.add({0, "syslog-method", Argument::kRequired, [](std::string_view v) { return log_control::set_syslog_method(v); }});
}

void set_timeout(unsigned seconds) {
  if (!seconds) return;
  std::signal(SIGALRM, [](int) {
    // Only what a signal handler may call.
    char line[96], stamp[] = "0000-00-00T00:00:00Z";
    std::time_t now = std::time(nullptr);
    std::tm tm{};
    gmtime_r(&now, &tm);
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
    int n = std::snprintf(line, sizeof line, "%s|00001|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n", stamp);
    if (::write(STDERR_FILENO, line, static_cast<size_t>(n)) < 0) _exit(142);
    std::signal(SIGALRM, SIG_DFL);
    std::raise(SIGALRM);
  });
  alarm(seconds);
}

void add_timeout(Options& options, char letter) {
  options.add({letter, "timeout", Argument::kRequired, [letter](std::string_view v) -> Status {
                 auto seconds = parse_unsigned(v);
                 if (!seconds || !*seconds || *seconds > 0x7fffffff)
                   return fail(fmt::format("value {} on -{} or --timeout is invalid", v, letter));
                 set_timeout(static_cast<unsigned>(*seconds));
                 return {};
               }});
}

void add_daemon(Options& options, io::DaemonOptions& daemon) {
  auto flag = [&](const char* name, bool& value) {
    options.add({0, name, Argument::kNone, [&value](std::string_view) { value = true; return Status{}; }});
  };
  flag("detach", daemon.detach);
  flag("monitor", daemon.monitor);
  flag("no-chdir", daemon.no_chdir);
  flag("overwrite-pidfile", daemon.overwrite_pidfile);
  // The daemons confine themselves to nothing, so there is nothing to turn off.
  options.add({0, "no-self-confinement", Argument::kNone, [](std::string_view) { return Status{}; }});
  options.add({0, "pidfile", Argument::kOptional, [&daemon](std::string_view v) {
                 daemon.pidfile = io::in_run_dir(v.empty() ? program() + ".pid" : std::string(v));
                 return Status{};
               }});
  options.add({0, "user", Argument::kRequired, [&daemon](std::string_view v) { daemon.user = v; return Status{}; }});
}

void add_tls(Options& options, TlsOptions& tls) {
  auto text = [&](char letter, const char* name, std::string& value) {
    options.add({letter, name, Argument::kRequired, [&value](std::string_view v) { value = v; return Status{}; }});
  };
  text('p', "private-key", tls.private_key);
  text('c', "certificate", tls.certificate);
  // This and --bootstrap-ca-cert exclude each other: the last one counts.
  options.add({'C', "ca-cert", Argument::kRequired, [&tls](std::string_view v) {
                 tls.ca_cert = v;
                 tls.bootstrap_ca_cert = false;
                 return Status{};
               }});
  text(0, "peer-ca-cert", tls.peer_ca_cert);
  text(0, "ssl-protocols", tls.protocols);
  text(0, "ssl-ciphers", tls.ciphers);
  text(0, "ssl-ciphersuites", tls.ciphersuites);
  text(0, "ssl-server-name", tls.server_name);
  options.add({0, "bootstrap-ca-cert", Argument::kRequired, [&tls](std::string_view v) {
                 tls.ca_cert = v;
                 tls.bootstrap_ca_cert = true;
                 return Status{};
               }});
}

std::string_view logging_help() {
  return "\nLogging options:\n"
         "  -vSPEC, --verbose=SPEC   set logging levels\n"
         "  -v, --verbose            set maximum verbosity level\n"
         "  --log-file[=FILE]        enable logging to specified FILE\n"
         "  --syslog-method=(libc|unix:file|udp:ip:port|null)\n"
         "                           specify how to send messages to syslog daemon\n"
         "  --syslog-target=HOST:PORT  also send syslog messages to HOST:PORT via UDP\n"
         "\nOther options:\n"
         "  -h, --help                  display this help message\n"
         "  -V, --version               display version information\n";
}

std::string_view daemon_help() {
  return "\nDaemon options:\n"
         "  --detach                run in background as daemon\n"
         "  --monitor               restart the daemon when it dies of an error\n"
         "  --no-chdir              do not chdir to '/'\n"
         "  --pidfile[=FILE]        create pidfile\n"
         "  --overwrite-pidfile     with --pidfile, start even if already running\n"
         "  --user=USER[:GROUP]     change to that user after start\n";
}

std::string_view tls_help() {
  return "\nPKI configuration (required to use TLS):\n"
         "  -p, --private-key=FILE  file with private key\n"
         "  -c, --certificate=FILE  file with certificate for private key\n"
         "  -C, --ca-cert=FILE      file with peer CA certificate\n"
         "  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create\n"
         "  --peer-ca-cert=FILE     file with further certificates to send to peers\n"
         "TLS options:\n"
         "  --ssl-protocols=PROTOS  list or range of TLS protocols to enable\n"
         "  --ssl-ciphers=CIPHERS   list of TLSv1.2 ciphers to enable\n"
         "  --ssl-ciphersuites=SUITES  list of TLSv1.3 ciphersuites to enable\n"
         "  --ssl-server-name=NAME  server name to ask a peer for (SNI)\n";
}

}  // namespace turnout::cli
