// Writing, locking and reading of pid files.
#include "lib/io/pidfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/strings.h"

namespace turnout::io {

namespace {

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<pid_t> read_locked_pidfile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(path, errno);
  struct flock lock = whole_file(F_WRLCK);
  char text[64];
  const int locked = fcntl(fd, F_GETLK, &lock);
  const ssize_t n = locked == 0 ? read(fd, text, sizeof text) : -1;
  const int error = errno;
  close(fd);
  if (n < 0) return fail_errno(path, error);
  if (lock.l_type == F_UNLCK) return fail_errno(path, ESRCH);
  const auto pid = parse_unsigned(trim(std::string_view(text, static_cast<size_t>(n))));
  if (!pid || *pid == 0 || *pid > INT32_MAX) return fail_errno(path, EINVAL);
  // l_pid is 0 or -1 where the owner lives in another pid namespace: then the file's word counts.
  return lock.l_pid > 0 ? lock.l_pid : static_cast<pid_t>(*pid);
}

Result<int> write_pidfile(const std::string& path, bool overwrite) {
  if (const auto owner = read_locked_pidfile(path); owner && !overwrite) {
    return fail(path + ": already running as pid " + std::to_string(*owner) + ", aborting", EEXIST);
  }
  // Complete before it has its name, so that no reader sees half of it.
  const std::string fresh = path + ".tmp" + std::to_string(getpid());
  const int fd = open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail_errno(fresh, errno);
  const std::string text = std::to_string(getpid()) + "\n";
  struct flock lock = whole_file(F_WRLCK);
  const bool ok = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                  fcntl(fd, F_SETLK, &lock) == 0 && rename(fresh.c_str(), path.c_str()) == 0;
  if (ok) return fd;
  const int error = errno;
  unlink(fresh.c_str());
  close(fd);
  return fail_errno(path, error);
}

}  // namespace turnout::io
