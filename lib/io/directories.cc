// Where things lie, with the environment's overrides.
#include <cstdlib>

#include "lib/io/daemon.h"

namespace turnout::io {

namespace {
std::string directory(const char* variable, const char* fallback) {
  const char* value = std::getenv(variable);
  return value && *value ? value : fallback;
}
}  // namespace

std::string run_dir() { return directory("OVS_RUNDIR", "/var/run/openvswitch"); }
std::string log_dir() { return directory("OVS_LOGDIR", "/var/log/openvswitch"); }
std::string sysconf_dir() { return directory("OVS_SYSCONFDIR", "/etc"); }
std::string pkgdata_dir() { return directory("OVS_PKGDATADIR", "/usr/share/openvswitch"); }

std::string db_dir() {
  if (std::getenv("OVS_DBDIR")) return directory("OVS_DBDIR", "/etc/openvswitch");
  return sysconf_dir() + "/openvswitch";
}

std::string in_run_dir(std::string_view name) {
  if (name.starts_with('/')) return std::string(name);
  return run_dir() + "/" + std::string(name);
}

}  // namespace turnout::io
