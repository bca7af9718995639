// What every daemon does alike (ovs-vswitchd(8), "Daemon Options"): --detach, --pidfile[=FILE], --overwrite-pidfile,
// --no-chdir, --monitor, --no-self-confinement, --user; and the directories of design §5 with their OVS_* overrides.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout::io {

std::string run_dir();        // OVS_RUNDIR, default /var/run/openvswitch
std::string log_dir();        // OVS_LOGDIR, default /var/log/openvswitch
std::string db_dir();         // OVS_DBDIR, default /etc/openvswitch
std::string sysconf_dir();    // OVS_SYSCONFDIR, default /etc: the tree in which openvswitch/ lies
std::string pkgdata_dir();    // OVS_PKGDATADIR, default /usr/share/openvswitch
std::string in_run_dir(std::string_view name);   // an absolute name as it is

struct DaemonOptions {
  bool detach = false, monitor = false, no_chdir = false, overwrite_pidfile = false;
  bool keep_stdout = false;   // --detach leaves standard output open: for a program whose output is its purpose
  std::string pidfile;        // empty: none; made absolute against run_dir()
  std::string user;           // "user:group", empty: stay
};

// Two steps, so that a parent exits 0 only when the daemon really serves: start() forks, locks and writes the pid file
// (child goes on, the parent waits); complete() tells the parent. With --monitor a parent restarts a crashed child.
class Daemon {
 public:
  Daemon(std::string program, DaemonOptions options);
  ~Daemon();                                  // removes the pid file
  Status start();                             // before threads and event loops are made
  void complete();                            // closes standard streams when detached
  static Result<pid_t> read_pidfile(const std::string& path);   // a live owner of the lock; error if none
 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace turnout::io
