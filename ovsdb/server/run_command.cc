// Starting the command of --run and waiting for its end.
#include "ovsdb/server/run_command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace turnout::ovsdb::server {

RunCommand::RunCommand(io::Loop& loop, std::string command) : loop_(loop), command_(std::move(command)) {
  signal_ = loop.on_signal(SIGCHLD, [this] { reap(); });
  pid_ = ::fork();
  if (pid_ == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::execl("/bin/sh", "sh", "-c", command_.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  if (pid_ < 0) {
    std::fprintf(stderr, "ovsdb-server: cannot run %s (%s)\n", command_.c_str(), std::strerror(errno));
    std::exit(EXIT_FAILURE);
  }
  reap();
}

void RunCommand::reap() {
  if (ended_ || ::waitpid(pid_, &wait_status_, WNOHANG) != pid_) return;
  ended_ = true;
  loop_.post([&loop = loop_] { loop.stop(); });
}

int RunCommand::finish() const {
  if (!ended_) return EXIT_SUCCESS;   // told to exit before the command was done
  if (WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == 0) return EXIT_SUCCESS;
  if (WIFEXITED(wait_status_))
    std::fprintf(stderr, "ovsdb-server: %s: child exited, exit status %d\n", command_.c_str(), WEXITSTATUS(wait_status_));
  else
    std::fprintf(stderr, "ovsdb-server: %s: child exited, killed (%s)\n", command_.c_str(), ::strsignal(WTERMSIG(wait_status_)));
  return EXIT_FAILURE;
}

}  // namespace turnout::ovsdb::server
