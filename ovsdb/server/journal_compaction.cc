// Putting a new file in the place of a database file: at once (conversion), and in the background (compaction).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "lib/base/log.h"
#include "ovsdb/server/journal.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_file"};

tl::unexpected<Error> write_error(const std::string& path, const Error& error) {
  return fail(fmt::format("I/O error: {}: write failed ({})", path, error.message), error.code);
}

// Copies bytes [from, to) of one file to the end of another.
Status copy_bytes(int source, uint64_t from, uint64_t to, int target) {
  char chunk[65536];
  while (from < to) {
    const ssize_t n = ::pread(source, chunk, std::min<uint64_t>(sizeof chunk, to - from), static_cast<off_t>(from));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::strerror(errno), errno);
    if (n == 0) return fail("the file is shorter than what was written to it");
    if (auto written = write_all(target, {chunk, static_cast<size_t>(n)}); !written) return written;
    from += static_cast<uint64_t>(n);
  }
  return {};
}

}  // namespace

struct Journal::Compaction {
  std::string name;      // of the new file
  int fd = -1;
  uint64_t from = 0;     // what the log holds from here on came after the snapshot
  std::unique_ptr<SnapshotWriter> writer;
  std::vector<std::function<void(Status)>> waiting;

  ~Compaction() {
    writer.reset();
    if (fd < 0) return;
    ::close(fd);
    ::unlink(name.c_str());
  }
};

Journal::Journal(std::string path, int fd, FileLock lock) : path_(std::move(path)), fd_(fd), lock_(std::move(lock)) {}

Journal::~Journal() {
  compaction_.reset();
  ::close(fd_);
}

Result<int> Journal::create_successor(const std::string& name) const {
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return fail(fmt::format("I/O error: {}: create failed ({})", name, std::strerror(errno)), errno);
  struct stat st;
  if (::fstat(fd_, &st) == 0) {
    if (::fchmod(fd, st.st_mode & 07777) < 0) log_.warn("{}: cannot keep the mode ({})", name, std::strerror(errno));
    if (::fchown(fd, st.st_uid, st.st_gid) < 0) log_.warn("{}: cannot keep the owner ({})", name, std::strerror(errno));
  }
  return fd;
}

Status Journal::succeed(const std::string& name, int fd) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0 || ::rename(name.c_str(), real_path_.c_str()) < 0) return fail(std::strerror(errno), errno);
  sync_directory(real_path_);
  ::close(std::exchange(fd_, fd));
  size_ = static_cast<uint64_t>(end);
  note_compacted();
  return {};
}

Status Journal::replace(std::span<const std::string> records) {
  // A snapshot of what is replaced here must not come after it.
  if (compaction_) end_compaction(fail(path_ + ": the database was converted meanwhile"));
  const std::string temporary = real_path_ + ".tmp";
  auto fd = create_successor(temporary);
  if (!fd) return fail(fd);
  Status done;
  for (const std::string& record : records)
    if (done) done = write_record(*fd, record);
  if (done && ::fsync(*fd) < 0) done = fail(std::strerror(errno), errno);
  if (done) done = succeed(temporary, *fd);
  if (done) return {};
  ::close(*fd);
  ::unlink(temporary.c_str());
  return write_error(temporary, done.error());
}

void Journal::compact(io::Loop& loop, const Contents& contents, std::function<void(Status)> done) {
  if (compaction_) {
    compaction_->waiting.push_back(std::move(done));
    return;
  }
  compaction_ = std::make_unique<Compaction>();
  compaction_->name = real_path_ + ".tmp";
  compaction_->from = size_;
  compaction_->waiting.push_back(std::move(done));
  auto fd = create_successor(compaction_->name);
  Status started;
  if (fd) {
    compaction_->fd = *fd;
    auto writer = SnapshotWriter::start(loop, *fd, contents, [this](Status written) {
      if (!written) end_compaction(write_error(compaction_->name, written.error()));
      else end_compaction(finish_compaction());
    });
    if (writer) compaction_->writer = std::move(*writer);
    else started = fail(writer);
  } else {
    started = fail(fd);
  }
  if (started) return;
  // Nobody expects the answer inside the call.
  loop.post([this, started, running = std::weak_ptr<bool>(alive_)] {
    if (!running.expired() && compaction_) end_compaction(started);
  });
}

// The child has written the snapshot; what was appended since follows it.
Status Journal::finish_compaction() {
  Compaction& c = *compaction_;
  Status done;
  if (::lseek(c.fd, 0, SEEK_END) < 0) done = fail(std::strerror(errno), errno);
  if (done) done = copy_bytes(fd_, c.from, size_, c.fd);
  if (done && c.from < size_ && ::fsync(c.fd) < 0) done = fail(std::strerror(errno), errno);
  if (done) done = succeed(c.name, c.fd);
  if (!done) return write_error(c.name, done.error());
  c.fd = -1;
  return {};
}

void Journal::end_compaction(const Status& result) {
  if (!result) rule_.failed(process_clock().now());
  const auto waiting = std::move(compaction_->waiting);
  compaction_.reset();
  for (const auto& done : waiting) done(result);
}

void Journal::note_compacted() { rule_.compacted(size_, process_clock().now()); }

bool Journal::wants_compaction() const { return !compaction_ && rule_.is_due(size_, process_clock().now()); }

}  // namespace turnout::ovsdb::server
