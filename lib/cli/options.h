// Command lines: long options by unique prefix, short ones, and the sets that all programs share. Built on
// getopt_long(3), whose messages are the reference's. Bad options print "PROGRAM: message" and exit 1.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/daemon.h"

namespace turnout::cli {

class Options {
 public:
  enum class Value { kNone, kRequired, kOptional };
  // The value, or null where there is none. A failure is printed as it is and ends the program with status 1.
  using Apply = std::function<Status(const char* value)>;

  // program: the name in messages, usually program_name().
  explicit Options(std::string_view program);
  // name may be empty for an option that has only a letter, letter 0 for one that has only a name.
  Options& add(std::string_view name, Value value, Apply apply, char letter = 0);
  // The simple cases: sets a flag, keeps the text.
  Options& flag(std::string_view name, bool* target, char letter = 0);
  Options& text(std::string_view name, std::string* target, char letter = 0);
  // -V/--version and -h/--help, which print and exit 0. `extra_version`: lines behind the two of version_text().
  Options& version_and_help(std::function<std::string()> help, std::string extra_version = "");
  // -o/--option: prints every option, one a line, and exits 0 (for command completion).
  Options& list_options();
  // -v/--verbose, --log-file, --syslog-method, --syslog-target. See ovs-vswitchd(8), "Logging options".
  Options& logging();
  // --detach, --monitor, --pidfile, --overwrite-pidfile, --no-chdir, --no-self-confinement, --user, --unixctl.
  Options& daemon(io::DaemonOptions* daemon, std::string* unixctl);
  // -t/--timeout (`letter` may be another: ovs-appctl has -T). Seconds, above zero. 0 in *seconds: none given.
  Options& timeout(unsigned* seconds, char letter = 't');
  // -p/--private-key, -c/--certificate, -C/--ca-cert, --bootstrap-ca-cert, --ssl-protocols, --ssl-ciphers,
  // --ssl-ciphersuites, --ssl-server-name, each kept in *tls.
  struct Tls {
    std::string private_key, certificate, ca_cert, protocols, ciphers, ciphersuites, server_name;
    bool bootstrap = false;
  };
  Options& tls(Tls* tls);

  enum class Order { kStopAtFirstWord, kAnywhere };
  // Applies the options in order of appearance and returns the other words. "--" ends the options and is dropped.
  // argv[0] is skipped.
  std::vector<std::string> parse(int argc, char** argv, Order order = Order::kStopAtFirstWord);
  // "--name" of every option that has a name, "-x" of every letter, in order of addition.
  std::vector<std::string> names() const;

 private:
  struct Option {
    std::string name;
    Value value;
    Apply apply;
    char letter;
  };
  std::string program_;
  std::vector<Option> options_;
};

// "ovs-vsctl (Open vSwitch) 3.7.0\nTurnout 0.1.0\n": clients match on the first line.
std::string version_text(std::string_view program);
inline constexpr std::string_view kOvsVersion = "3.7.0";
inline constexpr std::string_view kTurnoutVersion = "0.1.0";

// Help texts of the shared option sets, in the reference's words. Each ends with a newline and begins with one.
std::string logging_help();
std::string daemon_help();
std::string connection_help(std::string_view name, bool active, bool passive);  // name: "database", "JSON-RPC"
std::string tls_help();

}  // namespace turnout::cli
