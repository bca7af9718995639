// The commands that every daemon has: the log, counters, memory and time.
#include <map>
#include <memory>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/unixctl/unixctl.h"

namespace turnout::unixctl {

namespace {

void answer(const Reply& reply, const Status& status) {
  if (status) reply.ok();
  else reply.error(status.error().message);
}

void vlog_set(Args args, const Reply& reply) {
  if (args.empty()) return answer(reply, log_control::set("dbg"));
  for (const std::string& spec : args) {
    if (const auto status = log_control::set(spec); !status) return answer(reply, status);
  }
  reply.ok();
}

std::optional<int64_t> milliseconds(const std::string& text) {
  const auto value = parse_signed(text);
  constexpr int64_t kMost = 1'000'000'000'000;  // some thirty years
  if (!value || *value <= 0 || *value > kMost) return std::nullopt;
  return value;
}

void time_warp(io::Loop& loop, Args args, const Reply& reply) {
  const auto total = milliseconds(args[0]);
  const auto step = args.size() > 1 ? milliseconds(args[1]) : total;
  if (!total || !step) return reply.error("invalid MSECS");
  loop.warp(std::chrono::milliseconds(*total), std::chrono::milliseconds(*step), [reply] { reply.ok("warped"); });
}

}  // namespace

void add_log_commands(Server& server) {
  server.add("vlog/set", "{spec | PATTERN:destination:pattern}", 0, -1, vlog_set);
  server.add("vlog/list", "", 0, 0, [](Args, const Reply& reply) { reply.ok(log_control::list()); });
  server.add("vlog/list-pattern", "", 0, 0, [](Args, const Reply& reply) { reply.ok(log_control::list_patterns()); });
  server.add("vlog/reopen", "", 0, 0, [](Args, const Reply& reply) {
    if (log_control::file_path().empty()) return reply.error("Logging to file not configured");
    const auto status = log_control::reopen_file();
    if (status) reply.ok();
    else reply.error(status.error().message);
  });
  server.add("vlog/close", "", 0, 0, [](Args, const Reply& reply) {
    log_control::close_file();
    reply.ok();
  });
  server.add("vlog/enable-rate-limit", "[module]...", 0, -1, [](Args args, const Reply& reply) {
    answer(reply, log_control::set_rate_limited(args, true));
  });
  server.add("vlog/disable-rate-limit", "[module]...", 0, -1, [](Args args, const Reply& reply) {
    answer(reply, log_control::set_rate_limited(args, false));
  });
}

void add_counter_commands(Server& server) {
  server.add("coverage/show", "", 0, 0, [](Args, const Reply& reply) { reply.ok(counters_text()); });
  server.add("coverage/read-counter", "COUNTER", 1, 1, [](Args args, const Reply& reply) {
    const auto value = read_counter(args[0]);
    if (value) reply.ok(std::to_string(*value));
    else reply.error("No such counter");
  });
}

void add_time_commands(Server& server, io::Loop& loop) {
  server.add("time/stop", "", 0, 0, [&loop](Args, const Reply& reply) {
    loop.stop_time();
    reply.ok();
  });
  server.add("time/warp", "[large_msecs] msecs", 1, 2,
             [&loop](Args args, const Reply& reply) { time_warp(loop, args, reply); });
}

void add_memory_command(Server& server, std::vector<MemoryReport> providers) {
  server.add("memory/show", "", 0, 0, [providers = std::move(providers)](Args, const Reply& reply) {
    std::map<std::string, uint64_t, std::less<>> sums;
    for (const MemoryReport& report : providers) {
      report([&sums](std::string_view name, uint64_t value) { sums[std::string(name)] += value; });
    }
    std::string text;
    for (const auto& [name, value] : sums) text += fmt::format("{}{}:{}", text.empty() ? "" : " ", name, value);
    reply.ok(text);
  });
}

}  // namespace turnout::unixctl
