// The child that writes a snapshot, and its end.
#include "ovsdb/server/snapshot_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "ovsdb/server/journal.h"

namespace turnout::ovsdb::server {
namespace {

// Everything but these two and the standard streams. A socket left open here would outlive the server for its clients.
void close_all_but(int a, int b) {
  const unsigned low = static_cast<unsigned>(std::min(a, b)), high = static_cast<unsigned>(std::max(a, b));
  if (low > 3) ::close_range(3, low - 1, 0);
  if (high > low + 1) ::close_range(low + 1, high - 1, 0);
  ::close_range(high + 1, ~0U, 0);
}

[[noreturn]] void run_child(pid_t server, int fd, int report, const Contents& contents) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != server) ::_exit(1);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::signal(signal, SIG_DFL);
  close_all_but(fd, report);
  Status written = contents([fd](std::string_view json) { return write_record(fd, json); });
  if (written && ::fsync(fd) < 0) written = fail(std::strerror(errno), errno);
  if (written) ::_exit(0);
  const std::string text = written.error().message;
  ::_exit(::write(report, text.data(), text.size()) < 0 ? 2 : 1);
}

}  // namespace

Result<std::unique_ptr<SnapshotWriter>> SnapshotWriter::start(io::Loop& loop, int fd, const Contents& contents,
                                                              std::function<void(Status)> done) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return fail_errno("pipe", errno);
  const pid_t server = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) run_child(server, fd, ends[1], contents);
  const int code = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return fail_errno("fork", code);
  }
  std::unique_ptr<SnapshotWriter> writer(new SnapshotWriter(child, ends[0], std::move(done)));
  writer->watch_ = loop.watch(ends[0], io::Loop::kReadable, [at = writer.get()](unsigned) { at->read_report(); });
  return writer;
}

SnapshotWriter::~SnapshotWriter() {
  watch_.reset();
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    reap();
  }
  ::close(report_);
}

int SnapshotWriter::reap() {
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  return status;
}

void SnapshotWriter::read_report() {
  char chunk[512];
  const ssize_t n = ::read(report_, chunk, sizeof chunk);
  if (n < 0) return;
  if (n > 0) {
    text_.append(chunk, static_cast<size_t>(n));
    return;
  }
  watch_.reset();
  const int status = reap();
  Status result;
  if (WIFSIGNALED(status)) result = fail(fmt::format("the writing process was killed ({})", ::strsignal(WTERMSIG(status))));
  else if (status != 0) result = fail(text_.empty() ? std::string("the writing process failed") : text_);
  // May destroy this object.
  const auto done = std::move(done_);
  done(result);
}

}  // namespace turnout::ovsdb::server
