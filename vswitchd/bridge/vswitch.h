// The daemon without its command line: follows the database, configures, reports, answers control commands.
// Main thread only. docs: life of a change.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "lib/io/loop.h"
#include "lib/netdev/registry.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::bridge {

struct VswitchOptions {
  std::string database;                                    // "unix:/var/run/openvswitch/db.sock"
  netdev::DummyMode dummy = netdev::DummyMode::kOff;
  bool disable_system = false;
};

class Vswitch {
 public:
  // started: once, when the first configuration is in place. Commands are added to the server, which outlives this.
  Vswitch(io::Loop& loop, unixctl::Server& server, VswitchOptions options, std::function<void()> started);
  // Closes the switches; internal ports stay on the host.
  ~Vswitch();
  Vswitch(const Vswitch&) = delete;

  // `exit --cleanup`: removes everything from the host. Nothing works afterwards.
  void clean_up();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::bridge
