// Opening, appending to and replacing a database file.
#include "ovsdb/server/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "lib/base/log.h"
#include "lib/io/digest.h"
#include "ovsdb/server/journal_reader.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_file"};
Log lock_log{"lockfile"};

tl::unexpected<Error> io_error(const std::string& path, std::string_view what, int code) {
  return fail(fmt::format("I/O error: {}: {} ({})", path, what, std::strerror(code)), code);
}

Result<std::string> read_all(int fd, const std::string& path) {
  struct stat st;
  std::string bytes;
  if (::fstat(fd, &st) == 0 && st.st_size > 0) bytes.reserve(static_cast<size_t>(st.st_size) + 1);
  char chunk[65536];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path, "read failed", errno);
    if (n == 0) return bytes;
    bytes.append(chunk, static_cast<size_t>(n));
  }
}

// Follows links, so that replacing the file replaces what the link names.
std::string real_path(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::canonical(path, problem);
  return problem ? path : real.string();
}

std::string framed_records(std::span<const std::string> records) {
  std::string bytes;
  for (const std::string& record : records) bytes += framed_record(record);
  return bytes;
}

}  // namespace

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::strerror(errno), errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

void sync_directory(const std::filesystem::path& file) {
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

Status write_record(int fd, std::string_view json) { return write_all(fd, framed_record(json)); }

std::string framed_record(std::string_view json) {
  std::string line(json);
  line += '\n';
  std::string bytes = fmt::format("OVSDB JSON {} {}\n", line.size(), io::sha1_hex(line));
  bytes += line;
  return bytes;
}

Result<FileLock> FileLock::take(const std::string& path) {
  const std::filesystem::path file(real_path(path));
  const std::string lock_name = (file.parent_path() / ("." + file.filename().string() + ".~lock~")).string();
  const int fd = ::open(lock_name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int code = errno;
    lock_log.warn("{}: failed to open lock file: {}", lock_name, std::strerror(code));
    return io_error(path, "failed to lock lockfile", code);
  }
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_SETLK, &lock) < 0) {
    struct flock owner = lock;
    if (::fcntl(fd, F_GETLK, &owner) == 0 && owner.l_type != F_UNLCK) {
      lock_log.warn("{}: cannot lock file because it is already locked by pid {}", lock_name, owner.l_pid);
    } else {
      lock_log.warn("{}: failed to lock file: {}", lock_name, std::strerror(errno));
    }
    ::close(fd);
    return io_error(path, "failed to lock lockfile", EAGAIN);
  }
  return FileLock(fd);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, Access access, const Each& each) {
  const bool writes = access == Access::kReadWrite;
  const int fd = ::open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (fd < 0) return io_error(path, "open failed", errno);
  std::unique_ptr<Journal> journal;
  if (writes) {
    auto lock = FileLock::take(path);
    if (!lock) {
      ::close(fd);
      return fail(lock);
    }
    journal.reset(new Journal(path, fd, std::move(*lock)));
  } else {
    journal.reset(new Journal(path, fd, FileLock::none()));
  }
  // The process may change its directory later.
  journal->real_path_ = real_path(path);
  if (auto loaded = journal->load(access, each); !loaded) return fail(loaded);
  return journal;
}

Status Journal::load(Access access, const Each& each) {
  auto bytes = read_all(fd_, path_);
  if (!bytes) return fail(bytes);
  if (bytes->empty()) return fail(fmt::format("ovsdb error: {}: cannot identify file type", path_));
  const std::string_view magic = JournalReader::magic_of(*bytes);
  if (magic == "CLUSTER") return fail(fmt::format("ovsdb error: {}: clustered databases are not supported", path_));
  if (magic.empty()) return fail(fmt::format("ovsdb error: {}: unexpected file format", path_));

  JournalReader reader(path_, *bytes);
  std::string_view record;
  JournalReader::Next next;
  for (size_t index = 0; (next = reader.next(&record)) == JournalReader::Next::kRecord; ++index) {
    if (auto taken = each(record, index); !taken) return fail(taken);
  }
  size_ = reader.end();
  if (next == JournalReader::Next::kCorrupt) {
    return fail(fmt::format("{}; whole records follow the damage, so the file is left as it is", reader.error()));
  }
  if (next == JournalReader::Next::kTorn) {
    if (reader.offset() == 0) return fail(reader.error());
    log_.warn("{}: cut off {} bytes of an incomplete record at offset {} ({})", path_, bytes->size() - reader.offset(),
              reader.offset(), reader.error());
    if (access == Access::kReadWrite && ::ftruncate(fd_, static_cast<off_t>(size_)) < 0) {
      return io_error(path_, "failed to truncate", errno);
    }
  }
  if (access == Access::kReadWrite && ::lseek(fd_, static_cast<off_t>(size_), SEEK_SET) < 0) {
    return io_error(path_, "seek failed", errno);
  }
  note_compacted();
  return {};
}

Status Journal::create(const std::string& path, std::span<const std::string> records) {
  auto lock = FileLock::take(path);
  if (!lock) return fail(lock);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return io_error(path, "create failed", errno);
  Status done = write_all(fd, framed_records(records));
  if (done && ::fsync(fd) < 0) done = fail(std::strerror(errno), errno);
  ::close(fd);
  if (!done) {
    ::unlink(path.c_str());
    return io_error(path, "write failed", done.error().code);
  }
  sync_directory(path);
  return {};
}

Status Journal::append(std::span<const std::string> records, bool sync) {
  const std::string bytes = framed_records(records);
  Status done = write_all(fd_, bytes);
  if (done && sync && ::fdatasync(fd_) < 0) done = fail(std::strerror(errno), errno);
  if (!done) {
    // Takes back what part of it was written; should even that fail, the next start cuts the torn record.
    if (::ftruncate(fd_, static_cast<off_t>(size_)) < 0 || ::lseek(fd_, static_cast<off_t>(size_), SEEK_SET) < 0) {
      log_.err("{}: cannot take back an incomplete record at offset {} ({})", path_, size_, std::strerror(errno));
    }
    return io_error(path_, "write failed", done.error().code);
  }
  size_ += bytes.size();
  rule_.committed(records.size());
  return {};
}

}  // namespace turnout::ovsdb::server
