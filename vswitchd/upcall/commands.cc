// revalidator/* and upcall/* on all datapaths.
#include "vswitchd/upcall/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "lib/base/strings.h"
#include "vswitchd/upcall/dpif_commands.h"
#include "vswitchd/upcall/feature_commands.h"

namespace turnout::upcall {
namespace {

using unixctl::Args;
using unixctl::Reply;

std::string show(const Directory& directory) {
  std::string text;
  for (Backend* backend : directory.backends()) {
    const auto report = backend->revalidator().report();
    text += fmt::format(
        "{}@{}:\n  flows         : (current {}) (avg {}) (max {}) (limit {})\n  dump duration : {}ms\n"
        "  ufid enabled : {}\n\n",
        backend->datapath().type(), backend->datapath().name(), report.flows, report.average, report.maximum,
        report.limit, report.dump_ms, Revalidator::terse_dumps());
    for (size_t i = 0; i < report.keys_per_thread.size(); ++i)
      text += fmt::format("  {}: (keys {})\n", i, report.keys_per_thread[i]);
  }
  return text;
}

// Answers when every datapath has done a whole round.
void wait(const Directory& directory, const Reply& reply) {
  const auto backends = directory.backends();
  if (backends.empty()) return reply.ok("");
  auto left = std::make_shared<size_t>(backends.size());
  for (Backend* backend : backends)
    backend->revalidator().wait([left, reply] {
      if (!--*left) reply.ok("");
    });
}

void add_megaflow_switch(unixctl::Server& server, const Directory& directory, bool enable) {
  server.add(enable ? "upcall/enable-megaflows" : "upcall/disable-megaflows", "", 0, 0,
             [directory, enable](Args, const Reply& reply) {
               UpcallHandler::set_megaflows(enable);
               for (Backend* backend : directory.backends()) backend->revalidator().purge();
               reply.ok(enable ? "megaflows enabled\n" : "megaflows disabled\n");
             });
}

void add_ufid_switch(unixctl::Server& server, bool enable) {
  server.add(enable ? "upcall/enable-ufid" : "upcall/disable-ufid", "", 0, 0, [enable](Args, const Reply& reply) {
    Revalidator::set_terse_dumps(enable);
    reply.ok(enable ? "Datapath dumping tersely using UFID enabled for supported datapaths\n"
                    : "Datapath dumping tersely using UFID disabled\n");
  });
}

}  // namespace

void add_upcall_commands(unixctl::Server& server, Directory directory) {
  server.add("upcall/show", "", 0, 0, [directory](Args, const Reply& reply) { reply.ok(show(directory)); });
  server.add("upcall/set-flow-limit", "flow-limit-number", 1, 1, [directory](Args args, const Reply& reply) {
    const auto limit = parse_unsigned(args[0]);
    if (!limit) return reply.error("flow limit must be a number: " + args[0]);
    for (Backend* backend : directory.backends()) backend->revalidator().set_flow_limit(*limit);
    reply.ok(fmt::format("set flow_limit to {}\n", *limit));
  });
  add_megaflow_switch(server, directory, true);
  add_megaflow_switch(server, directory, false);
  add_ufid_switch(server, true);
  add_ufid_switch(server, false);
  server.add("revalidator/wait", "", 0, 0, [directory](Args, const Reply& reply) { wait(directory, reply); });
  server.add("revalidator/purge", "", 0, 0, [directory](Args, const Reply& reply) {
    for (Backend* backend : directory.backends()) backend->revalidator().purge();
    reply.ok("");
  });
  add_dpif_commands(server, directory);
  add_feature_commands(server, directory);
}

}  // namespace turnout::upcall
