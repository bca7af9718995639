// Forking into the background, watching over a child, and the user to run as.
#include "lib/io/daemon.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/io/exit_files.h"
#include "lib/io/pidfile.h"

namespace turnout::io {

namespace {

Log log{"daemon_unix"};

constexpr int kRestartPause = 10;  // seconds between two restarts of a child that keeps crashing

std::string describe_exit(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  std::string text = std::string("killed (") + strsignal(WTERMSIG(status)) + ")";
  if (WCOREDUMP(status)) text += ", core dumped";
  return text;
}

bool is_crash(int status) {
  if (!WIFSIGNALED(status)) return false;
  switch (WTERMSIG(status)) {
    case SIGABRT: case SIGALRM: case SIGBUS: case SIGFPE: case SIGILL:
    case SIGPIPE: case SIGSEGV: case SIGXCPU: case SIGXFSZ: return true;
    default: return false;
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Ends as the child ended.
[[noreturn]] void exit_like(int status) {
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void to_dev_null(bool keep_stdout) {
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) return;
  dup2(null, STDIN_FILENO);
  if (!keep_stdout) dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  if (null > STDERR_FILENO) close(null);
}

void notify(int& fd) {
  if (fd < 0) return;
  while (write(fd, "", 1) < 0 && errno == EINTR) {
  }
  close(fd);
  fd = -1;
}

struct Forked {
  pid_t child = 0;     // 0 in the child
  int notify_fd = -1;  // in the child: a byte here says that start-up is complete
  int status = -1;     // in the parent: how the child ended before it said so; -1: it said so
};

Result<Forked> fork_and_wait() {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork", errno);
  if (pid == 0) {
    close(pipe_fds[0]);
    return Forked{0, pipe_fds[1], -1};
  }
  close(pipe_fds[1]);
  char byte;
  ssize_t n;
  while ((n = read(pipe_fds[0], &byte, 1)) < 0 && errno == EINTR) {
  }
  close(pipe_fds[0]);
  return Forked{pid, -1, n == 1 ? -1 : wait_for(pid)};
}

Status become_user(const std::string& spec) {
  const size_t colon = spec.find(':');
  const std::string user = spec.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : spec.substr(colon + 1);
  const passwd* who = user.empty() ? getpwuid(getuid()) : getpwnam(user.c_str());
  if (!who) return fail(user + ": no such user");
  const std::string name = who->pw_name;
  const uid_t uid = who->pw_uid;
  gid_t gid = who->pw_gid;
  if (!group.empty()) {
    const struct group* entry = getgrnam(group.c_str());
    if (!entry) return fail(group + ": no such group");
    gid = entry->gr_gid;
  }
  if (setgid(gid) != 0 || initgroups(name.c_str(), gid) != 0 || setuid(uid) != 0) return fail_errno(spec, errno);
  return {};
}

}  // namespace

struct Daemon::Impl {
  std::string program;
  DaemonOptions options;
  int notify_fd = -1;   // the foreground parent or the monitor waits here
  int pidfile_fd = -1;

  Status into_background();
  Status under_monitor();
  void watch_child(pid_t child, int* crashes);
};

Daemon::Daemon(std::string program, DaemonOptions options)
    : impl_(new Impl{std::move(program), std::move(options)}) {}

Daemon::~Daemon() {
  if (impl_->pidfile_fd >= 0) {
    remove_now(impl_->options.pidfile);
    close(impl_->pidfile_fd);
  }
  delete impl_;
}

Status Daemon::Impl::into_background() {
  auto forked = fork_and_wait();
  if (!forked) return fail(forked);
  if (forked->child) {
    if (forked->status == -1) _exit(0);
    exit_like(forked->status);
  }
  notify_fd = forked->notify_fd;
  setsid();
  return {};
}

// The monitor: never returns in the parent.
Status Daemon::Impl::under_monitor() {
  int parent_fd = notify_fd, crashes = 0;
  for (;;) {
    auto forked = fork_and_wait();
    if (!forked) return fail(forked);
    if (!forked->child) {
      if (parent_fd >= 0) close(parent_fd);
      notify_fd = forked->notify_fd;
      return {};
    }
    if (forked->status != -1 && parent_fd >= 0) exit_like(forked->status);  // the first start failed
    if (forked->status != -1) {
      log.err("fork child died before signaling startup ({})", describe_exit(forked->status));
      if (!is_crash(forked->status)) exit_like(forked->status);
    }
    const bool first = parent_fd >= 0;
    notify(parent_fd);
    if (first && options.detach) {
      if (!options.no_chdir && chdir("/") != 0) log.warn("chdir: {}", strerror(errno));
      to_dev_null(options.keep_stdout);  // a child that is started again prints there too
    }
    if (forked->status == -1) watch_child(forked->child, &crashes);
  }
}

void Daemon::Impl::watch_child(pid_t child, int* crashes) {
  prctl(PR_SET_NAME, "monitor");
  const time_t started = time(nullptr);
  const int status = wait_for(child);
  if (!is_crash(status)) {
    log.info("pid {} died, {}, exiting", child, describe_exit(status));
    exit_like(status);
  }
  log.err("{} crashes: pid {} died, {}, restarting", ++*crashes, child, describe_exit(status));
  const time_t lived = time(nullptr) - started;
  if (*crashes > 1 && lived < kRestartPause) sleep(static_cast<unsigned>(kRestartPause - lived));
}

Status Daemon::start() {
  auto& o = impl_->options;
  if (!o.pidfile.empty()) {
    o.pidfile = in_run_dir(o.pidfile);
    if (const auto owner = read_locked_pidfile(o.pidfile); owner && !o.overwrite_pidfile) {
      return fail(o.pidfile + ": already running as pid " + std::to_string(*owner) + ", aborting", EEXIST);
    }
  }
  if (o.detach) {
    log_control::quiet_console();
    if (auto s = impl_->into_background(); !s) return s;
  }
  if (o.monitor) {
    if (auto s = impl_->under_monitor(); !s) return s;
  }
  if (!o.pidfile.empty()) {
    auto fd = write_pidfile(o.pidfile, o.overwrite_pidfile);
    if (!fd) return fail(fd);
    impl_->pidfile_fd = *fd;
    remove_at_exit(o.pidfile);
  }
  return o.user.empty() ? Status{} : become_user(o.user);
}

void Daemon::complete() {
  notify(impl_->notify_fd);
  if (!impl_->options.detach) return;
  if (!impl_->options.no_chdir && chdir("/") != 0) log.warn("chdir: {}", strerror(errno));
  to_dev_null(impl_->options.keep_stdout);
  log_control::set_console_enabled(false);
}

Result<pid_t> Daemon::read_pidfile(const std::string& path) { return read_locked_pidfile(path); }

}  // namespace turnout::io
