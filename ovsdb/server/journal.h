// The file of a standalone database (ovsdb(5)): opened under a lock, appended to, replaced as a whole by compaction.
// One per open file; main thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "ovsdb/server/compaction_rule.h"
#include "ovsdb/server/storage.h"

namespace turnout::ovsdb::server {

// The lock of a database file, a record lock on .FILE.~lock~ beside it. Released when destroyed or when the process ends.
class FileLock {
 public:
  static Result<FileLock> take(const std::string& path);
  static FileLock none() { return FileLock(-1); }
  FileLock(FileLock&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  FileLock& operator=(FileLock&& o) noexcept { std::swap(fd_, o.fd_); return *this; }
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

class Journal : public Storage {
 public:
  enum class Access { kReadOnly, kReadWrite };
  // Called for each record in turn, the schema first. Its error ends the opening.
  using Each = std::function<Status(std::string_view record, size_t index)>;
  // Fails, in the reference's words, on a file that is absent, locked, no database, or damaged before its end. A record
  // that was not written to its end is cut off with a warning (read-only: passed over).
  static Result<std::unique_ptr<Journal>> open(const std::string& path, Access access, const Each& each);
  // Makes a new file that must not exist yet.
  static Status create(const std::string& path, std::span<const std::string> records);
  ~Journal() override;

  Status append(std::span<const std::string> records, bool sync) override;
  Status replace(std::span<const std::string> records) override;
  void compact(io::Loop& loop, const Contents& contents, std::function<void(Status)> done) override;
  bool wants_compaction() const override;
  const std::string& name() const override { return path_; }

 private:
  Journal(std::string path, int fd, FileLock lock);
  Status load(Access access, const Each& each);
  void note_compacted();
  // A file beside the log, under its mode and owner.
  Result<int> create_successor(const std::string& name) const;
  // Puts it in the log's place; it is whole and on the disk.
  Status succeed(const std::string& name, int fd);
  Status finish_compaction();
  void end_compaction(const Status& result);

  std::string path_;             // as it was named
  std::string real_path_;
  int fd_;
  FileLock lock_;
  uint64_t size_ = 0;            // bytes of whole records
  CompactionRule rule_;
  struct Compaction;
  std::unique_ptr<Compaction> compaction_;   // the one under way
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// One record as it lies in the file: header line, JSON, line end.
std::string framed_record(std::string_view json);
// Writes one. The error is the system's word alone.
Status write_record(int fd, std::string_view json);
Status write_all(int fd, std::string_view bytes);
// Makes a rename or a new name in the file's directory outlast a crash.
void sync_directory(const std::filesystem::path& file);

}  // namespace turnout::ovsdb::server
