// ovs-vswitchd: command line, log, daemon, control socket; then the switch of vswitchd/bridge runs on the loop.
#include <sys/mman.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <optional>

#include "lib/base/log.h"
#include "lib/base/rcu.h"
#include "lib/io/daemon.h"
#include "lib/io/loop.h"
#include "lib/unixctl/unixctl.h"
#include "vswitchd/bridge/vswitch.h"
#include "vswitchd/options.h"

namespace turnout::vswitchd {

namespace {

Log log_main{"vswitchd"};
Log log_signal{"fatal_signal"};

// Locked memory beyond the limit would make later allocations fail, so a limited process is not locked at all.
void lock_memory() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur != RLIM_INFINITY) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) {
      log_main.info("memory is not locked, because no more than {} kB may be", limit.rlim_cur / 1024);
      return;
    }
  }
  if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) log_main.info("mlockall failed: {}", std::strerror(errno));
}

void add_exit(unixctl::Server& server, io::Loop& loop, bridge::Vswitch& vswitch) {
  server.add("exit", "[--cleanup]", 0, 1, [&](unixctl::Args args, const unixctl::Reply& reply) {
    if (!args.empty() && args[0] == "--cleanup") vswitch.clean_up();
    reply.ok("");
    loop.post([&loop] { loop.stop(); });
  });
}

int run(const CommandLine& line) {
  std::signal(SIGPIPE, SIG_IGN);
  io::Daemon daemon("ovs-vswitchd", line.daemon);
  if (Status s = daemon.start(); !s) cli::fatal(s.error().message);
  if (line.mlockall) lock_memory();

  RcuThread rcu;
  io::Loop loop;
  loop.tls().configure(line.tls);
  auto server = unixctl::Server::create(loop, "ovs-vswitchd", line.unixctl);
  if (!server) cli::fatal(server.error().message);
  unixctl::add_log_commands(**server);
  unixctl::add_counter_commands(**server);
  if (line.dummy != netdev::DummyMode::kOff) unixctl::add_time_commands(**server, loop);

  std::vector<io::Handle> signals;
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGALRM})
    signals.push_back(loop.on_signal(signal, [&loop, signal] {
      log_signal.info("terminating with signal {} ({})", signal, strsignal(signal));
      loop.stop();
    }));
  {
    std::optional<bridge::Vswitch> vswitch;
    vswitch.emplace(loop, **server, bridge::VswitchOptions{line.database, line.dummy, line.disable_system},
                    [&daemon] { daemon.complete(); });
    add_exit(**server, loop, *vswitch);
    loop.run();
    loop.poll();       // the answer to `exit` goes out
    server->reset();   // no command may reach a switch that is going
  }
  return 0;
}

}  // namespace

}  // namespace turnout::vswitchd

int main(int argc, char** argv) {
  turnout::cli::set_program("ovs-vswitchd");
  return turnout::vswitchd::run(turnout::vswitchd::parse_command_line(argc, argv));
}
