// Reads the words of --verbose and vlog/set, and changes levels, patterns, facility and rate limits.
#include <array>
#include <optional>

#include "lib/base/log_registry.h"
#include "lib/base/strings.h"

namespace turnout {

namespace {

constexpr std::array<std::string_view, 6> kLevels{"off", "emer", "err", "warn", "info", "dbg"};
constexpr std::array<std::string_view, kLogDestinations> kDestinations{"console", "syslog", "file"};

template <size_t N>
std::optional<int> find_word(const std::array<std::string_view, N>& words, std::string_view word) {
  for (size_t i = 0; i < N; ++i) {
    if (equal_ignore_case(words[i], word)) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

Status LogRegistry::set(std::string_view spec) {
  std::lock_guard lock(mutex_);
  const std::vector<std::string_view> words = split_any(spec, " ,:");
  if (words.empty()) return {};
  if (words[0] == "PATTERN") {
    const size_t start = static_cast<size_t>(words[0].data() - spec.data()) + words[0].size();
    return set_pattern(spec.substr(std::min(start + 1, spec.size())));
  }
  if (words[0] == "FACILITY") return set_facility(words.size() > 1 ? words[1] : "");
  return set_levels(words);
}

Status LogRegistry::set_levels(const std::vector<std::string_view>& words) {
  std::optional<int> level, destination;
  Module* module = nullptr;
  for (std::string_view word : words) {
    if (equal_ignore_case(word, "ANY")) continue;
    if (const auto found = find_word(kLevels, word)) {
      if (level) return fail("cannot specify multiple levels");
      level = found;
    } else if (const auto place = find_word(kDestinations, word)) {
      if (destination) return fail("cannot specify multiple destinations");
      destination = place;
    } else {
      const auto entry = modules_.find(word);
      if (entry == modules_.end()) {
        return fail(fmt::format("no destination, level, or module \"{}\"", word));
      }
      if (module) return fail("cannot specify multiple modules");
      module = &entry->second;
    }
  }
  const LogLevel wanted = level ? static_cast<LogLevel>(*level) : LogLevel::kDbg;
  for (int i = 0; i < kLogDestinations; ++i) {
    if (destination && *destination != i) continue;
    if (module) {
      set_module_level(*module, i, wanted);
    } else {
      defaults_[i] = wanted;
      for (auto& [name, each] : modules_) set_module_level(each, i, wanted);
    }
  }
  return {};
}

void LogRegistry::set_module_level(Module& module, int destination, LogLevel level) {
  module.levels[destination] = level;
  apply(module);
}

Status LogRegistry::set_pattern(std::string_view rest) {
  const size_t colon = rest.find(':');
  const std::string_view name = rest.substr(0, colon);
  const std::string_view pattern = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  const auto destination = find_word(kDestinations, name);
  if (!destination && !equal_ignore_case(name, "ANY")) {
    return fail(fmt::format("unknown destination \"{}\"", name));
  }
  for (int i = 0; i < kLogDestinations; ++i) {
    if (!destination || *destination == i) patterns_[i] = pattern;
  }
  return {};
}

Status LogRegistry::set_facility(std::string_view name) {
  const auto facility = syslog_facility(name);
  if (!facility) return fail("invalid facility");
  syslog_.set_facility(*facility);
  return {};
}

void LogRegistry::set_level(LogDestination destination, LogLevel level) {
  std::lock_guard lock(mutex_);
  defaults_[static_cast<int>(destination)] = level;
  for (auto& [name, module] : modules_) set_module_level(module, static_cast<int>(destination), level);
}

void LogRegistry::set_console_enabled(bool enabled) {
  std::lock_guard lock(mutex_);
  console_enabled_ = enabled;
  const int console = static_cast<int>(LogDestination::kConsole);
  if (!enabled) defaults_[console] = LogLevel::kOff;
  for (auto& [name, module] : modules_) {
    if (!enabled) module.levels[console] = LogLevel::kOff;
    apply(module);
  }
}

void LogRegistry::quiet_console() {
  std::lock_guard lock(mutex_);
  const int console = static_cast<int>(LogDestination::kConsole);
  const auto lower = [](LogLevel& level) {
    if (level == LogLevel::kInfo) level = LogLevel::kWarn;
  };
  lower(defaults_[console]);
  for (auto& [name, module] : modules_) {
    lower(module.levels[console]);
    apply(module);
  }
}

Status LogRegistry::set_rate_limited(std::span<const std::string> names, bool limited) {
  std::lock_guard lock(mutex_);
  std::vector<Module*> chosen;
  for (const std::string& text : names) {
    for (std::string_view name : split_any(text, " ,")) {
      if (equal_ignore_case(name, "ANY")) continue;
      const auto entry = modules_.find(name);
      if (entry == modules_.end()) return fail("unknown module");
      chosen.push_back(&entry->second);
    }
  }
  if (chosen.empty()) {
    for (auto& [name, module] : modules_) chosen.push_back(&module);
  }
  for (Module* module : chosen) {
    module->rate_limited = limited;
    apply(*module);
  }
  return {};
}

Status LogRegistry::set_syslog(std::string_view method, std::string_view target) {
  std::lock_guard lock(mutex_);
  return method.empty() ? syslog_.set_target(target) : syslog_.set_method(method);
}

}  // namespace turnout
