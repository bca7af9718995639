// Where a database keeps its changes. A standalone database has a Journal; the built-in _Server has none. Main thread.
#pragma once

#include <span>
#include <string>

#include "ovsdb/server/snapshot_writer.h"

namespace turnout::ovsdb::server {

class Storage {
 public:
  virtual ~Storage() = default;
  // Appends these records (JSON texts without a line end), all of them or none; on return they are with the kernel, and
  // on the disk when `sync`. After a failure the storage is as it was before.
  virtual Status append(std::span<const std::string> records, bool sync) = 0;
  // Puts a schema and the records that follow it in place of everything, in one step that survives a crash.
  virtual Status replace(std::span<const std::string> records) = 0;
  // Does the same with what `contents` says of this moment, all of which is in the log already, while service goes on:
  // what is appended meanwhile is kept. `done` is called later, from the loop; several calls may share one compaction.
  // After a failure the log is as it was. Ends without `done` when the storage is destroyed.
  virtual void compact(io::Loop& loop, const Contents& contents, std::function<void(Status)> done) = 0;
  // True when the log has grown so much over its compacted size that compact() is worth its cost.
  virtual bool wants_compaction() const = 0;
  // Name of the file, for messages.
  virtual const std::string& name() const = 0;
};

}  // namespace turnout::ovsdb::server
