// Network namespaces: open descriptors with an identity, and work done inside one. A namespace is known by the inode of
// its nsfs file, which stays the same for as long as the namespace lives, whatever path or process it is reached by.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "lib/base/result.h"

namespace turnout::netlink {

// An open namespace. Holding one keeps the namespace alive, so hold it only while a device of ours is inside.
// Movable. Any thread.
class Netns {
 public:
  Netns() = default;                              // none
  explicit Netns(int fd);                         // takes the descriptor over
  Netns(Netns&& o) noexcept;
  Netns& operator=(Netns&& o) noexcept;
  ~Netns();

  static Result<Netns> current();                 // of the process at its start (its main thread)
  static Result<Netns> open(const std::string& path);
  // Finds a living namespace again: `path_hint` first, then /run/netns and the namespaces of all processes.
  static Result<Netns> find(ino_t inode, const std::string& path_hint);

  int fd() const { return fd_; }
  ino_t inode() const { return inode_; }
  explicit operator bool() const { return fd_ >= 0; }
  std::string path() const;                       // where `ip netns` shows it; empty if nowhere

 private:
  int fd_ = -1;
  ino_t inode_ = 0;
};

// Runs work in a short-lived thread that has entered the namespace; returns when it is done. What the work opens
// (sockets, taps) belongs to that namespace.
Status run_in(const Netns& ns, const std::function<void()>& work);

}  // namespace turnout::netlink
