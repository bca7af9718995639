// Namespaces by descriptor and inode; entering one on a thread that ends with the work.
#include "lib/netlink/netns.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace turnout::netlink {

namespace {
constexpr const char* kNamedDirectories[] = {"/run/netns", "/run/docker/netns"};

// Calls f with each name of a directory until it returns true.
template <typename F>
bool any_entry(const char* directory, F&& f) {
  DIR* dir = opendir(directory);
  if (!dir) return false;
  bool found = false;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] != '.' && f(std::string(entry->d_name))) { found = true; break; }
  closedir(dir);
  return found;
}

ino_t inode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}
}  // namespace

Netns::Netns(int fd) : fd_(fd) {
  struct stat status {};
  if (fd >= 0 && fstat(fd, &status) == 0) inode_ = status.st_ino;
}
Netns::Netns(Netns&& o) noexcept : fd_(std::exchange(o.fd_, -1)), inode_(std::exchange(o.inode_, 0)) {}
Netns& Netns::operator=(Netns&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(inode_, o.inode_);
  return *this;
}
Netns::~Netns() {
  if (fd_ >= 0) close(fd_);
}

Result<Netns> Netns::current() { return open("/proc/self/ns/net"); }

Result<Netns> Netns::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(path, errno);
  return Netns(fd);
}

Result<Netns> Netns::find(ino_t inode, const std::string& path_hint) {
  std::string found;
  auto matches = [&](const std::string& path) {
    if (inode_of(path) != inode) return false;
    found = path;
    return true;
  };
  if (!path_hint.empty() && matches(path_hint)) return open(found);
  for (const char* directory : kNamedDirectories)
    if (any_entry(directory, [&](const std::string& name) { return matches(std::string(directory) + "/" + name); }))
      return open(found);
  if (any_entry("/proc", [&](const std::string& name) {
        return std::isdigit(static_cast<unsigned char>(name[0])) && matches("/proc/" + name + "/ns/net");
      }))
    return open(found);
  return fail("the network namespace is gone", ENOENT);
}

std::string Netns::path() const {
  std::string found;
  for (const char* directory : kNamedDirectories)
    if (any_entry(directory, [&](const std::string& name) {
          found = std::string(directory) + "/" + name;
          return inode_of(found) == inode_;
        }))
      return found;
  return {};
}

Status run_in(const Netns& ns, const std::function<void()>& work) {
  int code = 0;
  try {
    std::thread([&] {
      if (setns(ns.fd(), CLONE_NEWNET) < 0) code = errno;
      else work();
    }).join();
  } catch (const std::system_error& e) {
    return fail_errno("starting a thread for another network namespace", e.code().value());
  }
  if (code) return fail_errno("entering a network namespace", code);
  return {};
}

}  // namespace turnout::netlink
