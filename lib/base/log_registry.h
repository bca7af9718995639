// The one object behind every Log: modules, levels, patterns and the three destinations. Any thread. lib/base only.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/log_syslog.h"

namespace turnout {

inline constexpr int kLogDestinations = 3;

class LogRegistry {
 public:
  static LogRegistry& get();  // never destroyed: logging works during exit

  void add(Log* log);
  void write(const Log& log, LogLevel level, std::string_view message);

  void set_program(std::string_view name);
  Status set(std::string_view spec);
  void set_level(LogDestination destination, LogLevel level);
  Status set_rate_limited(std::span<const std::string> names, bool limited);
  Status set_syslog(std::string_view method, std::string_view target);
  Status open_file(std::string_view path);
  Status reopen_file();
  void close_file();
  void set_console_enabled(bool enabled);
  void quiet_console();
  std::string file_path();
  std::string list();
  std::string list_patterns();

 private:
  struct Module {
    std::vector<Log*> logs;  // several source files may share a module
    LogLevel levels[kLogDestinations] = {LogLevel::kInfo, LogLevel::kInfo, LogLevel::kInfo};
    bool rate_limited = true;
  };
  LogRegistry();
  void apply(Module& module);
  void set_module_level(Module& module, int destination, LogLevel level);
  Status set_levels(const std::vector<std::string_view>& words);
  Status set_pattern(std::string_view rest);
  Status set_facility(std::string_view name);
  Status open_locked(const std::string& path);
  void say(std::string_view message, LogLevel level = LogLevel::kInfo);  // a line of module vlog, with the lock held
  void emit(const LogLevel (&levels)[kLogDestinations], LogLevel level, std::string_view module,
            std::string_view message);

  std::mutex mutex_;
  std::map<std::string, Module, std::less<>> modules_;
  std::string patterns_[kLogDestinations];
  LogLevel defaults_[kLogDestinations] = {LogLevel::kInfo, LogLevel::kInfo, LogLevel::kInfo};
  bool console_enabled_ = true;
  SyslogSink syslog_;
  std::string program_ = "turnout", path_;
  int fd_ = -1;
  int64_t started_ms_;
  unsigned lines_ = 0;
};

}  // namespace turnout
