// Writes records to a file in a child process, which sees the memory of this moment while the server goes on changing
// it. The child keeps no socket, file or lock of the server's and dies with it. Main thread only.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/io/loop.h"

namespace turnout::ovsdb::server {

using PutRecord = std::function<Status(std::string_view json)>;
// Hands over records one by one and ends with the first error.
using Contents = std::function<Status(const PutRecord& put)>;

class SnapshotWriter {
 public:
  // `fd` is an empty file, which stays the caller's. `contents` runs in the child before start() returns here. `done` is
  // called once, from the loop, when everything is on the disk or has failed.
  static Result<std::unique_ptr<SnapshotWriter>> start(io::Loop& loop, int fd, const Contents& contents,
                                                       std::function<void(Status)> done);
  ~SnapshotWriter();   // an unfinished child is killed; `done` is not called
  SnapshotWriter(const SnapshotWriter&) = delete;

 private:
  SnapshotWriter(pid_t child, int report, std::function<void(Status)> done)
      : child_(child), report_(report), done_(std::move(done)) {}
  void read_report();
  int reap();

  pid_t child_;
  int report_;             // reads what the child says when it fails; its end is the child's end
  std::string text_;
  std::function<void(Status)> done_;
  io::Handle watch_;
};

}  // namespace turnout::ovsdb::server
