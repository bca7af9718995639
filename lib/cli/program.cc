// Names, failures and time-outs of programs.
#include "lib/cli/program.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "lib/base/log.h"

namespace turnout::cli {

namespace {

Log log{"fatal_signal"};

std::string& name_storage() {
  static std::string* name = new std::string("turnout");
  return *name;
}

// Signal handler: says why and dies of the signal. Takes no lock and allocates nothing.
void on_alarm(int signal) {
  if (log.enabled(LogLevel::kWarn)) {
    char line[128];
    const time_t now = time(nullptr);
    tm parts{};
    gmtime_r(&now, &parts);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &parts);
    const char text[] = "|00001|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n";
    memcpy(line + n, text, sizeof text - 1);
    n += sizeof text - 1;
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line, n);
  }
  ::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

void set_program_name(std::string_view argv0) {
  const size_t slash = argv0.rfind('/');
  if (slash != std::string_view::npos) argv0.remove_prefix(slash + 1);
  name_storage() = argv0;
  log_control::set_program(argv0);
}

const std::string& program_name() { return name_storage(); }

void fatal_text(std::string_view message, int status) {
  std::fflush(stdout);
  const std::string line = program_name() + ": " + std::string(message) + "\n";
  std::fputs(line.c_str(), stderr);
  std::exit(status);
}

void set_timeout(unsigned seconds) {
  struct sigaction action {};
  action.sa_handler = on_alarm;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  sigaction(SIGALRM, &action, nullptr);
  alarm(seconds);
}

}  // namespace turnout::cli
