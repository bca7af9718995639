// The dpctl commands (ovs-dpctl(8)) on the datapaths of a registry, for the daemon's control socket (dpctl/NAME) and for
// a tool that has a registry of its own. Output and errors are the reference's text. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/datapath/registry.h"

namespace turnout::unixctl {
class Server;
}

namespace turnout::datapath {

struct DpctlAnswer {
  bool ok = true;
  std::string text;      // with its newlines; where !ok the text, then the error, as the reference prints them
};

struct DpctlContext {
  DatapathRegistry* registry = nullptr;
  // For add-if: opens a device by name and type. Empty: add-if says that it is not supported.
  std::function<Result<std::unique_ptr<netdev::Device>>(const netdev::OpenRequest&)> open_device;
  std::string program = "ovs-vswitchd";          // in front of errors
  Clock* clock = &process_clock();               // that flow statistics are told in
};

struct DpctlCommand {
  const char* name;      // "show"
  const char* usage;     // "[-s] [dp...]"
  int min_args, max_args;                        // -1: any number; options count as arguments
  DpctlAnswer (*run)(const DpctlContext&, std::span<const std::string> args);
};
std::span<const DpctlCommand> dpctl_commands();

// Registers each as "dpctl/NAME". The context's registry outlives the server.
void add_dpctl_commands(unixctl::Server& server, DpctlContext context);
inline void add_dpctl_commands(unixctl::Server& server, DatapathRegistry& registry) {
  add_dpctl_commands(server, DpctlContext{.registry = &registry});
}

}  // namespace turnout::datapath
