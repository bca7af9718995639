// See system_identity.h.
#include "vswitchd/bridge/system_identity.h"

#include <unistd.h>

#include <fstream>

#include "lib/base/strings.h"
#include "lib/base/uuid.h"

namespace turnout::bridge {

namespace {

std::string unquoted(std::string_view v) {
  v = trim(v);
  if (v.size() >= 2 && (v.front() == '"' || v.front() == '\'') && v.back() == v.front()) v = v.substr(1, v.size() - 2);
  return std::string(v);
}

}  // namespace

SystemIdentity read_system_identity(const std::string& sysconf) {
  SystemIdentity id{"unknown", "unknown", {}, {}};
  std::ifstream release("/etc/os-release");
  for (std::string line; std::getline(release, line);) {
    if (line.starts_with("ID=")) id.type = unquoted(std::string_view(line).substr(3));
    if (line.starts_with("VERSION_ID=")) id.version = unquoted(std::string_view(line).substr(11));
  }
  std::ifstream conf(sysconf + "/openvswitch/system-id.conf");
  std::string line;
  if (conf && std::getline(conf, line)) id.system_id = trim(line);
  if (id.system_id.empty()) id.system_id = Uuid::random().to_string();
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) == 0) id.hostname = name;
  return id;
}

}  // namespace turnout::bridge
