// One blocking connection to a database server, lean enough that the server is what a benchmark measures: requests are
// texts, replies are texts found by their braces. Any problem ends the program.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] void die(const std::string& what);

class Wire {
 public:
  explicit Wire(const std::string& socket_path, int patience_ms = 0);  // retries to connect for so long
  ~Wire();
  Wire(Wire&& o) noexcept;
  void send(std::string_view text);
  // The next whole message; waits for it. Valid until the next call.
  std::string_view receive();
  // The next whole message among what has already been read, or an empty text.
  std::string_view buffered();
  void read_more();                 // one read(), which may block
  int fd() const { return fd_; }
  pid_t peer() const;               // the server's process

 private:
  int fd_;
  std::string bytes_;
  size_t start_ = 0, scanned_ = 0;  // of the message in progress; how far it has been looked at
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

// Processor time of a process so far, in nanoseconds.
uint64_t cpu_ns(pid_t process);
uint64_t now_ns();

}  // namespace bench
