// The register of files to remove at exit.
#include "lib/io/exit_files.h"

#include <unistd.h>

#include <cstdlib>
#include <map>

namespace turnout::io {

namespace {

std::map<std::string, pid_t>& owned() {
  static auto* files = new std::map<std::string, pid_t>;  // lives through exit()
  return *files;
}

void remove_all() {
  for (const auto& [path, owner] : owned()) {
    if (owner == getpid()) unlink(path.c_str());
  }
}

}  // namespace

void remove_at_exit(const std::string& path) {
  [[maybe_unused]] static const int registered = std::atexit(remove_all);
  owned()[path] = getpid();
}

void remove_now(const std::string& path) {
  const auto found = owned().find(path);
  if (found == owned().end()) return;
  if (found->second == getpid()) unlink(path.c_str());
  owned().erase(found);
}

}  // namespace turnout::io
