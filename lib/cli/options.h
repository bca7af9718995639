// Command-line options of every program: long names by unique prefix, short ones, the groups that programs share, and
// how a program ends. Messages are getopt's and the reference's, which scripts match. Main thread, before threads start.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/version.h"  // kPromisedRelease
#include "lib/io/daemon.h"
#include "lib/io/tls.h"

namespace turnout::cli {

// Who the program is, for messages, --version and --help.
void set_program(std::string_view name);             // also names the log; call first
const std::string& program();
// "PROGRAM (Open vSwitch) 3.7.0\nTurnout X.Y.Z\n" and the lines of `more`.
std::string version_text(std::string_view more = "");

// "PROGRAM: MESSAGE" on standard error, then exit(status).
[[noreturn]] void fatal(std::string_view message, int status = 1);

enum class Argument { kNone, kRequired, kOptional };
struct Option {
  char letter;                     // 0: no short form
  std::string name;                // long name without "--"; empty: no long form
  Argument argument = Argument::kNone;
  // value: empty where none was given. An error ends the program with its message.
  std::function<Status(std::string_view value)> take;
};

class Options {
 public:
  void add(Option option) { options_.push_back(std::move(option)); }
  // Takes all options off the command line and returns the other words. With `stop_at_word` the first word that is no
  // option ends them (for tools whose commands have options of their own). A bad option ends the program with status 1.
  std::vector<std::string> parse(int argc, char** argv, bool stop_at_word);
  // One option a line, "--name=ARG" or "-n ARG", for command completion.
  std::string listing() const;

 private:
  std::vector<Option> options_;
};

// -h/--help, -V/--version and --option print and exit 0; -v/--verbose[=SPEC], --log-file[=FILE], --syslog-target, --syslog-method.
// usage: what --help prints; its options end with the logging options.
void add_common(Options& options, std::string usage, std::string version_more = "");
// -t/--timeout=SECS: after that many seconds the program dies by SIGALRM with a line on standard error.
void add_timeout(Options& options, char letter = 't');
// --detach, --pidfile[=FILE], --overwrite-pidfile, --no-chdir, --monitor, --user, --no-self-confinement.
void add_daemon(Options& options, io::DaemonOptions& daemon);

// -p/--private-key, -c/--certificate, -C/--ca-cert, --bootstrap-ca-cert, --peer-ca-cert, --ssl-protocols, --ssl-ciphers,
// --ssl-ciphersuites, --ssl-server-name. To be given to the loop's: loop.tls().configure(tls).
using TlsOptions = io::TlsSettings;
void add_tls(Options& options, TlsOptions& tls);

// Starts the countdown of --timeout; also for tools that take it otherwise. 0: none.
void set_timeout(unsigned seconds);
// The text of --help for the groups above.
std::string_view logging_help();
std::string_view daemon_help();
std::string_view tls_help();

}  // namespace turnout::cli
