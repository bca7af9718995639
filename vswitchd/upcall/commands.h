// revalidator/wait, revalidator/purge, upcall/*, dpif/show, dpif/dump-flows (ovs-vswitchd(8)). Main thread.
#pragma once

#include <functional>
#include <vector>

#include "lib/unixctl/unixctl.h"
#include "vswitchd/ofproto/switch.h"
#include "vswitchd/upcall/backend.h"

namespace turnout::upcall {

struct BridgeRef { ofproto::Switch* sw; Backend* backend; };
struct Directory {
  std::function<std::vector<BridgeRef>()> bridges;
  std::function<std::vector<Backend*>()> backends;
};
void add_upcall_commands(unixctl::Server& server, Directory directory);

}  // namespace turnout::upcall
