// Pid files: a process number in a file that its owner keeps locked (fcntl(2)) for as long as it lives. lib/io only.
#pragma once

#include <sys/types.h>

#include <string>

#include "lib/base/result.h"

namespace turnout::io {

// Writes and locks; returns the descriptor that holds the lock. A live owner is an error unless `overwrite`.
Result<int> write_pidfile(const std::string& path, bool overwrite);
// The live owner of the lock; ESRCH when the file is stale, the system's error when it cannot be read.
Result<pid_t> read_locked_pidfile(const std::string& path);

}  // namespace turnout::io
