// The command line of ovsdb-server (ovsdb-server(1)).
#pragma once

#include <string>
#include <vector>

#include "lib/io/daemon.h"
#include "lib/io/tls.h"

namespace turnout::ovsdb::server {

struct Options {
  io::DaemonOptions daemon;
  std::vector<std::string> databases;   // files; the default one when none is named
  std::vector<std::string> remotes;
  std::string run;                      // --run COMMAND, or empty
  std::string config_file;              // absolute, or empty
  std::string directory;                // where the program was started
  std::string sync_from, sync_exclude_tables;
  bool active = false;
  io::TlsSettings tls;                  // files may be "db:DB,TABLE,COLUMN" (tls_files.h)
  std::string unixctl;                  // empty: the default
};

// Applies logging options at once; ends the program after --help and --version, and with a message on bad options.
Options parse_options(int argc, char** argv);

}  // namespace turnout::ovsdb::server
