// The dpctl commands (ovs-dpctl(8)) on the datapaths of a registry, for the daemon's control socket (dpctl/NAME) and for
// a tool that has a registry of its own. Output and errors are the reference's text. Main thread.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
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

// Of every command; on a control socket in front of its words.
struct DpctlOptions {
  bool more = false, statistics = false, may_create = false, clear = false, read_only = false;
  std::optional<bool> names;
};
// One word of options, "-s" or "--statistics", into `options`. False: it is none.
bool take_dpctl_option(std::string_view word, DpctlOptions& options);

struct DpctlContext {
  DatapathRegistry* registry = nullptr;
  // For add-if, and for statistics of ports whose device another process has. nullptr: neither is there.
  netdev::Environment* devices = nullptr;
  // add-dp: makes TYPE@NAME and puts it into the registry; del-dp: takes it out and away. Empty: not supported.
  std::function<Result<Datapath*>(const std::string& type, const std::string& name)> add_datapath;
  std::function<Status(Datapath&)> del_datapath;
  std::string program = "ovs-vswitchd";          // in front of errors
  Clock* clock = &process_clock();               // that flow statistics are told in
  // False: a tool of its own. Its commands have no prefix, its flows no types.
  bool daemon = true;
  std::istream* input = nullptr;                 // what file "-" means; nullptr: there is no such file
  // Gets text as it comes, instead of the answer at the end.
  std::function<void(std::string_view text, bool is_error)> print;
};

enum class DpctlAccess { kNoDatapath, kReads, kChanges };
struct DpctlCommand {
  const char* name;      // "show"
  const char* usage;     // "[-s] [dp...]"
  int min_args, max_args;                        // -1: any number
  DpctlAccess access;
  DpctlAnswer (*execute)(const DpctlContext&, const DpctlOptions&, std::span<const std::string> words);
  // As a control socket has it: options among the words.
  DpctlAnswer run(const DpctlContext& context, std::span<const std::string> args) const;
};
std::span<const DpctlCommand> dpctl_commands();

// Registers each as "dpctl/NAME". The context's registry outlives the server.
void add_dpctl_commands(unixctl::Server& server, DpctlContext context);
inline void add_dpctl_commands(unixctl::Server& server, DatapathRegistry& registry) {
  add_dpctl_commands(server, DpctlContext{.registry = &registry});
}

}  // namespace turnout::datapath
