// Control sockets (ovs-appctl(8)): JSON-RPC 1.0 on <rundir>/<program>.<pid>.ctl, where a method is a command, params its
// words, the result a string. Either project's ovs-appctl works on either daemon. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/io/loop.h"
#include "lib/json/json.h"

namespace turnout::unixctl {

// Answers one command, now or later; exactly one of the calls, once. Copyable; may outlive client and server.
class Reply {
 public:
  using Finish = std::function<void(bool ok, json::Json answer)>;
  Reply(Finish finish, bool json) : finish_(std::move(finish)), json_(json) {}

  void ok(std::string_view text = "") const;       // in format json: {"reply": text, "reply-format": "plain"}
  void error(std::string_view text) const;
  bool json() const { return json_; }              // the client asked for --format json
  void ok_json(const json::Json& value) const;     // as text, where the client did not ask

 private:
  Finish finish_;
  bool json_;
};

using Args = std::span<const std::string>;   // words after the command
using Command = std::function<void(Args, const Reply&)>;

class Server {
 public:
  // path: empty for the default, "none" for no socket. Registers list-commands and version of its own.
  // The socket's file goes with the object.
  static Result<std::unique_ptr<Server>> create(io::Loop& loop, std::string_view program, std::string_view path);
  virtual ~Server() = default;
  // usage: what list-commands prints after the name. max_args -1: any number.
  virtual void add(std::string_view name, std::string_view usage, int min_args, int max_args, Command command) = 0;
  virtual const std::string& path() const = 0;
};

// vlog/*, coverage/*, memory/show (from providers), and in dummy mode time/stop and time/warp.
void add_log_commands(Server& server);
void add_counter_commands(Server& server);
void add_time_commands(Server& server, io::Loop& loop);
// memory/show prints the sum of all providers as "name:value name:value", sorted by name.
using MemoryReport = std::function<void(const std::function<void(std::string_view name, uint64_t value)>&)>;
void add_memory_command(Server& server, std::vector<MemoryReport> providers);

// For ovs-appctl and tools: one command on a target, blocking up to the timeout (0: for ever).
// Target: a path with a slash, or a program name that is looked up through its pid file.
struct Answer {
  bool ok;
  std::string text;   // format text: the answer or the error
  json::Json value;   // format json: the answer
};
Result<Answer> call(std::string_view target, std::string_view command, Args args, int timeout_s,
                    std::string_view format = "text");

}  // namespace turnout::unixctl
