// Who this host is, for the columns of Open_vSwitch that describe it: read once from files. Any thread.
#pragma once

#include <string>

namespace turnout::bridge {

struct SystemIdentity {
  std::string type, version;       // os-release(5): "debian", "12"
  std::string system_id;           // <sysconf>/openvswitch/system-id.conf, or a new random one
  std::string hostname;
};
SystemIdentity read_system_identity(const std::string& sysconf_directory);

}  // namespace turnout::bridge
