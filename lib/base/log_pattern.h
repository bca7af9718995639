// Patterns of log lines, as ovs-appctl(8) defines them ("vlog/set PATTERN:destination:pattern"). Pure but for the
// look-ups of host, process and thread names. lib/base only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout {

struct LogLine {
  std::string_view program, module, level, message;
  int64_t wall_ms = 0;       // since 1970
  int64_t uptime_ms = 0;     // since the program started
  unsigned number = 0;
  int syslog_priority = 0;   // facility | severity, for %B
};

std::string format_log_line(std::string_view pattern, const LogLine& line);

}  // namespace turnout
