// Commands of every control socket, and the end by `exit`.
#include "ovsdb/client/control.h"

namespace turnout::ovsdb::client {

Result<std::unique_ptr<unixctl::Server>> open_control(Context& context) {
  if (!context.settings.daemon.detach) return std::unique_ptr<unixctl::Server>();
  auto control = unixctl::Server::create(context.loop, cli::program(), "");
  if (!control) return control;
  (*control)->add("exit", "", 0, 0, [&context](unixctl::Args, const unixctl::Reply& reply) {
    reply.ok();
    context.stop = true;
  });
  unixctl::add_log_commands(**control);
  unixctl::add_counter_commands(**control);
  return control;
}

}  // namespace turnout::ovsdb::client
