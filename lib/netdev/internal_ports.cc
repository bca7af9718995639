// Reading and writing the record of internal ports.
#include "lib/netdev/internal_ports.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace turnout::netdev {

namespace {
constexpr const char* kTitle = "internal-ports 1 ";
constexpr size_t kSpareLines = 64;   // old ones that a file may have beside twice its ports

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

Status write_text(const std::string& path, int mode, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | mode | O_CLOEXEC, 0640);
  if (fd < 0) return fail_errno(path, errno);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int code = errno;
      close(fd);
      return fail_errno(path, code);
    }
    done += static_cast<size_t>(n);
  }
  close(fd);
  return {};
}
}  // namespace

InternalPortRecord::InternalPortRecord(std::string path) : path_(std::move(path)) {}

void InternalPortRecord::load() {
  std::ifstream in(path_);
  std::string line;
  if (!std::getline(in, line) || line != kTitle + boot_id()) return;
  while (std::getline(in, line) && !in.eof()) {
    std::istringstream words(line);
    std::string name;
    InternalPort port;
    if (!(words >> name >> port.ifindex >> port.ns_inode)) continue;
    std::getline(words >> std::ws, port.ns_path);
    if (port.ifindex)
      ports_[name] = std::move(port);
    else
      ports_.erase(name);
  }
}

std::string InternalPortRecord::line(const std::string& name) const {
  auto at = ports_.find(name);
  const InternalPort port = at == ports_.end() ? InternalPort() : at->second;
  return name + " " + std::to_string(port.ifindex) + " " + std::to_string(port.ns_inode) +
         (port.ns_path.empty() ? "" : " ") + port.ns_path + "\n";
}

Status InternalPortRecord::rewrite() {
  std::string text = kTitle + boot_id() + "\n";
  for (const auto& [name, port] : ports_) text += line(name);
  const std::string next = path_ + ".new";
  if (Status s = write_text(next, O_CREAT | O_TRUNC, text); !s) return s;
  if (std::rename(next.c_str(), path_.c_str()) < 0) return fail_errno(path_, errno);
  lines_ = ports_.size();
  stale_ = false;
  changed_.clear();
  return {};
}

Status InternalPortRecord::save() {
  if (changed_.empty()) return {};
  if (stale_ || lines_ + changed_.size() > 2 * ports_.size() + kSpareLines) return rewrite();
  std::string text;
  for (const std::string& name : changed_) text += line(name);
  stale_ = true;   // until it is known to be whole, and so after a failure
  if (Status s = write_text(path_, O_APPEND, text); !s) return rewrite();
  stale_ = false;
  lines_ += changed_.size();
  changed_.clear();
  return {};
}

void InternalPortRecord::put(const std::string& name, InternalPort port) {
  auto it = ports_.find(name);
  if (it != ports_.end() && it->second == port) return;
  ports_[name] = std::move(port);
  changed_.insert(std::string(name));
}

void InternalPortRecord::erase(std::string_view name) {
  auto it = ports_.find(name);
  if (it == ports_.end()) return;
  ports_.erase(it);
  changed_.insert(std::string(name));
}

}  // namespace turnout::netdev
