// Expands the conversions of a log pattern.
#include "lib/base/log_pattern.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace turnout {

namespace {

struct Conversion {
  bool left = false, zero = false;
  size_t width = 0;
  char kind = 0;
  std::string_view argument;  // the text in braces, if any
};

bool on_main_thread() { return gettid() == getpid(); }

std::string thread_name() {
  if (on_main_thread()) return "main";
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

// strftime with runs of '#' standing for as many digits of the second's fraction.
std::string format_time(std::string_view format, int64_t wall_ms, bool utc) {
  if (format.empty()) format = "%Y-%m-%d %H:%M:%S.###";
  const time_t seconds = static_cast<time_t>(wall_ms / 1000);
  tm parts{};
  (utc ? gmtime_r : localtime_r)(&seconds, &parts);
  char text[256];
  const size_t n = strftime(text, sizeof text, std::string(format).c_str(), &parts);
  std::string out(text, n);
  int64_t scale = 100, fraction = wall_ms % 1000;
  for (char& c : out) {
    if (c != '#') continue;
    c = static_cast<char>('0' + (scale ? fraction / scale % 10 : 0));
    scale /= 10;
  }
  return out;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name[0] ? name : "-";
}

std::string expand(const Conversion& c, const LogLine& line) {
  switch (c.kind) {
    case 'A': return std::string(line.program);
    case 'B': return std::to_string(line.syslog_priority);
    case 'c': return std::string(line.module);
    case 'd': return format_time(c.argument, line.wall_ms, false);
    case 'D': return format_time(c.argument, line.wall_ms, true);
    case 'E': return host_name();
    case 'm': return std::string(line.message);
    case 'N': return std::to_string(line.number);
    case 'n': return "\n";
    case 'p': return std::string(line.level);
    case 'P': return std::to_string(getpid());
    case 'r': return std::to_string(line.uptime_ms);
    case 't': return thread_name();
    case 'T': return on_main_thread() ? "" : "(" + thread_name() + ")";
    default: return std::string(1, c.kind);
  }
}

// Reads what follows a '%'; leaves `rest` behind it.
Conversion read_conversion(std::string_view& rest) {
  Conversion c;
  for (; !rest.empty() && (rest[0] == '-' || rest[0] == '0'); rest.remove_prefix(1)) {
    (rest[0] == '-' ? c.left : c.zero) = true;
  }
  for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1)) {
    if (c.width < 1000) c.width = c.width * 10 + static_cast<size_t>(rest[0] - '0');
  }
  if (rest.empty()) return c;
  c.kind = rest[0];
  rest.remove_prefix(1);
  if ((c.kind == 'd' || c.kind == 'D') && rest.starts_with('{')) {
    const size_t end = rest.find('}');
    if (end != std::string_view::npos) {
      c.argument = rest.substr(1, end - 1);
      rest.remove_prefix(end + 1);
    }
  }
  return c;
}

}  // namespace

std::string format_log_line(std::string_view pattern, const LogLine& line) {
  std::string out;
  out.reserve(pattern.size() + line.message.size() + 64);
  while (!pattern.empty()) {
    if (pattern[0] != '%') {
      const size_t literal = std::min(pattern.find('%'), pattern.size());
      out += pattern.substr(0, literal);
      pattern.remove_prefix(literal);
      continue;
    }
    pattern.remove_prefix(1);
    const Conversion c = read_conversion(pattern);
    if (!c.kind) break;
    const std::string text = expand(c, line);
    const size_t pad = c.width > text.size() ? c.width - text.size() : 0;
    if (!c.left) out.append(pad, c.zero ? '0' : ' ');
    out += text;
    if (c.left) out.append(pad, ' ');
  }
  return out;
}

}  // namespace turnout
