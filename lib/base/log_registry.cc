// Writing lines, the log file, and the two listings of the log.
#include "lib/base/log_registry.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "lib/base/clock.h"
#include "lib/base/log_pattern.h"

namespace turnout {

namespace {

constexpr std::string_view kLevelNames[] = {"OFF", "EMER", "ERR", "WARN", "INFO", "DBG"};
constexpr std::string_view kSyslogPrefix = "<%B> %D{%h %e %T} %E %A: ";
constexpr std::string_view kDefaultPatterns[kLogDestinations] = {
    "%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m",
    "ovs|%05N|%c%T|%p|%m",
    "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m",
};
constexpr int kConsole = static_cast<int>(LogDestination::kConsole);
constexpr int kSyslog = static_cast<int>(LogDestination::kSyslog);
constexpr int kFile = static_cast<int>(LogDestination::kFile);

int severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::kEmer: return LOG_ALERT;
    case LogLevel::kErr: return LOG_ERR;
    case LogLevel::kWarn: return LOG_WARNING;
    case LogLevel::kDbg: return LOG_DEBUG;
    default: return LOG_NOTICE;
  }
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // a full disk must not stop the program
    text.remove_prefix(static_cast<size_t>(n));
  }
}

Log vlog{"vlog"};

}  // namespace

LogRegistry::LogRegistry() : started_ms_(process_clock().wall_ms()) {
  for (int i = 0; i < kLogDestinations; ++i) patterns_[i] = kDefaultPatterns[i];
}

LogRegistry& LogRegistry::get() {
  static LogRegistry* registry = new LogRegistry;
  return *registry;
}

void LogRegistry::add(Log* log) {
  std::lock_guard lock(mutex_);
  auto [entry, fresh] = modules_.try_emplace(std::string(log->module_));
  if (fresh) std::copy(std::begin(defaults_), std::end(defaults_), entry->second.levels);
  entry->second.logs.push_back(log);
  apply(entry->second);
}

void LogRegistry::apply(Module& module) {
  for (Log* log : module.logs) {
    LogLevel most = LogLevel::kOff;
    for (int i = 0; i < kLogDestinations; ++i) {
      const LogLevel level = module.levels[i];
      log->per_destination_[i].store(level, std::memory_order_relaxed);
      if ((i == kFile && fd_ < 0) || (i == kConsole && !console_enabled_)) continue;
      most = std::max(most, level);
    }
    log->threshold_.store(most, std::memory_order_relaxed);
    log->rate_limited_.store(module.rate_limited, std::memory_order_relaxed);
  }
}

void LogRegistry::write(const Log& log, LogLevel level, std::string_view message) {
  LogLevel levels[kLogDestinations];
  for (int i = 0; i < kLogDestinations; ++i) levels[i] = log.per_destination_[i].load(std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  emit(levels, level, log.module_, message);
}

void LogRegistry::emit(const LogLevel (&levels)[kLogDestinations], LogLevel level, std::string_view module,
                       std::string_view message) {
  const int64_t now = process_clock().wall_ms();
  const LogLine line{program_, module, kLevelNames[static_cast<int>(level)], message, now, now - started_ms_, ++lines_,
                     syslog_.facility() | severity_of(level)};
  const int saved_errno = errno;
  if (console_enabled_ && level <= levels[kConsole]) {
    write_all(STDERR_FILENO, format_log_line(patterns_[kConsole], line) + "\n");
  }
  if (fd_ >= 0 && level <= levels[kFile]) write_all(fd_, format_log_line(patterns_[kFile], line) + "\n");
  if (level <= levels[kSyslog]) {
    const std::string body = format_log_line(patterns_[kSyslog], line);
    syslog_.write(severity_of(level), body, format_log_line(kSyslogPrefix, line) + body);
  }
  errno = saved_errno;
}

void LogRegistry::say(std::string_view message, LogLevel level) {
  const auto module = modules_.find(vlog.module());
  if (module == modules_.end()) return;
  LogLevel levels[kLogDestinations];
  std::copy(std::begin(module->second.levels), std::end(module->second.levels), levels);
  if (level == LogLevel::kInfo) levels[kConsole] = LogLevel::kOff;  // a daemon that starts well prints nothing
  emit(levels, level, vlog.module(), message);
}

Status LogRegistry::open_locked(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0) {
    const int error = errno;
    say("failed to open " + path + " for logging: " + std::generic_category().message(error), LogLevel::kWarn);
    return fail_errno(path, error);
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  path_ = path;
  for (auto& [name, module] : modules_) apply(module);
  say("opened log file " + path);
  return {};
}

Status LogRegistry::open_file(std::string_view path) {
  std::lock_guard lock(mutex_);
  return open_locked(std::string(path));
}

Status LogRegistry::reopen_file() {
  std::lock_guard lock(mutex_);
  if (path_.empty()) return fail("Logging to file not configured");
  if (fd_ >= 0) say("closing log file");
  return open_locked(path_);
}

void LogRegistry::close_file() {
  std::lock_guard lock(mutex_);
  if (fd_ < 0) return;
  say("closing log file");
  ::close(fd_);
  fd_ = -1;
  for (auto& [name, module] : modules_) apply(module);
}

std::string LogRegistry::file_path() {
  std::lock_guard lock(mutex_);
  return path_;
}

void LogRegistry::set_program(std::string_view name) {
  std::lock_guard lock(mutex_);
  program_ = name;
  syslog_.set_program(name);
}

std::string LogRegistry::list() {
  std::lock_guard lock(mutex_);
  std::string out = "                 console    syslog    file\n"
                    "                 -------    ------    ------\n";
  const auto name_of = [](LogLevel level) { return kLevelNames[static_cast<int>(level)]; };
  for (const auto& [name, module] : modules_) {
    out += fmt::format("{:<16}  {:>4}       {:>4}       {:>4}{}\n", name, name_of(module.levels[kConsole]),
                       name_of(module.levels[kSyslog]), name_of(module.levels[kFile]),
                       module.rate_limited ? "" : "    (rate limiting disabled)");
  }
  return out;
}

std::string LogRegistry::list_patterns() {
  std::lock_guard lock(mutex_);
  std::string out = "         prefix                            format\n"
                    "         ------                            ------\n";
  out += fmt::format("{:<7}  {:<32}  {}\n", "SYSLOG", kSyslogPrefix, patterns_[kSyslog]);
  out += fmt::format("{:<7}  {:<32}  {}\n", "CONSOLE", "none", patterns_[kConsole]);
  out += fmt::format("{:<7}  {:<32}  {}\n", "FILE", "none", patterns_[kFile]);
  return out;
}

}  // namespace turnout
