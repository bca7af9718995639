// What a program says about the log that its libraries write: levels, files, syslog. Apart from log.h, so that no formatting
// comes with it. Any thread, after set_program(). ovs-appctl(8), "LOGGING COMMANDS".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout {

enum class LogLevel : uint8_t { kOff, kEmer, kErr, kWarn, kInfo, kDbg };
enum class LogDestination : uint8_t { kConsole, kSyslog, kFile };

namespace log_control {
// Names the program in the lines (ident for syslog, %A of patterns). Once, before threads start.
void set_program(std::string_view name);
// "module:destination:level" in any order and any subset, as --verbose and vlog/set take it; also
// "PATTERN:destination:pattern" and "FACILITY:facility". The error is the reference's text.
Status set(std::string_view spec);
// Opens (appends to) the log file and turns the file destination on; kept open until reopen() or close().
Status open_file(std::string_view path);
Status reopen_file();
void close_file();
std::string file_path();
void set_console_enabled(bool enabled);      // off once a daemon has detached
// The console shows warnings and worse where it showed INFO: for a daemon that is about to detach.
void quiet_console();
void set_level(LogDestination destination, LogLevel level);  // of every module
// Names are modules, in any separation by commas; none: all. The error is the reference's text.
Status set_rate_limited(std::span<const std::string> names, bool limited);
// Where syslog lines go besides or instead of syslog(3): set_syslog_target("HOST:PORT") adds UDP datagrams,
// set_syslog_method("libc" | "null" | "unix:FILE" | "udp:IP:PORT") replaces it.
Status set_syslog_target(std::string_view target);
Status set_syslog_method(std::string_view method);
std::string list();                           // vlog/list
std::string list_patterns();                  // vlog/list-pattern
}  // namespace log_control

}  // namespace turnout
