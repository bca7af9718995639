// See kernel_probe.h. genetlink's CTRL_CMD_GETFAMILY, <linux/genetlink.h>.
#include "vswitchd/bridge/kernel_probe.h"

#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "lib/netlink/socket.h"

extern char** environ;

namespace turnout::bridge {

namespace {

// Quiet: a host without the module is an ordinary host.
void load_module() {
  utsname system{};
  if (geteuid() != 0 || uname(&system) != 0) return;
  if (access((std::string("/lib/modules/") + system.release).c_str(), R_OK) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd : {0, 1, 2}) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  std::string program = "modprobe", quiet = "-q", module = "turnout";
  char* argv[] = {program.data(), quiet.data(), module.data(), nullptr};
  pid_t pid = 0;
  if (posix_spawnp(&pid, "modprobe", &actions, nullptr, argv, environ) == 0) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  posix_spawn_file_actions_destroy(&actions);
}

bool family_exists(std::string_view name) {
  auto socket = netlink::Socket::open(NETLINK_GENERIC);
  if (!socket) return false;
  netlink::Message message(GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK);
  const genlmsghdr header{CTRL_CMD_GETFAMILY, 1, 0};
  message.header(&header, sizeof header);
  message.put_string(CTRL_ATTR_FAMILY_NAME, name);
  return (*socket)->request(message).has_value();
}

}  // namespace

void KernelProbe::start() {
  answer_ = std::async(std::launch::async, [] {
              load_module();
              return family_exists("ovs_datapath");
            }).share();
}

bool KernelProbe::has_families() {
  if (!answer_.valid()) start();
  return answer_.get();
}

}  // namespace turnout::bridge
