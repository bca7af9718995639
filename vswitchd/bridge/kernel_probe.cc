// See kernel_probe.h.
#include "vswitchd/bridge/kernel_probe.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "lib/datapath/kernel/kernel.h"

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

}  // namespace

void KernelProbe::start() {
  answer_ = std::async(std::launch::async, [] {
              load_module();
              return datapath::kernel_families_exist().has_value();
            }).share();
}

bool KernelProbe::has_families() {
  if (!answer_.valid()) start();
  return answer_.get();
}

}  // namespace turnout::bridge
