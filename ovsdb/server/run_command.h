// --run=COMMAND: a shell command that the server runs, and with which it ends. Main thread only.
#pragma once

#include <sys/types.h>

#include <string>

#include "lib/io/loop.h"

namespace turnout::ovsdb::server {

class RunCommand {
 public:
  // Starts `command`; when it ends the loop is stopped and status() says how.
  RunCommand(io::Loop& loop, std::string command);
  // Exit code for the server: 0 if the command exited with 0. On failure says so on stderr.
  int finish() const;

 private:
  void reap();
  io::Loop& loop_;
  std::string command_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int wait_status_ = 0;
  io::Handle signal_;
};

}  // namespace turnout::ovsdb::server
